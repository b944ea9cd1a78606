"""The game of vocoders: a generator of sound from log-mel frames against several discriminators of waves."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Terms, Turn
from ptarmigan.core.losses import Loss
from ptarmigan.modalities.sound.mel import FrontEnd
from ptarmigan.nets.waves import Judged, Together, distances
from ptarmigan.tasks.translate.translation import Translation, both


class Vocoder(Translation):
    """A generator ``mel -> x`` against discriminators ``D_k`` of waves.

    Args:
        generator: G.
        discriminator: all D_k, and how much each counts.
        front: the frames of which the distance is measured.
        loss: of the scores of each.
        features: from the distances of the maps of one of them, a number a layer, to what is minimised.
        weight: of the distance of frames.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: Together,
        front: FrontEnd,
        *,
        loss: Loss,
        features: Callable[[Tensor], Tensor],
        weight: float,
    ) -> None:
        super().__init__()
        self.generator, self.discriminator = generator, discriminator
        self.front, self.loss, self.features, self.weight = front, loss, features, weight
        self.shares = discriminator.shares

    def turns(self) -> tuple[Turn, ...]:
        """The discriminators, then the generator."""
        return (
            Turn(("discriminator",), self.discriminator_loss),
            Turn(("generator",), self.generator_loss),
        )

    def discriminator_loss(self, batch: Batch) -> Terms:
        """The loss of every D_k's scores of real and of generated waves."""
        x, mel = both(batch)
        pairs = self.judged(x, self.generator(mel))
        return {"discriminator": self.sum(self.loss.discriminator(a.scores, b.scores) for a, b in pairs)}

    def generator_loss(self, batch: Batch) -> Terms:
        """The loss of scores, the distances of maps, and that of frames."""
        x, mel = both(batch)
        made = self.generator(mel)
        pairs = self.judged(x, made)
        return {
            "generator": self.sum(self.loss.generator(b.scores, None) for _, b in pairs),
            "features": self.sum(self.features(distances(a, b)) for a, b in pairs),
            "mel": self.weight * F.l1_loss(self.front(made[:, 0]), self.front(x[:, 0])),
        }

    def judged(self, x: Tensor, made: Tensor) -> list[tuple[Judged, Judged]]:
        """What every D_k says of real and of generated waves."""
        return list(zip(self.discriminator(x), self.discriminator(made), strict=True))

    def sum(self, losses: Iterable[Tensor]) -> Tensor:
        """A sum over discriminators, by how much each counts."""
        return torch.stack([w * loss for w, loss in zip(self.shares, losses, strict=True)]).sum()

    def discriminate(self, x: Tensor, c: Tensor | None = None) -> Tensor | None:
        """The mean score of all discriminators."""
        return torch.stack([found.scores.mean(1) for found in self.discriminator(x)]).mean(0)
