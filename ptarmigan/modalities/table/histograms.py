"""A picture of a table: how each of its columns is distributed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from PIL import Image

from ptarmigan.core.text import printable
from ptarmigan.media.plot import render
from ptarmigan.modalities.table.column import Column, Floats

Drawn: TypeAlias = tuple[Column, Floats, Floats | None]
"""A column, its raw cells, and those of real rows."""

COLUMNS = 4
BINS = 30
VALUES = 10
"""Values that are drawn, at most: the most frequent."""


def histograms(columns: Sequence[Drawn]) -> Image.Image:
    """A histogram of every column, generated beside real."""
    from matplotlib.figure import Figure

    rows = -(-len(columns) // COLUMNS)
    figure = Figure(figsize=(2.6 * COLUMNS, 2.0 * rows), dpi=100, layout="constrained")
    for i, (column, raw, real) in enumerate(columns):
        axes = figure.add_subplot(rows, COLUMNS, i + 1)
        ticks, made = shares(column, raw)
        if real is not None:
            axes.bar(ticks, shares(column, real)[1], width=1.0, color="0.75")
        axes.step(ticks, made, where="mid", color="#e07b00")
        axes.set_title(printable(str(column.name))[:28], fontsize=8, parse_math=False)
        axes.set_yticks([])
        axes.set_xticks([])
    return render(figure)


def shares(column: Column, raw: Floats) -> tuple[Floats, Floats]:
    """Places of bars, and the share of cells in each: of values, or of numbers between low and high."""
    there = raw[~np.isnan(raw)]
    if column.modes:
        counts, _ = np.histogram(there - column.low, BINS, (0, column.high - column.low))
    else:
        counts = np.bincount(there.astype(np.int64), minlength=len(column.values))[:VALUES]
    return np.arange(len(counts), dtype=np.float64), counts / max(1, len(raw))
