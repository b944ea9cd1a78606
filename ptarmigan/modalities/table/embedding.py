"""Cells as numbers whose Euclidean distance says how alike they are, a column counting as much as another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ptarmigan.modalities.table.column import Column, is_number, numbers, raw_number

LONGEST = 32
"""Values that have a coordinate each, the most frequent ones; all others share one."""
NEAR = 4.0
"""Standard deviations from the mean within which numbers count nearly as they are; beyond, as logarithms."""
RARE = 0.05
"""The least that two cells of a column are expected to differ: one that hardly ever varies says little."""
Floats = NDArray[np.float64]


def embedded(column: Column, raw: Floats) -> Floats:
    """Raw cells of a column ``(n,)``, NaN where missing, as ``(n, numbers)``.

    Numbers are standardised, values are one-hot vectors, and a missing cell is a value of its own. Two cells
    of the data are at a mean squared distance of 1.
    """
    if is_number(column):
        mean, deviation = moments(column)
        apart = np.nan_to_num((numbers(column, raw) - mean) / (deviation or 1.0))
        gone, missing = np.isnan(raw), share_missing(column)
        there = NEAR * np.arcsinh(apart / NEAR) * ~gone
        both = np.stack([there, gone], 1) if column.missing else there[:, None]
        return np.asarray(both / np.sqrt(2 * (1 - missing) * (1 + missing)))
    count = min(len(column.values), LONGEST)
    codes = np.where(np.isnan(raw), count + 1, np.minimum(raw, count)).astype(np.int64)
    return np.asarray(np.eye(count + 2)[codes] / np.sqrt(max(variety(column), RARE)))


def moments(column: Column) -> tuple[float, float]:
    """Mean and standard deviation of a column of numbers, without missing cells."""
    if column.modes:
        weight, mean, deviation = np.array(column.modes).T
        weight = weight / weight.sum()
        middle = float(weight @ mean)
        return middle, float(np.sqrt(weight @ (deviation**2 + (mean - middle) ** 2)))
    values = np.array([raw_number(column, v) for v in column.values], np.float64)
    weight = np.array(column.counts[: len(values)], np.float64)
    middle = float(weight @ values / weight.sum())
    return middle, float(np.sqrt(weight @ (values - middle) ** 2 / weight.sum()))


def share_missing(column: Column) -> float:
    """The share of rows without a value, short of all."""
    return min(column.counts[-1] / max(sum(column.counts), 1), 0.99) if column.missing else 0.0


def variety(column: Column) -> float:
    """Twice the chance that two cells hold different values."""
    shares = np.array(column.counts, np.float64) / max(sum(column.counts), 1)
    return float(2 * (1 - (shares**2).sum()))
