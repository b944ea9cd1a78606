"""Inputs made by degrading pictures, so that any one folder gives pairs."""

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

from ptarmigan.core.noise import key
from ptarmigan.data.permutation import Indices
from ptarmigan.data.samples import Source
from ptarmigan.modalities.image.decode import resampled
from ptarmigan.modalities.image.space import ImageSpace

Picture: TypeAlias = NDArray[Any]
LUMA = (0.299, 0.587, 0.114)
"""Of red, green and blue (ITU-R BT.601)."""
HOLE = (0.25, 0.5)
"""Sides of a hole, as shares of the picture's."""
STEEP, FAINT, FLAT = 0.95, 0.2, 0.08
"""The quantile of gradients that is a black line, the fraction of it below which nothing is drawn, and its
minimum, as a share of the range."""


@dataclass(frozen=True)
class Degradation:
    """A degradation of pictures, to be inverted by a translation.

    Attributes:
        name: for ``--pair``, such as ``lowres:4``.
        space: from the pictures' space to that of degraded ones.
        make: degrades one picture, ``(height, width, channels)``, given its index in the source.
    """

    name: str
    space: Callable[[ImageSpace], ImageSpace]
    make: Callable[[Picture, int], Picture]


@dataclass(frozen=True, eq=False)
class Degraded:
    """A source of degraded pictures of another source."""

    source: Source
    how: Degradation

    labels: None = None
    classes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.source)

    def read(self, indices: Indices) -> NDArray[Any]:
        """The degraded pictures at ``indices``."""
        raw = self.source.read(indices)
        return np.stack([self.how.make(one, int(i)) for one, i in zip(raw, indices, strict=True)])


def degradation(text: str) -> Degradation:
    """The degradation of ``--pair``: gray, edges, lowres:4, mask, blur:2 or jpeg:10.

    Raises:
        ValueError: it is unknown, or its number is out of range.
    """
    found = re.fullmatch(r"([a-z]+)(?::(\d{1,3}))?", text.strip())
    name, number = (found[1], found[2]) if found else ("", None)
    if name not in KINDS:
        raise ValueError(f"--pair {text}: expected auto, side, {', '.join(EXAMPLES)}")
    make, default, least, most = KINDS[name]
    if number is not None and not least <= int(number) <= most:
        said = f"a number from {least} to {most}" if most else "no number"
        raise ValueError(f"--pair {text}: {name} takes {said}")
    return make(int(number) if number is not None else default)


def grey(picture: Picture) -> Picture:
    """Its lightness, without alpha, as float64 ``(height, width)``."""
    plain = colours(picture).astype(np.float64)
    return np.asarray(plain @ LUMA if plain.shape[2] == 3 else plain[..., 0])


def colours(picture: Picture) -> Picture:
    """The channels without alpha."""
    return picture[..., :3] if picture.shape[2] > 2 else picture[..., :1]


def opacity(picture: Picture) -> Picture:
    """Its alpha, ``(height, width, 1)`` or, where it has none, ``(height, width, 0)``."""
    return picture[..., colours(picture).shape[2] :]


def white(picture: Picture) -> int:
    """The largest value of its dtype."""
    return int(np.iinfo(picture.dtype).max)


def draw_lines(picture: Picture) -> NDArray[np.float64]:
    """The edges of a picture as lines, from 0 to 1, ``(height, width)``.

    As Canny (1986), "A computational approach to edge detection": local maxima of the gradient magnitude of
    smoothed channels, including alpha, along the gradient. The magnitude is relative to the largest ones of
    the same picture, so that night and day have equal lines, but nearly constant areas (``FLAT`` of the
    range) stay blank.
    """
    from scipy import ndimage

    height, width, _ = picture.shape
    alpha = opacity(picture) / white(picture)
    over = colours(picture) / white(picture)
    planes = np.concatenate([over * alpha + 1 - alpha, alpha], 2) if alpha.shape[2] else over
    smooth = min(max(min(height, width) ** 0.5 / 12, 0.4), 2.0)
    planes = ndimage.gaussian_filter(planes, (smooth, smooth, 0), mode="nearest")
    slopes = np.stack([ndimage.sobel(planes, axis, mode="nearest") / 4 for axis in (0, 1)])
    steepest = np.hypot(*slopes).argmax(2)[None, ..., None]
    down, right = np.take_along_axis(slopes, steepest, 3)[..., 0]
    steep = np.hypot(down, right)
    steep /= max(float(np.quantile(steep, STEEP)), FLAT)
    lines = np.clip((steep - FAINT) / (1 - FAINT), 0, 1)
    out: NDArray[np.float64] = lines * _ridge(steep, down, right)
    return out


def _ridge(steep: Picture, down: Picture, right: Picture) -> NDArray[np.bool_]:
    """Non-maximum suppression: maxima of the gradient magnitude along the nearest of eight directions."""
    around = np.pad(steep, 1)
    turn = np.round(np.arctan2(down, right) / (np.pi / 4)).astype(int) % 4
    height, width = steep.shape
    top = np.zeros(steep.shape, bool)
    for k, (dy, dx) in enumerate(((0, 1), (1, 1), (1, 0), (1, -1))):
        ahead = around[1 + dy : 1 + dy + height, 1 + dx : 1 + dx + width]
        behind = around[1 - dy : 1 - dy + height, 1 - dx : 1 - dx + width]
        # a step lies between two pixels of equal magnitude, up to rounding: one of them is the line
        top |= (turn == k) & (steep > ahead + 1e-6) & (steep >= behind - 1e-6)
    return top


def _gray(_: int) -> Degradation:
    def make(picture: Picture, i: int) -> Picture:
        plain = grey(picture).round().astype(picture.dtype)[..., None]
        return np.concatenate([plain, opacity(picture)], 2)

    return Degradation("gray", lambda space: _form(space, channels=2 - space.channels % 2), make)


def _edges(_: int) -> Degradation:
    """Dark lines on white."""

    def make(picture: Picture, i: int) -> Picture:
        out: Picture = ((1 - draw_lines(picture)) * white(picture)).round().astype(picture.dtype)[..., None]
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
    """A random hole: the picture gets an alpha channel that is 0 there."""

    def make(picture: Picture, i: int) -> Picture:
        height, width, _ = picture.shape
        random = np.random.default_rng(key("hole", i))
        high, wide = (max(1, round(side * random.uniform(*HOLE))) for side in (height, width))
        top, left = random.integers(height - high + 1), random.integers(width - wide + 1)
        alpha = opacity(picture) if opacity(picture).size else np.full_like(picture[..., :1], white(picture))
        out = np.concatenate([colours(picture), alpha], 2)
        out[top : top + high, left : left + wide] = 0
        return out

    return Degradation("mask", lambda space: _form(space, channels=2 if space.channels < 3 else 4), make)


def _blur(radius: int) -> Degradation:
    """A Gaussian blur of this standard deviation, in pixels; colours are weighted by alpha."""
    from scipy import ndimage

    def smooth(plane: Picture) -> Picture:
        out: Picture = ndimage.gaussian_filter(plane, (radius, radius, 0), mode="nearest")
        return out

    def make(picture: Picture, i: int) -> Picture:
        plain, alpha = colours(picture).astype(np.float64), opacity(picture).astype(np.float64)
        if not alpha.size:
            return smooth(plain).round().astype(picture.dtype)
        seen = smooth(alpha)
        plain = smooth(plain * alpha) / np.maximum(seen, 0.5)
        out: Picture = np.concatenate([plain, seen], 2).round().clip(max=white(picture)).astype(picture.dtype)
        return out

    return Degradation(f"blur:{radius}", _form, make)


def _jpeg(quality: int) -> Degradation:
    """JPEG compression, with 8 bits; alpha is unchanged."""

    def make(picture: Picture, i: int) -> Picture:
        deep = picture.dtype == np.uint16
        plain = (colours(picture) >> (8 if deep else 0)).astype(np.uint8)
        file = io.BytesIO()
        Image.fromarray(plain[..., 0] if plain.shape[2] == 1 else plain).save(file, "JPEG", quality=quality)
        spoilt = np.asarray(Image.open(file)).reshape(plain.shape).astype(picture.dtype)
        return np.concatenate([spoilt * (257 if deep else 1), opacity(picture)], 2)

    return Degradation(f"jpeg:{quality}", _form, make)


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
"""The constructor of each, and the default, minimum and maximum of its number."""
EXAMPLES = ("gray", "edges", "lowres:4", "mask", "blur:2", "jpeg:10")
