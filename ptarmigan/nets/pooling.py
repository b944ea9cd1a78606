"""Means over the cells of a grid that is laid over images, whatever their sides.

Written as products with two small matrices: torch's adaptive pooling is not deterministic on a GPU.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.nets.resample import separable
from ptarmigan.nets.sides import Sides


class Pool(nn.Module):
    """The mean of every cell, where sides are no multiples of the cells' also of parts of pixels.

    Args:
        sides: height and width of the input.
        cells: rows and columns of the output.
    """

    rows: Tensor
    columns: Tensor

    def __init__(self, sides: Sides, cells: Sides) -> None:
        super().__init__()
        self.register_buffer("rows", means(sides[0], cells[0]), persistent=False)
        self.register_buffer("columns", means(sides[1], cells[1]), persistent=False)

    def forward(
        self, x: Float[Tensor, "batch channel height width"]
    ) -> Float[Tensor, "batch channel up across"]:
        """One number for every cell."""
        return separable(x, self.rows, self.columns)


def means(side: int, cells: int) -> Float[Tensor, "cell side"]:
    """The matrix of the means of ``side`` numbers over ``cells`` intervals of one length."""
    length = side / cells
    start = torch.arange(cells, dtype=torch.float64)[:, None] * length
    place = torch.arange(side, dtype=torch.float64)
    overlap = torch.minimum(start + length, place + 1) - torch.maximum(start, place)
    return (overlap.clamp_min(0) / length).to(torch.get_default_dtype())
