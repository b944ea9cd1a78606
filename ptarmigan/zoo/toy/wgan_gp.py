"""WGAN-GP in the plane: Gulrajani et al. 2017, "Improved training of Wasserstein GANs", arXiv 1704.00028.

    ptarmigan train toy.wgan_gp --data grid

The critic estimates the earth mover's distance; it is kept Lipschitz by asking for slopes of 1 between real
and generated samples, where ``image.wgan`` clips its weights. Options are those of the paper's toy
experiments, except for the length of the run: the paper has 100,000 steps, and averages no weights.
Cost and score: after 129 steps, 30 s of one core, on ring:
mode divergence 4.34 (real samples: 0.00526); benchmarks/results/zoo.json
"""

from __future__ import annotations

from ptarmigan.core import noise
from ptarmigan.core.gan import GAN
from ptarmigan.core.losses import wasserstein
from ptarmigan.core.optim import adam
from ptarmigan.core.penalties import GradientPenalty
from ptarmigan.modalities.point.source import points
from ptarmigan.nets.mlp import PointDiscriminator, PointGenerator
from ptarmigan.training.run import Run


def recipe(
    data: str = "ring",
    *,
    width: int = 512,
    latent: int = 2,
    lr: float = 1e-4,
    weight: float = 0.1,
    critic_steps: int = 5,
    steps: int = 5_000,
    batch: int = 256,
    seed: int = 0,
) -> Run:
    """A WGAN-GP in the plane.

    Args:
        data: ring, grid, swissroll, moons, spiral, or a .csv or .npy file of points.
        width: of the three hidden layers of both networks.
        latent: the size of z.
        lr: Adam's learning rate.
        weight: λ, of the gradient penalty.
        critic_steps: the critic's moves for one of the generator.
        steps: the length of the run.
        batch: points in a move.
        seed: names every random choice.
    """
    noise.at(seed, "weights")
    samples = points(data, batch=batch, seed=seed)
    shape, hidden = samples.space.shape, (width,) * 3
    game = GAN(
        PointGenerator(latent, shape, hidden),
        PointDiscriminator(shape, hidden),
        loss=wasserstein,
        penalties=(GradientPenalty(weight),),
        steps=critic_steps,
    )
    optimizers = {
        "discriminator": adam(game.discriminator, lr, (0.5, 0.9)),
        "generator": adam(game.generator, lr, (0.5, 0.9)),
    }
    return Run(game, samples, optimizers, steps=steps, seed=seed)


small = dict(width=8, critic_steps=2, steps=4, batch=16)
