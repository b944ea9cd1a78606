"""Images: any height and width, one to four channels, 8 or 16 bit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ptarmigan.data.space import Surface
from ptarmigan.media.pictures import grid
from ptarmigan.media.png import png


@dataclass(frozen=True)
class ImageSpace:
    """Images of ``height`` × ``width`` pixels; raw is ``(n, height, width, channels)`` uint8 or uint16.

    Encoded they are float32, channels first, black at -1 and white at 1. Channels are L, LA, RGB or RGBA.
    """

    height: int
    width: int
    channels: int
    bits: int = 8
    classes: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        return self.channels, self.height, self.width

    @property
    def white(self) -> int:
        """The largest raw value."""
        return (1 << self.bits) - 1

    def encode(self, raw: NDArray[Any]) -> Tensor:
        """``(n, height, width, channels)`` integers to ``(n, channels, height, width)`` in [-1, 1]."""
        # numpy works in the thread that calls; torch would spread this over the cores the step is using
        x = np.multiply(raw, 2 / self.white, dtype=np.float32)
        x -= 1
        return torch.from_numpy(np.ascontiguousarray(x)).permute(0, 3, 1, 2)

    def decode(self, x: Tensor) -> NDArray[Any]:
        """The inverse of ``encode``, rounded and clipped to what a pixel can hold."""
        pixels = x.detach().float().add(1).mul(self.white / 2).round().clamp(0, self.white)
        dtype = np.uint8 if self.bits == 8 else np.uint16
        return pixels.permute(0, 2, 3, 1).cpu().numpy().astype(dtype)

    def save(self, raw: NDArray[Any], path: Path, first: int = 0) -> None:
        """Write ``000000.png``, ``000001.png``, ... under ``path``, with all their bits."""
        path.mkdir(parents=True, exist_ok=True)
        for i, pixels in enumerate(raw, first):
            (path / f"{i:06d}.png").write_bytes(png(pixels))

    def preview(
        self, raw: NDArray[Any], real: NDArray[Any] | None = None, surface: Surface | None = None
    ) -> Image.Image:
        """A grid of the images, near square, with one pixel between neighbours."""
        return grid(raw)
