"""How like real rows of a table others are: column by column, and pair by pair; and trivial tables beside.

As SDMetrics (MIT) defines column shapes and column pair trends in its quality report, on all columns but ids
and constants. Rows are raw, as ``TableSpace`` has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.modalities.table.column import Column, Floats, is_number, numbers

BINS = 10
"""Of equal width between the smallest and the largest real number."""


def column_shapes(columns: Sequence[Column], real: Floats, fake: Floats) -> float:
    """The mean over columns of how far they are distributed alike, from 0 to 1.

    Of numbers and dates that is 1 less the Kolmogorov-Smirnov statistic, of others 1 less the total
    variation; missing values do not count. NaN where nothing can be compared.
    """
    found = [column_shape(c, real[:, i], fake[:, i]) for i, c in enumerate(columns) if c.width]
    return mean(found)


def column_shape(column: Column, real: Floats, fake: Floats) -> float:
    """How far one column is distributed alike; NaN where all of its cells are missing."""
    a, b = (cells[~np.isnan(cells)] for cells in (numbers(column, real), numbers(column, fake)))
    if not len(a) or not len(b):
        return float("nan")
    if is_number(column):
        everywhere = np.concatenate([a, b])
        below = [np.searchsorted(np.sort(x), everywhere, side="right") / len(x) for x in (a, b)]
        return 1 - float(np.abs(below[0] - below[1]).max())
    return alike(a.astype(np.int64), b.astype(np.int64))


def pair_trends(columns: Sequence[Column], real: Floats, fake: Floats) -> float:
    """The mean over pairs of columns of how far they belong together alike, from 0 to 1.

    Of two columns of numbers that is 1 less half the difference of their correlations; of others, 1 less the
    total variation between their contingency tables, in which numbers are in bins and missing values are a
    value. NaN where nothing can be compared.
    """
    learnt = [i for i, column in enumerate(columns) if column.width]
    one = {i: numbers(columns[i], real[:, i]) for i in learnt}
    other = {i: numbers(columns[i], fake[:, i]) for i in learnt}
    coded = {i: codes(columns[i], one[i], other[i]) for i in learnt}
    found = []
    for i, j in combinations(learnt, 2):
        if is_number(columns[i]) and is_number(columns[j]):
            apart = correlation(one[i], one[j]) - correlation(other[i], other[j])
            found.append(1 - abs(apart) / 2)
        else:
            size = int(max(coded[j][0].max(), coded[j][1].max())) + 1
            tables = [a * size + b for a, b in zip(coded[i], coded[j], strict=True)]
            found.append(alike(*tables))
    return mean(found)


def codes(column: Column, real: Floats, fake: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Cells of both as whole numbers from 0: bins or values, then missing ones."""
    if not is_number(column):
        last = len(column.values)
        return tuple(np.where(np.isnan(x), last, x).astype(np.int64) for x in (real, fake))  # type: ignore[return-value]
    there = real[~np.isnan(real)]
    low = there.min() if len(there) else 0.0  # bins of large numbers would have no width
    edges = np.histogram_bin_edges(there - low if len(there) else np.zeros(1), BINS)
    return np.digitize(real - low, edges), np.digitize(fake - low, edges)


def alike(a: NDArray[np.int64], b: NDArray[np.int64]) -> float:
    """1 less the total variation between the frequencies of two sets of whole numbers from 0."""
    size = int(max(a.max(), b.max())) + 1
    shares = [np.bincount(x, minlength=size) / len(x) for x in (a, b)]
    return 1 - float(np.abs(shares[0] - shares[1]).sum()) / 2


def correlation(a: Floats, b: Floats) -> float:
    """Pearson's, of the rows that have both; NaN where one does not vary."""
    both = ~(np.isnan(a) | np.isnan(b))
    if not both.any():
        return float("nan")
    a, b = a[both] - a[both].mean(), b[both] - b[both].mean()
    spread = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / spread if spread else float("nan")


def mean(found: list[float]) -> float:
    """The mean of what is not NaN; NaN where nothing is left."""
    finite = [x for x in found if not np.isnan(x)]
    return float(np.mean(finite)) if finite else float("nan")


def bootstrap(raw: NDArray[Any], n: int, seed: int = 0) -> NDArray[Any]:
    """Real rows, drawn again and again: as like as can be, and nothing new."""
    return raw[np.random.default_rng(seed).integers(len(raw), size=n)]


def independent(raw: NDArray[Any], n: int, seed: int = 0) -> NDArray[Any]:
    """Every cell from another real row: columns are right, and nothing belongs together."""
    rows = np.random.default_rng(seed).integers(len(raw), size=(n, raw.shape[1]))
    return np.take_along_axis(raw, rows, 0)
