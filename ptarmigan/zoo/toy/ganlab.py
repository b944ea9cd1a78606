"""GAN Lab: Kahng et al. 2019, "GAN Lab: understanding complex deep generative models", arXiv 1809.01587.

    ptarmigan train toy.ganlab --data ring --loss wasserstein --regulariser gradient_penalty --critic-steps 5

The GAN of the plane whose parts are chosen one by one, as there and in the laboratory of the studio:
losses are those of ``core.losses``, the penalties those of ``core.penalties``, the update rules those of
``training.rules``. With ``--dirac`` the networks are those of the Dirac-GAN (Mescheder et al. 2018,
arXiv 1801.04406, definition 2.1), the smallest game in which players go in circles:

    G(z) = θ,    D(x) = ψ · x

Defaults are those of ``toy.gan``. Cost and score as there: benchmarks/results/zoo.json
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.core import losses
from ptarmigan.core.gan import GAN
from ptarmigan.core.optim import adam, rmsprop, sgd
from ptarmigan.core.penalties import R1, R2, GradientPenalty, Penalty
from ptarmigan.modalities.point.source import Points
from ptarmigan.nets.mlp import PointDiscriminator, PointGenerator
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.rules import Rule, alternating, extragradient, simultaneous
from ptarmigan.training.run import Run

OPTIMIZERS: Mapping[str, Callable[..., Any]] = {
    "adam": partial(adam, betas=(0.5, 0.999)),
    "sgd": sgd,
    "rmsprop": rmsprop,
}
RULES: Mapping[str, Rule] = {
    "alternating": alternating,
    "simultaneous": simultaneous,
    "extragradient": extragradient,
}
START = 1.0
"""Of θ and ψ: where the Dirac-GAN begins, away from its equilibrium at 0."""


class PointMass(nn.Module):
    """G(z) = θ: all samples are one point."""

    def __init__(self, latent: int, size: int) -> None:
        super().__init__()
        self.latent = latent
        self.theta = nn.Parameter(torch.full((size,), START))

    def forward(self, z: Float[Tensor, "batch latent"], c: Tensor | None = None) -> Float[Tensor, "batch x"]:
        """θ for each latent."""
        return self.theta.expand(z.shape[0], -1)


class Slope(nn.Module):
    """D(x) = ψ · x: a plane through the origin."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.psi = nn.Parameter(torch.full((size,), START))

    def forward(self, x: Float[Tensor, "batch x"], c: Tensor | None = None) -> Float[Tensor, " batch"]:
        """Scores."""
        return x @ self.psi


def penalties_of(name: str, gamma: float) -> tuple[Penalty, ...]:
    """The penalties of that name, and nothing for ``none``."""
    return {
        "none": (),
        "r1": (R1(gamma),),
        "r1_r2": (R1(gamma), R2(gamma)),
        "gradient_penalty": (GradientPenalty(gamma),),
    }[name]


@configurable
def recipe(
    data: Points = Points(),
    *,
    loss: Literal[
        "non_saturating", "minimax", "least_squares", "wasserstein", "hinge", "relativistic"
    ] = "non_saturating",
    regulariser: Literal["none", "r1", "r1_r2", "gradient_penalty"] = "none",
    gamma: float = 0.1,
    optimizer: Literal["adam", "sgd", "rmsprop"] = "adam",
    rule: Literal["alternating", "simultaneous", "extragradient"] = "alternating",
    generator_lr: float = 1e-3,
    discriminator_lr: float = 1e-3,
    critic_steps: int = 1,
    width: int = 128,
    depth: int = 2,
    latent: int = 2,
    dirac: bool = False,
    training: Training = Training(steps=10_000, batch=256),
) -> Run:
    """A GAN in the plane, part by part.

    Args:
        loss: what the players minimise.
        regulariser: a term of the discriminator's loss that penalises its gradients.
        gamma: the weight of that term.
        optimizer: of both players.
        rule: who is updated when.
        critic_steps: discriminator steps for one of the generator.
        depth: hidden layers of both networks.
        dirac: the networks of the Dirac-GAN instead.
    """
    samples = training.open(data)
    shape, hidden = samples.shape, (width,) * depth
    game = GAN(
        PointMass(latent, *shape) if dirac else PointGenerator(latent, shape, hidden),
        Slope(*shape) if dirac else PointDiscriminator(shape, hidden),
        loss=getattr(losses, loss),
        penalties=penalties_of(regulariser, gamma),
        steps=critic_steps,
    )
    optimizers = {
        "discriminator": OPTIMIZERS[optimizer](game.discriminator, discriminator_lr),
        "generator": OPTIMIZERS[optimizer](game.generator, generator_lr),
    }
    return training.run(game, samples, optimizers, rule=RULES[rule])


small = dict(width=8, steps=4, batch=16)
