"""What images and label maps have in common: rows of pixels, each with a number for every channel."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ptarmigan.data.space import Space, Surface
from ptarmigan.media.pictures import grid

SIDE = 16
"""Pixels of a side that an embedding keeps, at most."""
GRID = 1_024
"""Samples in one picture, at most."""
PIXELS = 80_000_000
"""Pixels in one picture, at most: what image viewers still open."""


class RasterSpace(Space):
    """A space whose raw samples are ``(height, width, channels)``, and encoded ``(channels, height, width)``.

    Attributes:
        smooth: whether there is something between two values of a pixel.
    """

    shown: ClassVar[int] = 64
    smooth: ClassVar[bool] = True
    layout: ClassVar[torch.memory_format] = torch.channels_last
    half_precision: ClassVar[bool] = True
    height: int
    width: int

    @abstractmethod
    def png(self, raw: NDArray[Any]) -> bytes:
        """One raw sample as a PNG that holds all of it."""

    @abstractmethod
    def pixels(self, raw: NDArray[Any]) -> NDArray[Any]:
        """Raw samples as pictures for people, ``(n, height, width, channels)``."""

    def embed(self, x: Tensor) -> NDArray[np.float64]:
        """Means over areas, so that at most ``SIDE`` pixels are left of a side."""
        x = x.detach().float()
        x = F.adaptive_avg_pool2d(x, (min(SIDE, x.shape[2]), min(SIDE, x.shape[3])))
        return x.flatten(1).cpu().double().numpy()

    def planes(self, x: Tensor) -> Tensor:
        """Pixels are places."""
        return x.flatten(2)

    def save(self, raw: NDArray[Any], path: Path, first: int = 0) -> None:
        """Write ``000000.png``, ``000001.png``, ... under ``path``, each of which holds all of its sample."""
        path.mkdir(parents=True, exist_ok=True)
        for i, sample in enumerate(raw, first):
            (path / f"{i:06d}.png").write_bytes(self.png(sample))

    @property
    def most(self) -> int:
        """As many as image viewers still open in one picture."""
        return min(GRID, max(1, PIXELS // (self.height * self.width)))

    def strip(self, walk: NDArray[Any], frames: int) -> Image.Image:
        """A row for each leg, from stop to stop."""
        starts = range(0, len(walk) - 1, frames)
        legs = np.concatenate([walk[i : i + frames + 1] for i in starts])
        return grid(self.pixels(legs), columns=frames + 1)

    def render(
        self, raw: NDArray[Any], real: NDArray[Any] | None = None, surface: Surface | None = None
    ) -> Image.Image:
        """A grid of the pictures, near square, with one pixel between neighbours."""
        return grid(self.pixels(raw))
