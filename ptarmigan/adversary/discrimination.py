"""The discriminator's own move, as a game with one player, so that the step is the engine's."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from ptarmigan.adversary.networks import Output, outputs
from ptarmigan.core import noise
from ptarmigan.core.game import Game, Terms, Turn, between, every
from ptarmigan.core.losses import Loss
from ptarmigan.core.penalties import Penalty, PenaltyInputs
from ptarmigan.core.precision import at_least_float32
from ptarmigan.training.distributed import Ranks

PLAYER = "discriminator"


class Pair(NamedTuple):
    """Real samples, generated ones, and what both are conditioned on."""

    real: Tensor
    fake: Tensor
    given: Any = None


class Discrimination(Game):
    """A discriminator that is trained on samples which somebody else generates.

    Args:
        network: ``x -> scores`` or ``(x, given) -> scores``, or several of them.
        loss: of the scores.
        penalties: terms added to the loss.
        lazy: they are added at every ``lazy``-th step, times ``lazy``.

    Attributes:
        seen: scores of real and of generated samples in the last batch, a mean for each sample.
    """

    latent = 0

    def __init__(self, network: nn.Module, loss: Loss, penalties: Sequence[Penalty], lazy: int) -> None:
        super().__init__()
        self.network, self.loss, self.penalties, self.lazy = network, loss, tuple(penalties), lazy
        self.seen: tuple[Tensor, Tensor] | None = None

    def turns(self) -> tuple[Turn, ...]:
        """The discriminator, at some steps with penalties."""
        if not self.penalties:
            return (Turn((PLAYER,), self.discriminator_loss),)
        return (
            Turn((PLAYER,), self.discriminator_loss, when=between(self.lazy)),
            Turn((PLAYER,), self.penalised_loss, when=every(self.lazy)),
        )

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Somebody else does.

        Raises:
            TypeError: always.
        """
        raise TypeError("the samples of an adversary are made in the loop that it is used in")

    def discriminator_loss(self, batch: Pair) -> Terms:
        """The loss of the scores, a mean over discriminators."""
        return self.compared(*self.scored(batch))

    def penalised_loss(self, batch: Pair) -> Terms:
        """The same with the penalties, of the mean score of a sample: γ is then alike for one and many."""
        real, fake = self.scored(batch)

        def discriminator(x: Tensor) -> Tensor:
            return mean_scores(outputs(self.network, x, batch.given))

        inputs = PenaltyInputs(
            discriminator, batch.real, batch.fake, mean_scores(real), mean_scores(fake), self.progress
        )
        terms = {penalty.name: self.lazy * penalty(inputs) for penalty in self.penalties}
        return self.compared(real, fake) | terms

    def scored(self, batch: Pair) -> tuple[list[Output], list[Output]]:
        """What the discriminators return for real and for generated samples."""
        real, fake = (outputs(self.network, x, batch.given) for x in (batch.real, batch.fake))
        self.seen = mean_scores(real).detach(), mean_scores(fake).detach()
        return real, fake

    def compared(self, real: Sequence[Output], fake: Sequence[Output]) -> Terms:
        """The loss of scores."""
        each = [self.loss.discriminator(r.scores, f.scores) for r, f in zip(real, fake, strict=True)]
        return {PLAYER: torch.stack(each).mean()}


def mean_scores(found: Sequence[Output]) -> Tensor:
    """The mean score of every sample over places, and over discriminators, ``(batch,)``."""
    each = [at_least_float32(one.scores).reshape(len(one.scores), -1).mean(1) for one in found]
    return torch.stack(each).mean(0)


class Batches:
    """Micro-batches that were handed over, as a turn draws them; each with its noise.

    Args:
        pairs: the micro-batches.
        seed: the random seed of the noise.
        step: how many steps there were before.
        ranks: which of how many processes this is.
        precision: the dtype of autocast, or None.
    """

    def __init__(
        self, pairs: Sequence[Pair], seed: int, step: int, ranks: Ranks, precision: torch.dtype | None
    ) -> None:
        self.pairs, self.seed, self.step, self.ranks, self.precision = pairs, seed, step, ranks, precision
        self.accumulate = len(pairs)
        self.device = pairs[0].real.device

    def __call__(self, turn: Turn) -> Generator[Pair]:
        """The micro-batches, each with its noise until the next."""
        shards = self.ranks.size * self.accumulate
        for i, pair in enumerate(self.pairs):
            shard = self.ranks.rank * self.accumulate + i
            with noise.isolated():
                noise.at(self.seed, "adversary", self.step, shard=shard, shards=shards, device=self.device)
                yield pair

    def autocast(self) -> AbstractContextManager[object]:
        """The precision that forward passes run at."""
        return torch.autocast(self.device.type, self.precision, enabled=self.precision is not None)
