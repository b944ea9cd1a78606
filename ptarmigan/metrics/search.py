"""Which samples are near which: a matrix product proposes, the distances themselves decide.

The squared distances of all pairs come from one product, in float32, as bounds that the true ones cannot be
outside of; the few pairs that these leave open are measured in float64 from the differences. So what is found
is what all the differences would have given, copies are at distance zero, and no block size shows in it.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    return _settled(train, samples, k, middle, _of_others(train, samples, k, middle, np.float32))


def radii(x: NDArray[Any], k: int) -> Distances:
    """The distance from each row of ``x`` to the ``k``-th nearest other one, of shape (n,).

    Raises:
        ValueError: there are not ``k`` others.
    """
    return reaches(x, k)[:, -1]


def reaches(x: NDArray[Any], k: int) -> Distances:
    """The distances from each row of ``x`` to the ``k`` nearest other ones, of shape (n, k).

    Raises:
        ValueError: there are not ``k`` others.
    """
    if not 1 <= k < len(x):
        raise ValueError(f"{k} neighbours need more than {k} samples, and there are {len(x)}")
    middle, k = _middle(x), k + 1  # each is itself the nearest
    return _settled(x, x, k, middle, _of_one_another(x, k, middle))[1][:, 1:]


def within(a: NDArray[Any], b: NDArray[Any], *reaches: Distances) -> tuple[tuple[Indices, Indices], ...]:
    """How many of ``b`` are near each of ``a``, and how many of ``a`` near each of ``b``.

    Args:
        a: of shape (n, d).
        b: of shape (m, d).
        reaches: how near that is, and just so far is near: of shape (m,) where it is up to the row of ``b``,
            and (n, 1) where it is up to that of ``a``.

    Returns:
        For every reach counts of shape (n,) and (m,).
    """
    counts = tuple((np.zeros(len(a), np.int64), np.zeros(len(b), np.int64)) for _ in reaches)
    middle = _middle(b)
    for i in spans(*a.shape):
        for j in spans(*b.shape):
            here = [reach[i] if reach.ndim == 2 else reach[j] for reach in reaches]
            for (of_a, of_b), near in zip(counts, _near(a[i], b[j], here, middle), strict=True):
                of_a[i] += np.count_nonzero(near, axis=1)
                of_b[j] += np.count_nonzero(near, axis=0)
    return counts


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


@dataclass(frozen=True, eq=False)
class _Kept:
    """For every row the few of a set that may be nearest.

    Attributes:
        places: where in the set they are, of shape (n, kept).
        below: what their squared distances cannot be less than, of shape (n, kept); the largest is what those
            of the others cannot be less than.
    """

    places: Indices
    below: NDArray[Any]

    @staticmethod
    def nothing(n: int, of: int, k: int, precision: Precision) -> _Kept:
        """Room for more than ``k`` of so many, so that rounding seldom hides one of these behind the last."""
        shape = (n, min(of, 2 * k + 8))
        return _Kept(np.zeros(shape, np.int64), np.full(shape, np.inf, precision))

    def offer(self, rows: slice, below: NDArray[Any], start: int) -> None:
        """Keep the nearest of what is kept for ``rows`` and of a block of the set, from ``start`` on."""
        count = self.places.shape[1]
        best = _smallest(below, count)
        places = np.hstack([self.places[rows], best + start])
        below = np.hstack([self.below[rows], np.take_along_axis(below, best, 1)])
        best = _smallest(below, count)
        self.places[rows] = np.take_along_axis(places, best, 1)
        self.below[rows] = np.take_along_axis(below, best, 1)


def _of_others(
    train: NDArray[Any], samples: NDArray[Any], k: int, middle: NDArray[np.float32], precision: Precision
) -> _Kept:
    kept = _Kept.nothing(len(samples), len(train), k, precision)
    for i in spans(*samples.shape):
        rows = _Rounded.of(samples[i], middle, precision)
        for j in spans(*train.shape):
            kept.offer(i, rows.below(_Rounded.of(train[j], middle, precision)), j.start)
    return kept


def _of_one_another(x: NDArray[Any], k: int, middle: NDArray[np.float32]) -> _Kept:
    """The same within one set, where a product serves both sides."""
    kept = _Kept.nothing(len(x), len(x), k, np.float32)
    parts = list(spans(*x.shape))
    for first, i in enumerate(parts):
        rows = _Rounded.of(x[i], middle, np.float32)
        for j in parts[first:]:
            below = rows.below(_Rounded.of(x[j], middle, np.float32))
            kept.offer(i, below, j.start)
            if i != j:
                kept.offer(j, below.T, i.start)
    return kept


def _settled(
    train: NDArray[Any], samples: NDArray[Any], k: int, middle: NDArray[np.float32], kept: _Kept
) -> tuple[Indices, Distances]:
    """Indices and distances of the nearest among those kept; of all again in float64 where there is doubt."""
    found, distances, proven = _measured(train, samples, k, kept)
    doubtful = np.flatnonzero(~proven)
    for rows in spans(len(doubtful), samples.shape[1]):
        some = samples[doubtful[rows]]
        again = _of_others(train, some, k, middle, np.float64)
        found[doubtful[rows]], distances[doubtful[rows]], _ = _measured(train, some, k, again)
    return found, distances


def _measured(
    train: NDArray[Any], samples: NDArray[Any], k: int, kept: _Kept
) -> tuple[Indices, Distances, NDArray[np.bool_]]:
    """Indices, distances, and where these are sure to be the smallest."""
    exact = np.array([apart(train[places], one) for places, one in zip(kept.places, samples, strict=True)])
    order = np.lexsort((kept.places, exact))[:, :k]
    distances = np.take_along_axis(exact, order, 1)
    farthest, least = distances[:, -1], kept.below.max(axis=1)
    proven = (farthest**2 <= least) | (farthest == 0) | (kept.places.shape[1] == len(train))
    return np.take_along_axis(kept.places, order, 1), distances, proven


def _smallest(values: NDArray[Any], count: int) -> Indices:
    """Where in every row the ``count`` smallest are, in any order; everywhere where there are fewer."""
    if values.shape[1] <= count:
        return np.broadcast_to(np.arange(values.shape[1]), values.shape)
    return np.argpartition(values, count - 1, axis=1)[:, :count]


def _near(
    a: NDArray[Any], b: NDArray[Any], reaches: Sequence[Distances], middle: NDArray[np.float32]
) -> list[NDArray[np.bool_]]:
    """Which pairs are near, of shape (n, m), for every reach, of shape (m,) or (n, 1)."""
    for precision in (np.float32, np.float64):
        first, second = (_Rounded.of(x, middle, precision) for x in (a, b))
        below = first.below(second)
        with np.errstate(over="ignore", invalid="ignore"):
            above = below + first.doubt
            above += second.doubt.T
            squares = [(reach**2).astype(precision) for reach in reaches]
            near: list[NDArray[np.bool_]] = [above <= square for square in squares]
            open_ = [np.flatnonzero((below <= s) & ~sure) for s, sure in zip(squares, near, strict=True)]
        if max(map(len, open_)) <= len(a) + len(b):
            break
    step = max(1, NUMBERS // a.shape[1])
    for reach, found, places in zip(reaches, near, open_, strict=True):
        reach = np.broadcast_to(reach, found.shape)
        for start in range(0, len(places), step):
            i, j = np.unravel_index(places[start : start + step], found.shape)
            found[i, j] = apart(a[i], b[j]) <= reach[i, j]
    return near


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
