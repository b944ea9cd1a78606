"""Pixels as Pillow images, one or many in a grid."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def picture(pixels: NDArray[Any]) -> Image.Image:
    """One image ``(height, width, channels)`` as a Pillow image; 16-bit colour is reduced to 8 bits."""
    if pixels.dtype == np.uint16 and pixels.shape[2] > 1:
        pixels = (pixels >> 8).astype(np.uint8)
    return Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)


def grid(raw: NDArray[Any], columns: int | None = None, gap: int = 1) -> Image.Image:
    """Images ``(n, height, width, channels)`` in a grid, row by row; small ones are enlarged.

    Args:
        raw: uint8 or uint16; the latter are reduced to 8 bits.
        columns: images in a row; a nearly square grid when None.
        gap: pixels between images.

    Raises:
        ValueError: there are no images.
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


def on_white(image: Image.Image) -> Image.Image:
    """The picture as RGB, on a white background."""
    if image.mode not in ("RGBA", "LA"):
        return image.convert("RGB")
    image = image.convert("RGBA")
    canvas = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(canvas, image).convert("RGB")
