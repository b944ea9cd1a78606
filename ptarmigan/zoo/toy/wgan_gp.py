"""WGAN-GP in the plane: Gulrajani et al. 2017, "Improved training of Wasserstein GANs", arXiv 1704.00028.

    ptarmigan train toy.wgan_gp --data grid

The critic estimates the Wasserstein-1 distance; it is kept Lipschitz by a penalty on gradient norms other
than 1 between real and generated samples, as in ``image.wgan_gp``. Options are those of the paper's toy
experiments, except for the number of steps: the paper has 100,000, and no EMA.
Cost and score: after 129 steps, 30 s of one core, on ring:
mode divergence 4.34 (real samples: 0.00526); benchmarks/results/zoo.json
"""

from __future__ import annotations

from ptarmigan.core.gan import GAN
from ptarmigan.core.losses import wasserstein
from ptarmigan.core.optim import adams
from ptarmigan.core.penalties import GradientPenalty
from ptarmigan.modalities.point.source import Points
from ptarmigan.nets.mlp import PointDiscriminator, PointGenerator
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run


@configurable
def recipe(
    data: Points = Points(),
    *,
    width: int = 512,
    latent: int = 2,
    lr: float = 1e-4,
    weight: float = 0.1,
    critic_steps: int = 5,
    training: Training = Training(steps=5_000, batch=256),
) -> Run:
    """A WGAN-GP in the plane.

    Args:
        width: of the three hidden layers of both networks.
    """
    samples = training.open(data)
    shape, hidden = samples.shape, (width,) * 3
    game = GAN(
        PointGenerator(latent, shape, hidden),
        PointDiscriminator(shape, hidden),
        loss=wasserstein,
        penalties=(GradientPenalty(weight),),
        steps=critic_steps,
    )
    return training.run(game, samples, adams(game, lr, (0.5, 0.9)))


small = dict(width=8, critic_steps=2, steps=4, batch=16)
