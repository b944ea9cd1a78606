"""The GAN of Goodfellow et al. 2014, arXiv 1406.2661, in the plane.

    ptarmigan train toy.gan --data ring

Two small perceptrons and the non-saturating loss: the example in which every sample, and the surface of the
discriminator's scores under them, can be watched as both learn. It drops modes; ``toy.r3gan`` does not.
Cost and score: after 8,551 steps, 30 s of one core, on ring:
mode divergence 0.535 (real samples: 0.00526); benchmarks/results/zoo.json
"""

from __future__ import annotations

from ptarmigan.core import noise
from ptarmigan.core.gan import GAN
from ptarmigan.core.losses import non_saturating
from ptarmigan.core.optim import adam
from ptarmigan.modalities.point.source import points
from ptarmigan.nets.mlp import PointDiscriminator, PointGenerator
from ptarmigan.training.run import Run


def recipe(
    data: str = "ring",
    *,
    width: int = 128,
    latent: int = 2,
    lr: float = 1e-3,
    steps: int = 10_000,
    batch: int = 256,
    seed: int = 0,
) -> Run:
    """A GAN in the plane.

    Args:
        data: ring, grid, swissroll, moons, spiral, or a .csv or .npy file of points.
        width: of the two hidden layers of both networks.
        latent: the size of z.
        lr: Adam's learning rate.
        steps: the length of the run.
        batch: points in a step.
        seed: names every random choice.
    """
    noise.at(seed, "weights")
    samples = points(data, batch=batch, seed=seed)
    shape = samples.space.shape
    game = GAN(
        PointGenerator(latent, shape, (width, width)),
        PointDiscriminator(shape, (width, width)),
        loss=non_saturating,
    )
    optimizers = {
        "discriminator": adam(game.discriminator, lr, (0.5, 0.999)),
        "generator": adam(game.generator, lr, (0.5, 0.999)),
    }
    return Run(game, samples, optimizers, steps=steps, seed=seed)


small = dict(width=8, steps=4, batch=16)
