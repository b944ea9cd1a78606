"""Halving and doubling the size of images with the low-pass filter [1, 3, 3, 1]: bilinear, antialiased.

Written as products with two small matrices: deterministic on every device, and fast in bfloat16 and in second
derivatives, where PyTorch's grouped convolutions are slow and its interpolations not deterministic on a GPU.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.nets.sides import Sides


class Downsample(nn.Module):
    """Half the sides, rounded up; edges are repeated.

    Args:
        sides: height and width of the input.
    """

    rows: Tensor
    columns: Tensor

    def __init__(self, sides: Sides) -> None:
        super().__init__()
        self.register_buffer("rows", halving(sides[0]), persistent=False)
        self.register_buffer("columns", halving(sides[1]), persistent=False)

    def forward(
        self, x: Float[Tensor, "batch channel height width"]
    ) -> Float[Tensor, "batch channel lower narrower"]:
        """Half as tall and wide."""
        return separable(x, self.rows, self.columns)


class Upsample(nn.Module):
    """Twice the sides, by bilinear interpolation; edges are repeated.

    Args:
        sides: height and width of the input.
    """

    rows: Tensor
    columns: Tensor

    def __init__(self, sides: Sides) -> None:
        super().__init__()
        self.register_buffer("rows", 2 * halving(2 * sides[0]).T, persistent=False)
        self.register_buffer("columns", 2 * halving(2 * sides[1]).T, persistent=False)

    def forward(
        self, x: Float[Tensor, "batch channel height width"]
    ) -> Float[Tensor, "batch channel taller wider"]:
        """Twice as tall and wide."""
        return separable(x, self.rows, self.columns)


def halving(side: int) -> Float[Tensor, "half side"]:
    """The matrix that filters ``side`` numbers with [1, 3, 3, 1] / 8 and keeps every second."""
    half = -(-side // 2)
    matrix = torch.zeros(half, side)
    outputs = torch.arange(half)
    for offset, weight in ((-1, 1), (0, 3), (1, 3), (2, 1)):
        inputs = (2 * outputs + offset).clamp(0, side - 1)
        matrix.index_put_((outputs, inputs), torch.tensor(weight / 8), accumulate=True)
    return matrix


def separable(
    x: Float[Tensor, "batch channel height width"],
    rows: Float[Tensor, "up height"],
    columns: Float[Tensor, "across width"],
) -> Float[Tensor, "batch channel up across"]:
    """``rows @ x @ columns.T`` for every image and channel, in the layout of channels_last."""
    batch, channel, height, width = x.shape
    last = x.permute(0, 2, 3, 1)
    tall = rows.to(x.dtype) @ last.reshape(batch, height, width * channel)
    both = columns.to(x.dtype) @ tall.reshape(batch, len(rows), width, channel)
    return both.permute(0, 3, 1, 2)
