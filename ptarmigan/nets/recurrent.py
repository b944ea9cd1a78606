"""Recurrent networks for series: the output at a step depends on the steps up to it."""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.nets.layers import Classes

Cell = Callable[..., nn.RNNBase]


class Recurrent(nn.Module):
    """Recurrent layers and a linear one, at every step.

    Args:
        inputs: the size of the input at a step.
        outputs: the size of the output at a step.
        hidden: the size of every layer's state.
        layers: how many.
        cell: ``nn.LSTM`` or ``nn.GRU``.
    """

    def __init__(self, inputs: int, outputs: int, hidden: int, layers: int = 1, cell: Cell = nn.GRU) -> None:
        super().__init__()
        self.layers = cell(inputs, hidden, layers, batch_first=True)
        self.out = nn.Linear(hidden, outputs)

    def forward(self, x: Float[Tensor, "batch length input"]) -> Float[Tensor, "batch length output"]:
        """The outputs, one for each step of the input."""
        states = self.layers(x)[0].contiguous()  # else rounding depends on whether weights require gradients
        outputs: Tensor = self.out(states)
        return outputs


class RecurrentGenerator(nn.Module):
    """A generator of series, with its own noise at every step.

    Args:
        shape: steps, and numbers at each.
        noise: the size of the noise at a step.
        hidden: the size of the state.
        layers: how many.
        cell: ``nn.LSTM`` or ``nn.GRU``.
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
        """Series in (0, 1); ``c`` is ignored."""
        return torch.sigmoid(self.steps(z.unflatten(1, (self.length, -1))))


class RecurrentDiscriminator(nn.Module):
    """A discriminator that scores a series at every step, from the steps so far.

    Args:
        shape: steps, and numbers at each.
        hidden: the size of the state.
        layers: how many.
        cell: ``nn.LSTM`` or ``nn.GRU``.
    """

    def __init__(self, shape: tuple[int, ...], hidden: int, layers: int = 1, cell: Cell = nn.GRU) -> None:
        super().__init__()
        self.steps = Recurrent(shape[1], 1, hidden, layers, cell)

    def forward(
        self, x: Float[Tensor, "batch length channel"], c: Classes | None = None
    ) -> Float[Tensor, "batch length"]:
        """Raw scores; ``c`` is ignored."""
        scores: Tensor = self.steps(x).squeeze(2)
        return scores
