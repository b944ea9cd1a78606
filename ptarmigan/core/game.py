"""A game: networks, and the turns in which players minimise their losses.

A *player* is the name of an optimizer; its turn updates the parameters that this optimizer holds.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

import torch
from torch import Tensor, nn

from ptarmigan.core.batch import Batch
from ptarmigan.core.styles import StyleGenerator

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
    """Which players minimise which loss, how often a step, and at which steps.

    ``loss`` takes a batch and returns named terms, whose sum is minimised. ``reads`` is False where the loss
    does not use the real samples: then none are loaded, and the batch has only their number and shape.
    """

    players: tuple[str, ...]
    loss: Callable[[Any], Terms]
    times: int = 1
    when: Callable[[int], bool] = always
    reads: bool = True


class Conditional(nn.Module):
    """A network that takes conditions other than classes: a game that has one generates on conditions."""


class Tempered(nn.Module):
    """A network that draws from distributions of its own, sharper at a ``temperature`` below 1, else flatter.

    Logits are divided by it where samples are made, and nowhere else.
    """

    temperature: float = 1.0


def is_tempered(game: nn.Module) -> bool:
    """Whether a temperature changes the samples of a game."""
    return any(isinstance(module, Tempered) for module in game.modules())


@contextmanager
def at_temperature(game: nn.Module, temperature: float) -> Iterator[None]:
    """A context in which the game's samples are made at a temperature.

    Raises:
        ValueError: it is not positive, or the game has nothing that it changes.
    """
    networks = [module for module in game.modules() if isinstance(module, Tempered)]
    if not 0 < temperature < float("inf"):
        raise ValueError(f"a temperature is a positive number, not {temperature:g} (--temperature)")
    if temperature != 1 and not networks:
        raise ValueError("this run draws from no distributions of tokens: leave --temperature out")
    for network in networks:
        network.temperature = temperature
    try:
        yield
    finally:
        for network in networks:
            network.temperature = 1.0


class State(nn.Module):
    """A tensor that is updated once a turn, with the mean of what all shards noted during it.

    Running averages, adaptive probabilities and power iterations live here and not in a forward pass, so two
    ranks, or two micro-batches, use and produce the same state as one undivided batch.

    Args:
        initial: the value at the start.
        update: ``(value, mean of the notes) -> new value``.
        noted: a tensor of the shape of a note, where that differs from the value's.
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

    def note(self, observed: Tensor) -> None:
        """Add ``observed`` (of the shape of ``value``, or of ``noted``) to the mean of this turn."""
        self.total += observed.detach()
        self.notes += 1

    def settle(self, bad: Tensor | None = None) -> None:
        """End the turn: update the value with the mean, unless the turn was ``bad``, and start a new mean."""
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
        latent: the size of ``z``.
        ema: names of the networks whose EMA weights generate the samples.
        progress: the fraction of the run that is done; the trainer sets it, schedules read it.
        task: what is done with the samples, a ``Task`` of ``ptarmigan.tasks``; generation when None.
    """

    task: ClassVar[type[object] | None] = None
    latent: int
    ema: tuple[str, ...] = ("generator",)
    progress: float = 0.0

    @abstractmethod
    def turns(self) -> tuple[Turn, ...]:
        """The turns of one step, in order."""

    @abstractmethod
    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Samples, encoded as the space encodes them, from standard normal ``z`` of shape (n, latent)."""

    def discriminate(self, x: Tensor, c: Tensor | None = None) -> Tensor | None:
        """The discriminator's scores ``(n,)`` of samples ``x``; None where no single one scores them."""
        return None

    @property
    def style_generator(self) -> StyleGenerator | None:
        """The generator, where it goes from z to samples by way of a w; else None."""
        return None

    def log_likelihood(self, x: Tensor, c: Tensor | None = None) -> Tensor | None:
        """Log p of every part of samples given those before it, ``(n, parts)``, NaN where there is none.

        None where the game has no likelihood.
        """
        return None

    def described(self) -> dict[str, Any]:
        """What the weights file says of it besides the recipe, as plain data, such as its privacy budget."""
        return {}

    def remark(self) -> str:
        """What is added to the message that training ended, such as ``; ε is 3 at δ 1e-05``."""
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
