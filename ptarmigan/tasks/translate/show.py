"""Pictures of translations: inputs, outputs and targets, side by side."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ptarmigan.data.samples import Samples
from ptarmigan.data.space import Space
from ptarmigan.media.pictures import grid
from ptarmigan.modalities.image.decode import resampled
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.label.space import LabelSpace

ROWS = 8
INPUT, OUTPUT, TARGET, BACK = "input", "output", "target", "back again"
Columns: TypeAlias = dict[str, NDArray[Any]]
"""Raw samples by what they are, from left to right; a row for each input."""


def pictured(samples: Samples, columns: Columns) -> Image.Image:
    """Columns of raw inputs, outputs and so on, side by side: a row for each input."""
    given, space = samples.require_inputs(), samples.space
    if not isinstance(space, ImageSpace | LabelSpace):
        return rendered(given, space, columns)
    height, width = space.shape[1:]
    shown = [
        np.stack(
            [
                to_rgb(one, height, width)
                for one in as_pictures(given if name in (INPUT, BACK) else space, raw)
            ]
        )
        for name, raw in columns.items()
    ]
    return grid(np.stack(shown, 1).reshape(-1, height, width, 3), len(columns))


def rendered(given: Space, space: Space, columns: Columns) -> Image.Image:
    """The same of samples that are no pictures, each as its space draws it."""
    drawn = [
        [(given if name in (INPUT, BACK) else space).render(one[None]) for one in raw]
        for name, raw in columns.items()
    ]
    size = drawn[0][0].size
    shown = [[np.asarray(one.convert("RGB").resize(size)) for one in column] for column in drawn]
    return grid(np.stack(shown, 1).reshape(-1, size[1], size[0], 3), len(columns))


def some_pairs(samples: Samples) -> Image.Image:
    """Training inputs and samples, in pairs where they match."""
    given = samples.require_condition()
    which = np.arange(min(ROWS, len(given.source), len(samples)))
    return pictured(samples, {INPUT: given.source.read(which), TARGET: samples.source.read(which)})


def as_pictures(space: Space, raw: NDArray[Any]) -> NDArray[Any]:
    """Raw samples as pictures: label maps in colours."""
    return space.pixels(raw) if isinstance(space, LabelSpace) else raw


def to_rgb(pixels: NDArray[Any], height: int, width: int) -> NDArray[np.uint8]:
    """One picture in RGB with 8 bits and the given size, on a white background."""
    if pixels.dtype == np.uint16:
        pixels = (pixels >> 8).astype(np.uint8)
    if pixels.shape[2] in (2, 4):
        alpha = pixels[..., -1:].astype(np.float64) / 255
        pixels = (pixels[..., :-1] * alpha + 255 * (1 - alpha)).round().astype(np.uint8)
    if pixels.shape[:2] != (height, width):
        box = (0.0, 0.0, float(pixels.shape[1]), float(pixels.shape[0]))
        pixels = resampled(pixels, height, width, box, Image.Resampling.NEAREST)
    return pixels if pixels.shape[2] == 3 else pixels.repeat(3, axis=2)
