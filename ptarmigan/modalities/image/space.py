"""Images: any height and width, one to four channels, 8 or 16 bit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ptarmigan.data.space.encoding import Encoding
from ptarmigan.media.png import png
from ptarmigan.modalities.image.raster import RasterSpace


@dataclass(frozen=True)
class ImageSpace(RasterSpace):
    """Images of ``height`` × ``width`` pixels; raw is ``(n, height, width, channels)`` uint8 or uint16.

    Encoded they are float32, channels first, black at -1 and white at 1. Channels are L, LA, RGB or RGBA.
    """

    bounds: ClassVar[tuple[float, float]] = (-1.0, 1.0)

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
    def words(self) -> str:
        """``images of 28×28×1``, and their bits where they are not 8."""
        depth = "" if self.bits == 8 else f" of {self.bits} bits"
        return f"images of {self.height}×{self.width}×{self.channels}{depth}"

    @property
    def raw_shape(self) -> tuple[int, int, int]:
        """Height, width, channels."""
        return self.height, self.width, self.channels

    def same_form(self, other: Encoding) -> str:
        """Images have one size, the same channels and the same depth."""
        reason = super().same_form(other)
        if not reason or not isinstance(other, ImageSpace):
            return reason
        sized = (self.channels, self.bits) == (other.channels, other.bits)
        return reason + (": give a --size" if sized else ": convert one of them first")

    def check(self, raw: NDArray[Any]) -> None:
        """See that an array holds images of this size and with these channels.

        Raises:
            ValueError: it does not.
        """
        if raw.shape[1:] != (self.height, self.width, self.channels):
            form = f"{self.height}x{self.width}x{self.channels}"
            raise ValueError(f"this run is of images of {form}, and these are of shape {raw.shape}")

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

    def decoded(self, x: Tensor) -> Tensor:
        """The inverse of ``encode``, rounded and clipped to what a pixel can hold."""
        pixels = x.float().add(1).mul(self.white / 2).round().clamp(0, self.white)
        return pixels.permute(0, 2, 3, 1).to(torch.uint8 if self.bits == 8 else torch.uint16)

    def load(self, path: Path) -> tuple[NDArray[Any], str]:
        """A picture of any size and mode: its middle, in the size, channels and depth of this space."""
        from ptarmigan.modalities.image.decode import Form
        from ptarmigan.modalities.image.photo import read_photo

        return read_photo(path, Form(self.height, self.width, self.channels, self.bits))

    def png(self, raw: NDArray[Any]) -> bytes:
        """One image as a PNG, with all its bits."""
        return png(raw)

    def pixels(self, raw: NDArray[Any]) -> NDArray[Any]:
        """Images are pictures."""
        return raw

    def unconditional(self, recipe: str) -> str:
        """Which recipes learn classes."""
        return (
            f"this run of {recipe} learnt nothing of classes: leave --class out, or train image.cgan, or "
            "image.r1gan with --conditional"
        )
