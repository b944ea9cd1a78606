"""A GAN in the plane whose every dial can be turned until it falls ill: for benchmarks/doctor.py.

    ptarmigan train benchmarks/ward/points.py --data ring --discriminator-lr 0.1

As it comes it is healthy: the loss and penalties of R3GAN (Huang et al. 2024, arXiv 2501.05441).
Cost and score: benchmarks/results/doctor.json
"""

from __future__ import annotations

from functools import partial
from typing import Literal

from torch import nn

from ptarmigan.core import noise
from ptarmigan.core.gan import GAN
from ptarmigan.core.losses import hinge, least_squares, minimax, non_saturating, relativistic, wasserstein
from ptarmigan.core.optim import adam, sgd
from ptarmigan.core.penalties import R1, R2
from ptarmigan.core.schedule import cosine
from ptarmigan.modalities.point.source import points
from ptarmigan.nets.layers import initialise
from ptarmigan.nets.mlp import PointDiscriminator, PointGenerator, dense, leaky
from ptarmigan.training.rules import alternating, simultaneous
from ptarmigan.training.run import Run

LOSSES = {
    "hinge": hinge,
    "least_squares": least_squares,
    "minimax": minimax,
    "non_saturating": non_saturating,
    "relativistic": relativistic,
    "wasserstein": wasserstein,
}


def recipe(
    data: str = "ring",
    *,
    loss: Literal[
        "hinge", "least_squares", "minimax", "non_saturating", "relativistic", "wasserstein"
    ] = "relativistic",
    width: int = 32,
    discriminator_width: int = 32,
    depth: int = 3,
    latent: int = 4,
    lr: float = 4e-3,
    discriminator_lr: float = 4e-3,
    momentum: float = 0.0,
    final_lr: float = 0.0,
    gamma: float = 0.03,
    lazy: int = 8,
    discriminator_steps: int = 1,
    optimizer: Literal["adam", "sgd"] = "adam",
    at_once: bool = False,
    deviation: float = 0.0,
    half_life: float = 50_000.0,
    steps: int = 3_000,
    batch: int = 128,
    seed: int = 0,
) -> Run:
    """A GAN in the plane.

    Args:
        data: ring, grid, swissroll, moons, spiral, or a .csv or .npy file of points.
        loss: what the players go down.
        width: of the generator's hidden layers.
        discriminator_width: of the discriminator's.
        depth: how many hidden layers each has.
        latent: the size of z.
        lr: the generator's rate at the start.
        discriminator_lr: the discriminator's.
        momentum: Adam's first decay, or that of gradient descent.
        final_lr: the rates at the end, as a fraction of those.
        gamma: weight of R1 and R2; 0 leaves them out.
        lazy: the penalties are played every so many steps.
        discriminator_steps: the discriminator's moves for one of the generator.
        optimizer: of both players.
        at_once: the players move simultaneously.
        deviation: of the initial weights; 0 for torch's own.
        half_life: of the averaged weights, in points.
        steps: the length of the run.
        batch: points in a step.
        seed: names every random choice.
    """
    noise.at(seed, "weights")
    samples = points(data, batch=batch, seed=seed)
    shape = samples.space.shape
    generator = PointGenerator(latent, shape, (width,) * depth)
    discriminator = PointDiscriminator(shape, (discriminator_width,) * depth, layer=dense(leaky))
    if deviation:
        for network in (generator, discriminator):
            initialise(network, partial(nn.init.normal_, std=deviation))
    game = GAN(
        generator,
        discriminator,
        loss=LOSSES[loss],
        penalties=(R1(gamma), R2(gamma)) if gamma else (),
        lazy=lazy,
        steps=discriminator_steps,
    )
    descent = partial(sgd, momentum=momentum) if optimizer == "sgd" else partial(adam, betas=(momentum, 0.9))
    optimizers = {
        "discriminator": descent(discriminator, discriminator_lr),
        "generator": descent(generator, lr),
    }
    return Run(
        game,
        samples,
        optimizers,
        steps=steps,
        seed=seed,
        half_life=half_life,
        rate=cosine(1.0, final_lr),
        rule=simultaneous if at_once else alternating,
    )


small = dict(width=8, discriminator_width=8, steps=4, batch=16)
