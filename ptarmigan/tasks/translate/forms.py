"""Pictures in the form that networks were trained on, and back in the form they came in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
from PIL import Image

from ptarmigan.modalities.image.decode import Pixels, resampled, widened
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.label.space import LabelSpace
from ptarmigan.tasks.translate.degrade import grey

PictureSpace: TypeAlias = ImageSpace | LabelSpace

ALPHA = (2, 4)
"""Channels of pictures whose last one is alpha."""


def formed(pixels: Pixels, space: PictureSpace) -> Pixels:
    """A picture with the channels and the depth of ``space``, in its own size.

    Colour becomes its lightness, grey becomes colour, and alpha goes or comes, opaque.

    Args:
        pixels: ``(height, width, channels)`` uint8 or uint16; of class numbers any integers, in one channel.
        space: what networks were trained on.

    Raises:
        ValueError: the picture is no label map, and one is needed.
    """
    if isinstance(space, LabelSpace):
        return numbered(pixels, space)
    colours, alpha = pixels, pixels[..., :0]
    if pixels.shape[2] in ALPHA:
        colours, alpha = pixels[..., :-1], pixels[..., -1:]
    if colours.shape[2] == 3 and space.channels < 3:
        colours = grey(colours).round().astype(pixels.dtype)[..., None]
    seen = np.concatenate([colours, alpha], 2) if space.channels in ALPHA else colours
    return widened(deep(seen, np.uint8 if space.bits == 8 else np.uint16), space.channels, space.bits)


def deep(pixels: Pixels, dtype: Any) -> Pixels:
    """The same picture with 8 or 16 bits a channel."""
    if pixels.dtype == dtype:
        return pixels
    if dtype == np.uint16:
        return pixels.astype(np.uint16) * np.uint16(257)
    return ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)


def numbered(pixels: Pixels, space: LabelSpace) -> Pixels:
    """Class numbers ``(height, width, 1)`` as uint8.

    Raises:
        ValueError: they are in several channels, or one is no class.
    """
    if pixels.shape[2] != 1:
        raise ValueError(
            f"this run starts from label maps, class numbers in one channel, not {pixels.shape[2]} channels"
        )
    known = range(space.labels + (space.void is not None))
    stray = next((n for n in (int(pixels.min()), int(pixels.max())) if n not in known), None)
    if stray is not None:
        raise ValueError(f"a label map holds class {stray}, but there are {space.labels} classes")
    return pixels.astype(np.uint8)


def with_alpha(out: Pixels, pixels: Pixels) -> Pixels:
    """A picture with the alpha of another one, of the same depth."""
    alpha = np.ascontiguousarray(pixels[..., -1:])
    return np.concatenate([out, sized(alpha, out.shape[0], out.shape[1])], 2)


def sized(pixels: Pixels, height: int, width: int, *, smooth: bool = True) -> Pixels:
    """A picture at another size: antialiased, or where that has no sense the nearest pixels."""
    if pixels.shape[:2] == (height, width):
        return pixels
    box = (0.0, 0.0, float(pixels.shape[1]), float(pixels.shape[0]))
    how = Image.Resampling.LANCZOS if smooth else Image.Resampling.NEAREST
    return resampled(pixels, height, width, box, how)


def painted(numbers: Pixels, space: LabelSpace) -> Image.Image:
    """A label map as people see it and programs read it: numbers with a palette of their colours."""
    return replace(space, palette=tuple(space.colours.ravel().tolist())).picture(numbers)
