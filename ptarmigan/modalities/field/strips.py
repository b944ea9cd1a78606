"""One field as a small picture, in no time: its maps side by side, a colour bar, and what it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ptarmigan.modalities.field.colours import painter, scale

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ptarmigan.modalities.field.variable import Variable

SIDE, GAP, BAR, LINE, WORDS = 128, 3, 8, 14, 190
"""Pixels of a map's longer side, between maps, of the bar's width, of a line of text, and of its length."""


def strip(
    field: NDArray[Any], variables: Sequence[Variable], range_of: NDArray[Any], columns: int
) -> Image.Image:
    """The maps of one field ``(times, variables, height, width)``: a row for each variable.

    Args:
        field: in units of the data.
        variables: of these.
        range_of: fields ``(n, times, variables, …)`` whose range the colours have.
        columns: times that are shown, at most.
    """
    which = np.unique(np.linspace(0, len(field) - 1, min(len(field), columns)).round().astype(int))
    return stacked(
        [row(field[which, i], variable, range_of[:, :, i]) for i, variable in enumerate(variables)]
    )


def row(maps: NDArray[Any], variable: Variable, range_of: NDArray[Any]) -> Image.Image:
    """Maps of one variable ``(times, height, width)``, a colour bar, and the variable with its ends."""
    colours, paint = scale(variable, range_of), painter(variable, range_of)
    steps = "norm" in colours
    low, high = colours["norm"].boundaries[[0, -1]] if steps else (colours["vmin"], colours["vmax"])
    height, width = (max(1, SIDE * n // max(maps.shape[1:])) for n in maps.shape[1:])
    right = len(maps) * (width + GAP)
    canvas = Image.new("RGB", (max(WORDS, right + BAR), height + LINE), "white")
    for i, one in enumerate(maps):
        canvas.paste(paint(one).resize((width, height), Image.Resampling.NEAREST), (i * (width + GAP), 0))
    bar = np.geomspace(low, high, height) if steps else np.linspace(low, high, height)
    canvas.paste(paint(bar[::-1, None]).resize((BAR, height)), (right, 0))
    words = f"{variable.label}, {low:.3g} to {high:.3g}"
    ImageDraw.Draw(canvas).text((2, height + 1), words, fill=(60, 60, 60))
    return canvas


def stacked(pictures: Sequence[Image.Image]) -> Image.Image:
    """Pictures one below the other, on white."""
    canvas = Image.new("RGB", (max(p.width for p in pictures), sum(p.height for p in pictures)), "white")
    top = 0
    for picture in pictures:
        canvas.paste(picture, (0, top))
        top += picture.height
    return canvas
