"""Which samples are near which: a matrix product proposes, the distances themselves decide.

The squared distances of all pairs come from one product, in float32, as bounds that the true ones cannot be
outside of; the few pairs that these leave open are measured in float64 from the differences. So what is found
is what all the differences would have given, copies are at distance zero, and no block size shows in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ptarmigan.metrics.vectors import NUMBERS, spans

Distances = NDArray[np.float64]
Indices = NDArray[np.int64]
Precision: TypeAlias = type[np.float32] | type[np.float64]

MIDDLE = 1_000
"""Samples from which the middle of a set is taken."""


def nearest(train: NDArray[Any], samples: NDArray[Any], k: int = 1) -> tuple[Indices, Distances]:
    """The ``k`` samples of ``train`` nearest to each of ``samples``, in Euclidean distance.

    Args:
        train: of shape (n, ...), any real type; a memory map will do.
        samples: of shape (m, ...), with the same number of values in a row.
        k: how many neighbours.

    Returns:
        Indices into ``train`` and distances, both of shape (m, k), nearest first, equally near ones by index.

    Raises:
        ValueError: ``k`` is not between 1 and the size of ``train``, or the rows have different lengths.
    """
    if not 1 <= k <= len(train):
        raise ValueError(f"there are not {k} nearest among {len(train)} samples")
    if train.shape[1:] != samples.shape[1:]:
        raise ValueError(f"no distance between samples of shape {train.shape[1:]} and {samples.shape[1:]}")
    train, samples = train.reshape(len(train), -1), samples.reshape(len(samples), -1)
    middle = _middle(train)
    indices, distances = np.empty((len(samples), k), np.int64), np.empty((len(samples), k))
    for rows in spans(*samples.shape):
        found = _nearest(train, samples[rows], k, middle, np.float32)
        indices[rows], distances[rows], proven = found
        if not proven.all():
            open_ = np.arange(rows.start, rows.stop)[~proven]
            indices[open_], distances[open_], _ = _nearest(train, samples[open_], k, middle, np.float64)
    return indices, distances


def radii(x: NDArray[Any], k: int) -> Distances:
    """The distance from each row of ``x`` to the ``k``-th nearest other one, of shape (n,).

    Raises:
        ValueError: there are not ``k`` others.
    """
    if not 1 <= k < len(x):
        raise ValueError(f"{k} neighbours need more than {k} samples, and there are {len(x)}")
    return nearest(x, x, k + 1)[1][:, k]  # each is itself the nearest


def balls(points: NDArray[Any], centres: NDArray[Any], radius: Distances) -> tuple[Indices, Indices]:
    """In how many balls every point lies, and how many points lie in every ball; the surface is inside.

    Args:
        points: of shape (n, d).
        centres: of shape (m, d).
        radius: of every ball, of shape (m,), as ``radii`` has it.

    Returns:
        Counts of shape (n,) and (m,).
    """
    of_points, of_balls = np.zeros(len(points), np.int64), np.zeros(len(centres), np.int64)
    middle = _middle(centres)
    for i in spans(*points.shape):
        for j in spans(*centres.shape):
            inside = _inside(points[i], centres[j], radius[j], middle)
            of_points[i] += np.count_nonzero(inside, axis=1)
            of_balls[j] += np.count_nonzero(inside, axis=0)
    return of_points, of_balls


@dataclass(frozen=True, eq=False)
class _Rounded:
    """Rows about a middle, in some precision.

    Attributes:
        values: of shape (n, d).
        squares: their squared lengths, made smaller by what rounding can do; of shape (n, 1).
        doubt: twice how much smaller they were made; infinite where the precision cannot hold them.
    """

    values: NDArray[Any]
    squares: NDArray[Any]
    doubt: NDArray[Any]

    @staticmethod
    def of(rows: NDArray[Any], middle: NDArray[np.float32], precision: Precision) -> _Rounded:
        wide = np.result_type(rows.dtype, precision)
        with np.errstate(over="ignore", invalid="ignore"):
            values = np.subtract(rows, middle, dtype=wide).astype(precision, copy=False)
            squares = np.einsum("ij,ij->i", values, values)[:, None]
        limits, d = np.finfo(precision), rows.shape[1]
        held = squares < limits.max / 16
        values[~held[:, 0]], squares[~held] = 0, 0
        # rounding errors of a sum of d products grow as √d (Higham and Mary 2019, "A new approach to
        # probabilistic rounding error analysis"), and those of a·b are at most those of |a|² + |b|²
        doubt = ((16 + 8 * np.sqrt(d)) * limits.eps * squares + d * limits.tiny).astype(precision)
        return _Rounded(values, np.where(held, squares - doubt, -np.inf), np.where(held, 2 * doubt, np.inf))

    def below(self, other: _Rounded) -> NDArray[Any]:
        """What the squared distances between two sets of rows cannot be less than, of shape (n, m)."""
        out: NDArray[Any] = self.values @ other.values.T
        out *= -2
        out += self.squares
        out += other.squares.T
        return out


def _nearest(
    train: NDArray[Any], samples: NDArray[Any], k: int, middle: NDArray[np.float32], precision: Precision
) -> tuple[Indices, Distances, NDArray[np.bool_]]:
    """Indices, distances, and where these are sure to be the smallest."""
    kept = min(
        len(train), 2 * k + 8
    )  # more than k, so that the last is usually farther than rounding can hide
    queries = _Rounded.of(samples, middle, precision)
    found, below = np.empty((len(samples), 0), np.int64), np.empty((len(samples), 0), precision)
    for rows in spans(*train.shape):
        block = queries.below(_Rounded.of(train[rows], middle, precision))
        best = _smallest(block, kept)
        found = np.hstack([found, best + rows.start])
        below = np.hstack([below, np.take_along_axis(block, best, 1)])
        best = _smallest(below, kept)
        found, below = np.take_along_axis(found, best, 1), np.take_along_axis(below, best, 1)
    exact = np.array([apart(train[places], one) for places, one in zip(found, samples, strict=True)])
    order = np.lexsort((found, exact))[:, :k]
    found, exact = np.take_along_axis(found, order, 1), np.take_along_axis(exact, order, 1)
    farthest = exact[:, -1]
    # all that was not kept is at least as far as the last that was
    proven = (farthest**2 <= below.max(axis=1)) | (farthest == 0) | (kept == len(train))
    return found, exact, proven


def _smallest(values: NDArray[Any], count: int) -> Indices:
    """Where in every row the ``count`` smallest are, in any order; everywhere where there are fewer."""
    if values.shape[1] <= count:
        return np.broadcast_to(np.arange(values.shape[1]), values.shape)
    return np.argpartition(values, count - 1, axis=1)[:, :count]


def _inside(
    points: NDArray[Any], centres: NDArray[Any], radius: Distances, middle: NDArray[np.float32]
) -> NDArray[np.bool_]:
    """Which points lie in which balls, of shape (points, balls)."""
    for precision in (np.float32, np.float64):
        first, second = (_Rounded.of(x, middle, precision) for x in (points, centres))
        below = first.below(second)
        with np.errstate(over="ignore", invalid="ignore"):
            squared = (radius**2).astype(precision)
            reached = below <= squared
            below += first.doubt
            below += second.doubt.T
            inside: NDArray[np.bool_] = below <= squared
        i, j = np.nonzero(reached & ~inside)
        if len(i) <= len(points) + len(centres):
            break
    step = max(1, NUMBERS // points.shape[1])
    for start in range(0, len(i), step):
        some, others = i[start : start + step], j[start : start + step]
        inside[some, others] = apart(points[some], centres[others]) <= radius[others]
    return inside


def apart(a: NDArray[Any], b: NDArray[Any]) -> Distances:
    """The distance of every row of ``a`` from the row of ``b``, or from its one row, in float64."""
    # laid out row by row, so that a sum never depends on which rows it is asked for
    difference = a.astype(np.float64, order="C") - b.astype(np.float64, order="C")
    out: Distances = np.linalg.norm(difference, axis=1)
    return out


def _middle(x: NDArray[Any]) -> NDArray[np.float32]:
    """The median of every coordinate: products about it lose least, and no outlier moves it."""
    some = np.asarray(x[:: max(1, len(x) // MIDDLE)], np.float64)
    return np.clip(np.median(some, axis=0), -1e30, 1e30).astype(np.float32)
