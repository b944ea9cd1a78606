"""Inputs made from pictures, so that any one folder is a folder of pairs."""

from __future__ import annotations

import dataclasses
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from ptarmigan.data.decode import resampled
from ptarmigan.data.permutation import Indices
from ptarmigan.data.samples import Source
from ptarmigan.noise import key
from ptarmigan.spaces.image import ImageSpace

Picture: TypeAlias = NDArray[Any]
LUMA = (0.299, 0.587, 0.114)
"""Of red, green and blue (ITU-R BT.601)."""
HOLE = (0.25, 0.5)
"""Sides of a hole, as shares of the picture's."""


@dataclass(frozen=True)
class Degradation:
    """How a picture loses something that a translation is to give back.

    Attributes:
        name: as people ask for it, such as ``lowres:4``.
        space: what becomes of the picture's space.
        make: what becomes of one picture, ``(height, width, channels)``, given its place in the source.
    """

    name: str
    space: Callable[[ImageSpace], ImageSpace]
    make: Callable[[Picture, int], Picture]


@dataclass(frozen=True, eq=False)
class Degraded:
    """A source of what is left of another one's pictures."""

    source: Source
    how: Degradation

    labels: None = None
    classes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.source)

    def read(self, indices: Indices) -> NDArray[Any]:
        """What is left of the pictures at ``indices``."""
        raw = self.source.read(indices)
        return np.stack([self.how.make(one, int(i)) for one, i in zip(raw, indices, strict=True)])


def degradation(text: str) -> Degradation:
    """The degradation that ``--pair`` names: gray, edges, lowres:4, mask, blur:2 or jpeg:10.

    Raises:
        ValueError: there is none of that name, or its number cannot be meant.
    """
    found = re.fullmatch(r"([a-z]+)(?::(\d{1,3}))?", text.strip())
    name, number = (found[1], found[2]) if found else ("", None)
    if name not in KINDS:
        raise ValueError(f"--pair {text}: expected one of {', '.join(EXAMPLES)}")
    make, usual, least, most = KINDS[name]
    if number is not None and not least <= int(number) <= most:
        said = f"a number from {least} to {most}" if most else "no number"
        raise ValueError(f"--pair {text}: {name} takes {said}")
    return make(int(number) if number is not None else usual)


def grey(picture: Picture) -> Picture:
    """Its lightness, without alpha, as float64 ``(height, width)``."""
    colours = picture[..., :3] if picture.shape[2] > 2 else picture[..., :1]
    plain = colours.astype(np.float64)
    return np.asarray(plain @ LUMA if plain.shape[2] == 3 else plain[..., 0])


def white(picture: Picture) -> int:
    """The largest number of its kind."""
    return int(np.iinfo(picture.dtype).max)


def _gray(_: int) -> Degradation:
    def make(picture: Picture, i: int) -> Picture:
        out: Picture = grey(picture).round().astype(picture.dtype)[..., None]
        return out

    return Degradation("gray", lambda space: _form(space, channels=1), make)


def _edges(_: int) -> Degradation:
    """Dark lines on white where lightness changes: Sobel's gradient of the smoothed picture."""

    def make(picture: Picture, i: int) -> Picture:
        smooth = ndimage.gaussian_filter(grey(picture) / white(picture), 0.7, mode="nearest")
        steep = np.hypot(*(ndimage.sobel(smooth, axis, mode="nearest") for axis in (0, 1)))
        lines = np.clip((steep - 0.25) / 0.75, 0, 1)
        out: Picture = ((1 - lines) * white(picture)).round().astype(picture.dtype)[..., None]
        return out

    return Degradation("edges", lambda space: _form(space, channels=1), make)


def _lowres(times: int) -> Degradation:
    def space(of: ImageSpace) -> ImageSpace:
        if of.height % times or of.width % times:
            raise ValueError(
                f"--pair lowres:{times}: {of.height}x{of.width} pixels do not shrink {times} times; choose "
                f"--size {times * max(1, of.height // times)}x{times * max(1, of.width // times)}"
            )
        return _form(of, height=of.height // times, width=of.width // times)

    def make(picture: Picture, i: int) -> Picture:
        height, width, _ = picture.shape
        box = (0.0, 0.0, float(width), float(height))
        return resampled(picture, height // times, width // times, box, Image.Resampling.BICUBIC)

    return Degradation(f"lowres:{times}", space, make)


def _mask(_: int) -> Degradation:
    """A hole somewhere, see-through: the picture has an alpha channel that is 0 there."""

    def make(picture: Picture, i: int) -> Picture:
        height, width, channels = picture.shape
        random = np.random.default_rng(key("hole", i))
        high, wide = (max(1, round(side * random.uniform(*HOLE))) for side in (height, width))
        top, left = random.integers(height - high + 1), random.integers(width - wide + 1)
        alpha = picture[..., -1:] if channels in (2, 4) else np.full_like(picture[..., :1], white(picture))
        out = np.concatenate([picture[..., : channels - (channels in (2, 4))], alpha], 2)
        out[top : top + high, left : left + wide] = 0
        return out

    return Degradation("mask", lambda space: _form(space, channels=2 if space.channels < 3 else 4), make)


def _blur(radius: int) -> Degradation:
    def make(picture: Picture, i: int) -> Picture:
        smooth = ndimage.gaussian_filter(picture.astype(np.float64), (radius, radius, 0), mode="nearest")
        out: Picture = smooth.round().astype(picture.dtype)
        return out

    return Degradation(f"blur:{radius}", lambda space: space, make)


def _jpeg(quality: int) -> Degradation:
    def make(picture: Picture, i: int) -> Picture:
        colours = picture[..., :3] if picture.shape[2] > 2 else picture[..., :1]
        shift = 8 if picture.dtype == np.uint16 else 0
        plain = (colours >> shift).astype(np.uint8)
        file = io.BytesIO()
        Image.fromarray(plain[..., 0] if plain.shape[2] == 1 else plain).save(file, "JPEG", quality=quality)
        spoilt = np.asarray(Image.open(file)).reshape(plain.shape).astype(picture.dtype)
        return np.concatenate([spoilt * (257 if shift else 1), picture[..., colours.shape[2] :]], 2)

    return Degradation(f"jpeg:{quality}", lambda space: space, make)


def _form(space: ImageSpace, **changes: int) -> ImageSpace:
    return dataclasses.replace(space, classes=(), **changes)


KINDS: dict[str, tuple[Callable[[int], Degradation], int, int, int]] = {
    "gray": (_gray, 0, 0, 0),
    "edges": (_edges, 0, 0, 0),
    "lowres": (_lowres, 4, 2, 16),
    "mask": (_mask, 0, 0, 0),
    "blur": (_blur, 2, 1, 64),
    "jpeg": (_jpeg, 10, 1, 95),
}
"""How each is made, its usual number, and the least and most that it may be."""
EXAMPLES = ("gray", "edges", "lowres:4", "mask", "blur:2", "jpeg:10")
