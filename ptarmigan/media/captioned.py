"""Pictures in a grid with a caption under each."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np
from PIL import Image

from ptarmigan.core.text import printable
from ptarmigan.media.pictures import on_white

TILE, LINE, GAP = 128, 12, 8
"""Pixels of a picture's longer side, of a line of text, and between pictures."""
CHARACTER, LINES = 5.2, 3
"""Pixels of a character, about, and lines of a caption, at most."""
COLUMNS = 8


def captioned(
    pictures: Sequence[Image.Image], captions: Sequence[str], columns: int = COLUMNS
) -> Image.Image:
    """Pictures of one size, row by row, each with its caption; all are drawn alike large, long captions cut.

    Args:
        pictures: at least one.
        captions: as many.
        columns: pictures in a row.
    """
    from matplotlib.figure import Figure

    from ptarmigan.media.plot import render

    width, height = (max(1, round(side * TILE / max(pictures[0].size))) for side in pictures[0].size)
    columns = min(columns, len(pictures))
    texts = [wrapped(caption, int(width / CHARACTER)) for caption in captions]
    below = LINE * max(text.count("\n") + 1 for text in texts) + GAP
    across, down = width + GAP, height + below
    size = columns * across + GAP, -(-len(pictures) // columns) * down + GAP
    figure = Figure(figsize=(size[0] / 100, size[1] / 100), dpi=100)
    canvas = Image.new("RGB", size, "white")
    for i, (picture, text) in enumerate(zip(pictures, texts, strict=True)):
        left, top = GAP + i % columns * across, GAP + i // columns * down
        canvas.paste(on_white(picture).resize((width, height), Image.Resampling.NEAREST), (left, top))
        at = left / size[0], 1 - (top + height + 2) / size[1]
        figure.text(*at, text, fontsize=6.5, va="top", parse_math=False)
    figure.figimage(np.asarray(canvas))
    return render(figure)


def wrapped(caption: str, wide: int) -> str:
    """A caption in a few lines."""
    lines = textwrap.wrap(printable(caption), wide, max_lines=LINES, placeholder=" …")
    return "\n".join(lines)
