"""An image at several scales, as vectors: how far two are apart where no network was trained to say it."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.nets.resample import Downsample
from ptarmigan.nets.sides import Sides, halved

SCALES = 3
"""The image, and its halves; a difference of a pixel in position counts less in these."""


class Pyramid(nn.Module):
    """Images to their pixels at each scale, over the root of how many there are: the norm is a pixel's.

    Args:
        sides: height and width.
        scales: how many.
    """

    def __init__(self, sides: Sides, scales: int = SCALES) -> None:
        super().__init__()
        self.halves = nn.ModuleList(Downsample(halved(sides, i)) for i in range(scales - 1))

    def forward(self, x: Float[Tensor, "batch channel height width"]) -> list[Float[Tensor, "batch pixel"]]:
        """Vectors of each scale, the largest first."""
        images = [x]
        for halve in self.halves:
            images.append(halve(images[-1]))
        return [each.flatten(1) / each[0].numel() ** 0.5 for each in images]
