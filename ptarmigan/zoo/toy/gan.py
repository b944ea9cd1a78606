"""The GAN of Goodfellow et al. 2014, arXiv 1406.2661, in the plane.

    ptarmigan train toy.gan --data ring

Two small perceptrons and the non-saturating loss

    L_D = −E[log D(x)] − E[log(1 − D(G(z)))],    L_G = −E[log D(G(z))]    (eq. 1 and section 3)

The example in which every sample, and the surface of the discriminator's scores under them, can be watched as
both learn. It drops modes; ``toy.r3gan`` does not.
Cost and score: after 8,551 steps, 30 s of one core, on ring:
mode divergence 0.535 (real samples: 0.00526); benchmarks/results/zoo.json
"""

from __future__ import annotations

from ptarmigan.core.gan import GAN
from ptarmigan.core.losses import non_saturating
from ptarmigan.core.optim import adams
from ptarmigan.modalities.point.source import Points
from ptarmigan.nets.mlp import PointDiscriminator, PointGenerator
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run


@configurable
def recipe(
    data: Points = Points(),
    *,
    width: int = 128,
    latent: int = 2,
    lr: float = 1e-3,
    training: Training = Training(steps=10_000, batch=256),
) -> Run:
    """A GAN in the plane."""
    samples = training.open(data)
    shape, hidden = samples.shape, (width, width)
    game = GAN(PointGenerator(latent, shape, hidden), PointDiscriminator(shape, hidden), loss=non_saturating)
    return training.run(game, samples, adams(game, lr))


small = dict(width=8, steps=4, batch=16)
