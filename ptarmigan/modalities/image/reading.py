"""What becomes of an image file: pixels of one size, and of one number of channels and bits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ptarmigan.modalities.image.decode import decode, resized, widened
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.image.splits import Files


class Target(NamedTuple):
    """What of every picture is read.

    Attributes:
        size: the height and width that it is to have; None: the one that they all have.
        crop: by cutting, not by squeezing.
        half: only this half of it.
    """

    size: tuple[int, int] | None = None
    crop: bool = False
    half: Literal["", "left", "right"] = ""


class Reading(NamedTuple):
    """The array that becomes of a file.

    Attributes:
        shape: height, width and channels of every one.
        dtype: their kind.
        read: makes it of the file's bytes; a ValueError says why it cannot.
    """

    shape: tuple[int, int, int]
    dtype: np.dtype[Any]
    read: Callable[[bytes], NDArray[Any]]


def image_reading(space: ImageSpace, target: Target) -> Reading:
    """Files as images of ``space``."""
    twice = (2 * space.height, 2 * space.width * (2 if target.half else 1))

    def read(data: bytes) -> NDArray[Any]:
        return fitted(half(decode(data, twice if target.size else None), target), space, target)

    dtype = np.dtype(np.uint8 if space.bits == 8 else np.uint16)
    return Reading((space.height, space.width, space.channels), dtype, read)


def half(pixels: NDArray[Any], target: Target) -> NDArray[Any]:
    """The half of a picture that the target asks for, or all of it."""
    middle = pixels.shape[1] // 2
    return {"": pixels, "left": pixels[:, :middle], "right": pixels[:, middle:]}[target.half]


def pixels_of(files: Files, place: int, reading: Reading) -> NDArray[Any]:
    """What becomes of one file.

    Raises:
        ValueError: it cannot be read.
    """
    container, i = files.container, int(files.members[place])
    try:
        data = container.read(i)
    except OSError as error:
        raise ValueError(error.strerror or "cannot be read") from None
    return reading.read(data)


def fitted(pixels: NDArray[Any], space: ImageSpace, target: Target) -> NDArray[Any]:
    """Pixels in the size, channels and depth of ``space``.

    Raises:
        ValueError: they do not fit, and no size is asked for.
    """
    if target.size:
        pixels = resized(pixels, space.height, space.width, target.crop)
    if pixels.shape[:2] != (space.height, space.width):
        height, width, _ = pixels.shape
        raise ValueError(f"{height}x{width} pixels once decoded, not {space.height}x{space.width}")
    return widened(pixels, space.channels, space.bits)
