"""Images: any height and width, one to four channels, 8 or 16 bit."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ptarmigan.data.space import Surface


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


def picture(pixels: NDArray[Any]) -> Image.Image:
    """One image ``(height, width, channels)`` as Pillow has it; 16-bit colour is shown with 8 bits."""
    if pixels.dtype == np.uint16 and pixels.shape[2] > 1:
        pixels = (pixels >> 8).astype(np.uint8)
    return Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)


def png(pixels: NDArray[Any]) -> bytes:
    """One image ``(height, width, channels)`` as a PNG file; Pillow cannot write colour with 16 bits."""
    if pixels.dtype == np.uint16 and pixels.shape[2] > 1:
        return _png16(pixels)
    file = io.BytesIO()
    picture(pixels).save(file, "PNG")
    return file.getvalue()


def _png16(pixels: NDArray[np.uint16]) -> bytes:
    """The plainest PNG there is (ISO/IEC 15948): rows of big-endian numbers, unfiltered, deflated."""
    height, width, channels = pixels.shape
    colour = {2: 4, 3: 2, 4: 6}[channels]
    rows = pixels.astype(">u2").reshape(height, -1).view(np.uint8)
    filtered = np.pad(rows, ((0, 0), (1, 0)))  # a zero before each row: no filter
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 16, colour, 0, 0, 0)),
        (b"IDAT", zlib.compress(filtered.tobytes())),
        (b"IEND", b""),
    )
    chunks = (
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def grid(raw: NDArray[Any], columns: int | None = None, gap: int = 1) -> Image.Image:
    """Images side by side, row after row; small ones are enlarged by a whole number.

    Raises:
        ValueError: there is no image.
    """
    if len(raw) == 0:
        raise ValueError("a grid needs at least one image")
    if raw.dtype == np.uint16:
        raw = (raw >> 8).astype(np.uint8)
    n, height, width, channels = raw.shape
    columns = columns or max(1, round((n * height / width) ** 0.5))
    rows = -(-n // columns)
    canvas = np.zeros((rows * (height + gap) - gap, columns * (width + gap) - gap, channels), np.uint8)
    for i, pixels in enumerate(raw):
        top, left = (i // columns) * (height + gap), (i % columns) * (width + gap)
        canvas[top : top + height, left : left + width] = pixels
    enlarge = max(1, 640 // max(canvas.shape[:2]))
    return picture(canvas.repeat(enlarge, axis=0).repeat(enlarge, axis=1))
