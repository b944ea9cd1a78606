"""Recurrent networks for series: what they say at a step depends on the steps up to it."""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.nets.layers import Classes

Cell = Callable[..., nn.RNNBase]


class Recurrent(nn.Module):
    """Recurrent layers, and what is read off the last one at every step.

    Args:
        inputs: numbers that come in at a step.
        outputs: numbers that go out.
        hidden: the size of every layer's state.
        layers: how many.
        cell: their kind, ``nn.LSTM`` or ``nn.GRU``.
    """

    def __init__(self, inputs: int, outputs: int, hidden: int, layers: int = 1, cell: Cell = nn.GRU) -> None:
        super().__init__()
        self.layers = cell(inputs, hidden, layers, batch_first=True)
        self.out = nn.Linear(hidden, outputs)

    def forward(self, x: Float[Tensor, "batch length input"]) -> Float[Tensor, "batch length output"]:
        """One step of the output for one of the input."""
        said: Tensor = self.out(self.layers(x)[0])
        return said


class RecurrentGenerator(nn.Module):
    """A generator of series that is given fresh noise at every step.

    Args:
        shape: steps, and numbers at each.
        noise: the size of the noise at a step.
        hidden: the size of the state.
        layers: how many.
        cell: their kind.
    """

    def __init__(
        self, shape: tuple[int, ...], noise: int, hidden: int, layers: int = 1, cell: Cell = nn.GRU
    ) -> None:
        super().__init__()
        length, numbers = shape
        self.latent, self.length = length * noise, length
        self.steps = Recurrent(noise, numbers, hidden, layers, cell)

    def forward(
        self, z: Float[Tensor, "batch latent"], c: Classes | None = None
    ) -> Float[Tensor, "batch length channel"]:
        """Series in (0, 1); ``c`` is not looked at."""
        return torch.sigmoid(self.steps(z.unflatten(1, (self.length, -1))))


class RecurrentDiscriminator(nn.Module):
    """A discriminator that scores a series at every step, by what it has seen so far.

    Args:
        shape: steps, and numbers at each.
        hidden: the size of the state.
        layers: how many.
        cell: their kind.
    """

    def __init__(self, shape: tuple[int, ...], hidden: int, layers: int = 1, cell: Cell = nn.GRU) -> None:
        super().__init__()
        self.steps = Recurrent(shape[1], 1, hidden, layers, cell)

    def forward(
        self, x: Float[Tensor, "batch length channel"], c: Classes | None = None
    ) -> Float[Tensor, "batch length"]:
        """Raw scores; ``c`` is not looked at."""
        scores: Tensor = self.steps(x).squeeze(2)
        return scores
