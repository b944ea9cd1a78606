"""A game: networks, and the turns in which players move them down their losses.

A *player* is the name of an optimizer; what moves on its turn is what that optimizer holds.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

import torch
from torch import Tensor, nn

from ptarmigan.core.batch import Batch

Terms: TypeAlias = dict[str, Tensor]


def always(step: int) -> bool:
    """At every step."""
    return True


def every(n: int) -> Callable[[int], bool]:
    """At steps 0, n, 2n, ...: lazy regularisation is ``when=every(16)``."""
    return lambda step: step % n == 0


def between(n: int) -> Callable[[int], bool]:
    """At the steps that ``every(n)`` leaves out."""
    return lambda step: step % n != 0


@dataclass(frozen=True)
class Turn:
    """Who moves, down what, how often a step, and at which steps.

    ``loss`` takes a batch and returns named terms; the players go down their sum. ``reads`` is False where
    the loss never looks at the real samples: then none are loaded, and the batch only says how many there
    are.
    """

    players: tuple[str, ...]
    loss: Callable[[Any], Terms]
    times: int = 1
    when: Callable[[int], bool] = always
    reads: bool = True


class Conditional(nn.Module):
    """A network that is told what samples are to be: samples of a game that has one can be asked for."""


class State(nn.Module):
    """A tensor that changes once a turn, from the mean of what every shard noted during it.

    Running averages, adaptive probabilities and power iterations live here and not in a forward pass, so two
    ranks, or two micro-batches, see and make the same state as one undivided batch.

    Args:
        initial: the value at the start.
        update: ``(value, mean of the notes) -> new value``.
        noted: what a note is like, where it is not like the value.
    """

    value: Tensor
    total: Tensor

    def __init__(
        self, initial: Tensor, update: Callable[[Tensor, Tensor], Tensor], noted: Tensor | None = None
    ) -> None:
        super().__init__()
        self.update = update
        self.notes = 0
        self.register_buffer("value", initial)
        self.register_buffer("total", torch.zeros_like(initial if noted is None else noted), persistent=False)

    def note(self, seen: Tensor) -> None:
        """Remember ``seen`` (the shape of ``value``, or ``noted``) until the turn ends."""
        self.total += seen.detach()
        self.notes += 1

    def settle(self, bad: Tensor | None = None) -> None:
        """End the turn: fold what was noted into the value, unless the turn went ``bad``, and forget it."""
        if self.notes:
            new = self.update(self.value, self.total / self.notes)
            self.value.copy_(new if bad is None else torch.where(bad.bool(), self.value, new))
            self.total.zero_()
            self.notes = 0


def latest(value: Tensor, mean: Tensor) -> Tensor:
    """A ``State`` update that keeps what was noted last."""
    return mean


class Game(nn.Module, ABC):
    """Networks and their turns; knows no device, optimizer or file.

    Attributes:
        latent: how many numbers ``sample`` wants for one sample.
        averaged: names of the networks whose EMA weights make the samples.
        progress: the fraction of the run that is done; the loop sets it, schedules read it.
        task: what is done with the samples, a ``Task`` of ``ptarmigan.tasks``; generation when None.
    """

    task: ClassVar[type[object] | None] = None
    latent: int
    averaged: tuple[str, ...] = ("generator",)
    progress: float = 0.0

    @abstractmethod
    def turns(self) -> tuple[Turn, ...]:
        """The turns of one step, in the order they are played."""

    @abstractmethod
    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Samples, encoded as the space encodes them, from standard normal ``z`` of shape (n, latent)."""

    def discriminate(self, x: Tensor, c: Tensor | None = None) -> Tensor | None:
        """The discriminator's scores ``(n,)`` of samples ``x``; None where no single one scores them."""
        return None

    def described(self) -> dict[str, Any]:
        """What its weights file says of it beside the recipe, as plain data, such as how private it is."""
        return {}

    def remark(self) -> str:
        """What is added to how training ended, such as ``; ε is 3 at δ 1e-05``."""
        return ""


class SinglePlayerGame(Game):
    """Networks that are trained together by one loss, without an adversary.

    Attributes:
        player: the name of their optimizer.
    """

    player: str = "autoencoder"

    def turns(self) -> tuple[Turn, ...]:
        """All at once."""
        return (Turn((self.player,), self.loss),)

    @abstractmethod
    def loss(self, batch: Batch) -> Terms:
        """What they minimise, given a batch of real samples."""
