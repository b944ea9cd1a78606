"""Rows as vectors whose distances mean something."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.metrics.features import Vectors
from ptarmigan.modalities.table.column import Column, Floats, is_number, numbers

TINY = np.finfo(np.float64).tiny


class Places:
    """Rows as vectors whose distances mean something.

    A number is the share of real rows below it, and goes on by their range outside of it; a missing one is in
    the middle, and 1 in a place of its own. Of other columns, two different values are as far apart as the
    ends of a column of numbers.

    Args:
        columns: what rows hold.
        real: raw rows, by which the shares are.
    """

    name, hash = "rows", ""

    def __init__(self, columns: Sequence[Column], real: Floats) -> None:
        self.columns = [(i, column) for i, column in enumerate(columns) if column.width]
        self.known = {
            i: shares(numbers(column, real[:, i])) for i, column in self.columns if is_number(column)
        }

    def __call__(self, raw: NDArray[Any]) -> Vectors:
        """``(n, columns)`` to ``(n, d)``."""
        return np.concatenate([self.part(i, column, raw[:, i]) for i, column in self.columns], 1)

    def part(self, i: int, column: Column, cells: Floats) -> Vectors:
        """One column."""
        if i not in self.known:
            return column.encode(cells) / np.float32((2 * len(column.sizes)) ** 0.5)
        cells = numbers(column, cells)
        gone = np.isnan(cells)
        values, below = self.known[i]
        outside = (cells - np.clip(cells, values[0], values[-1])) / max(values[-1] - values[0], TINY)
        place = np.where(gone, 0.5, np.interp(cells, values, below) + np.clip(outside, -1, 1))
        return np.stack([place, gone], 1).astype(np.float32)


def shares(cells: Floats) -> tuple[Floats, Floats]:
    """Every number that occurs, and the share of cells below it and half of those with it."""
    values, counts = np.unique(cells[~np.isnan(cells)], return_counts=True)
    if not len(values):
        return np.zeros(1), np.full(1, 0.5)
    return values, (np.cumsum(counts) - counts / 2) / counts.sum()
