"""The smallest real run: two perceptrons on the ring, in milliseconds a step."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ptarmigan.core.gan import GAN
from ptarmigan.core.losses import Loss, non_saturating
from ptarmigan.core.optim import adam
from ptarmigan.core.penalties import R1, Penalty
from ptarmigan.modalities.point.source import points
from ptarmigan.training.rules import Rule, alternating
from ptarmigan.training.run import Run


class Generator(nn.Module):
    """Noise to points."""

    latent = 2

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(2, 16), nn.LeakyReLU(0.2), nn.Linear(16, 2))

    def forward(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        return self.layers(z)


class Discriminator(nn.Module):
    """Points to scores."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(2, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))

    def forward(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        return self.layers(x).squeeze(1)


def ring_run(
    steps: int = 30,
    *,
    batch: int = 32,
    seed: int = 0,
    loss: Loss = non_saturating,
    penalties: tuple[Penalty, ...] = (R1(1.0),),
    rule: Rule = alternating,
    lr: float = 1e-3,
) -> Run:
    """A GAN on the ring."""
    torch.manual_seed(seed)
    samples = points("ring", batch=batch, seed=seed)
    game = GAN(Generator(), Discriminator(), loss=loss, penalties=penalties, lazy=2)
    optimizers = {name: adam(getattr(game, name), lr) for name in ("discriminator", "generator")}
    return Run(game, samples, optimizers, steps=steps, seed=seed, rule=rule)


def recipe(steps: int = 30, seed: int = 0, data: str = "ring") -> Run:
    """The same as a recipe, for the command line."""
    return ring_run(steps, seed=seed)
