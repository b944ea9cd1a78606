"""The game of vocoders: a generator of sound from log-mel frames against several discriminators of waves."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Terms, Turn
from ptarmigan.core.losses import Loss, hinge
from ptarmigan.data.samples import Samples
from ptarmigan.modalities.sound.mel import FrontEnd
from ptarmigan.modalities.sound.mel_space import MelSpace
from ptarmigan.nets.waves import Judged, Together, distances
from ptarmigan.tasks.translate.translation import Translation, both

HINGES = Loss(hinge.discriminator, lambda fake, real: (1 - fake).relu().mean())
"""Hinges for both players: Vocos's."""
Near = Callable[[Tensor, Tensor], Terms]


def frames_of(samples: Samples) -> MelSpace:
    """What the frames are from which samples are to be made."""
    given = samples.require_inputs()
    assert isinstance(given, MelSpace)
    return given


def mel_distance(front: FrontEnd, weight: float) -> Near:
    """The mean absolute difference of log-mel frames, times a weight."""
    return lambda made, x: {"mel": weight * F.l1_loss(front(made), front(x))}


class Vocoder(Translation):
    """A generator ``mel -> x`` against discriminators ``D_k`` of waves.

    Args:
        generator: G.
        discriminator: all D_k, and how much each counts.
        near: named terms of generated and of real waves ``(n, length)``, beside the scores.
        loss: of the scores of each.
        features: from the distances of the maps of one of them, a number a layer, to what is minimised.
        alone: for so many steps these terms are all that is minimised.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: Together,
        near: Near,
        *,
        loss: Loss,
        features: Callable[[Tensor], Tensor],
        alone: int = 0,
    ) -> None:
        super().__init__()
        self.generator, self.discriminator = generator, discriminator
        self.near, self.loss, self.features, self.alone = near, loss, features, alone
        self.shares = discriminator.shares

    def turns(self) -> tuple[Turn, ...]:
        """The generator alone at first, where that is wanted; then the discriminators, then the generator."""
        alone = Turn(("generator",), self.distance, when=lambda step: step < self.alone)
        turns = (
            Turn(("discriminator",), self.discriminator_loss, when=lambda step: step >= self.alone),
            Turn(("generator",), self.generator_loss, when=lambda step: step >= self.alone),
        )
        return (alone, *turns) if self.alone else turns

    def distance(self, batch: Batch) -> Terms:
        """The distances of generated waves from real ones."""
        x, mel = both(batch)
        return self.near(self.generator(mel)[:, 0], x[:, 0])

    def discriminator_loss(self, batch: Batch) -> Terms:
        """The loss of every D_k's scores of real and of generated waves."""
        x, mel = both(batch)
        pairs = self.judged(x, self.generator(mel))
        return {"discriminator": self.sum(self.loss.discriminator(a.scores, b.scores) for a, b in pairs)}

    def generator_loss(self, batch: Batch) -> Terms:
        """The loss of scores, the distances of maps, and those of waves."""
        x, mel = both(batch)
        made = self.generator(mel)
        pairs = self.judged(x, made)
        return {
            "generator": self.sum(self.loss.generator(b.scores, None) for _, b in pairs),
            "features": self.sum(self.features(distances(a, b)) for a, b in pairs),
        } | self.near(made[:, 0], x[:, 0])

    def judged(self, x: Tensor, made: Tensor) -> list[tuple[Judged, Judged]]:
        """What every D_k says of real and of generated waves."""
        return list(zip(self.discriminator(x), self.discriminator(made), strict=True))

    def sum(self, losses: Iterable[Tensor]) -> Tensor:
        """A sum over discriminators, by how much each counts."""
        return torch.stack([w * loss for w, loss in zip(self.shares, losses, strict=True)]).sum()

    def discriminate(self, x: Tensor, c: Tensor | None = None) -> Tensor | None:
        """The mean score of all discriminators."""
        return torch.stack([found.scores.mean(1) for found in self.discriminator(x)]).mean(0)
