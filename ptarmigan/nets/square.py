"""Convolutions over rows of a table: their numbers are laid out as a square, padded with zeros.

Park et al. 2018, arXiv 1806.03384. What stands beside what follows from the order of the columns alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.modalities.table.nets import Cells, Rows
from ptarmigan.nets.dcgan import DCGANDiscriminator, DCGANEncoder, DCGANGenerator
from ptarmigan.nets.layers import Classes

SMALLEST = 8
"""The side of the least square that the convolutions take."""


def square_of(size: int) -> tuple[int, int, int]:
    """The shape of the square, one channel, that has room for rows of so many numbers."""
    side = max(SMALLEST, math.isqrt(size - 1) + 1)
    return 1, side, side


def laid_out(x: Rows) -> Float[Tensor, "batch 1 side side"]:
    """Rows as squares."""
    shape = square_of(x.shape[1])
    return F.pad(x, (0, math.prod(shape) - x.shape[1])).reshape(-1, *shape)


class SquareGenerator(nn.Module):
    """A DCGAN's generator, whose image is read as a row.

    Args:
        latent: the size of ``z``.
        owners: see ``Cells``.
        width: channels of the last hidden layer.
    """

    def __init__(self, latent: int, owners: Sequence[int], width: int = 64) -> None:
        super().__init__()
        self.latent, self.size = latent, len(owners)
        self.image = DCGANGenerator(latent, square_of(self.size), width)
        self.cells = Cells(owners)

    def forward(self, z: Float[Tensor, "batch latent"], c: Classes | None = None) -> Rows:
        """Rows, as the space encodes them; ``c`` is not looked at."""
        rows: Tensor = self.cells(self.image.said(z).flatten(1)[:, : self.size])
        return rows


class SquareDiscriminator(nn.Module):
    """A DCGAN's discriminator of rows.

    Args:
        size: of an encoded row.
        width: channels of the first layer.
    """

    def __init__(self, size: int, width: int = 64) -> None:
        super().__init__()
        self.image = DCGANDiscriminator(square_of(size), width)
        self.feature_size = self.image.feature_size

    def features(self, x: Rows, c: Classes | None = None) -> Float[Tensor, "batch feature"]:
        """The last convolution, flattened; ``c`` is not looked at."""
        return self.image.features(laid_out(x))

    def forward(self, x: Rows, c: Classes | None = None) -> Float[Tensor, " batch"]:
        """Raw scores."""
        scores: Tensor = self.image(laid_out(x))
        return scores


class SquareClassifier(nn.Module):
    """The discriminator's convolutions, which say what the numbers of one column are.

    Args:
        size: of an encoded row.
        outputs: how many numbers the column takes.
        width: channels of the first layer.
    """

    def __init__(self, size: int, outputs: int, width: int = 64) -> None:
        super().__init__()
        self.image = DCGANEncoder(square_of(size), outputs, width)

    def forward(self, x: Rows) -> Float[Tensor, "batch output"]:
        """Logarithms of shares, but for a constant."""
        said: Tensor = self.image(laid_out(x))
        return said
