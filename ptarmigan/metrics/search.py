"""Exact nearest neighbours: a matrix product gives candidates, whose distances are then computed.

The squared distances of all pairs are bounded by one product in float32; for the few pairs that the bounds
leave open they are computed in float64 from the differences. So the result is that of all the differences,
copies are at distance zero, and it does not depend on the block size.
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

CENTRE_SAMPLES = 1_000
"""Samples whose median is the centre of a set."""


def nearest(train: NDArray[Any], samples: NDArray[Any], k: int = 1) -> tuple[Indices, Distances]:
    """The ``k`` samples of ``train`` nearest to each of ``samples``, in Euclidean distance.

    Args:
        train: of shape (n, ...), any real type; a memory map will do.
        samples: of shape (m, ...), with the same number of values in a row.
        k: the number of neighbours.

    Returns:
        Indices into ``train`` and distances, both of shape (m, k), nearest first, ties by index.

    Raises:
        ValueError: ``k`` is not between 1 and the size of ``train``, or the rows have different lengths.
    """
    if not 1 <= k <= len(train):
        raise ValueError(f"there are not {k} nearest among {len(train)} samples")
    if train.shape[1:] != samples.shape[1:]:
        raise ValueError(f"no distance between samples of shape {train.shape[1:]} and {samples.shape[1:]}")
    train, samples = train.reshape(len(train), -1), samples.reshape(len(samples), -1)
    centre = _centre(train)
    return _settle(train, samples, k, centre, _of_others(train, samples, k, centre, np.float32))


def radii(x: NDArray[Any], k: int) -> Distances:
    """The distance from each row of ``x`` to the ``k``-th nearest other one, of shape (n,).

    Raises:
        ValueError: there are fewer than ``k`` others.
    """
    return reaches(x, k)[:, -1]


def reaches(x: NDArray[Any], k: int) -> Distances:
    """The distances from each row of ``x`` to the ``k`` nearest other ones, of shape (n, k).

    Raises:
        ValueError: there are fewer than ``k`` others.
    """
    if not 1 <= k < len(x):
        raise ValueError(f"{k} neighbours need more than {k} samples, and there are {len(x)}")
    centre, k = _centre(x), k + 1  # each is itself the nearest
    return _settle(x, x, k, centre, _of_one_another(x, k, centre))[1][:, 1:]


def within(a: NDArray[Any], b: NDArray[Any], *reaches: Distances) -> tuple[tuple[Indices, Indices], ...]:
    """The number of rows of ``b`` near each of ``a``, and of rows of ``a`` near each of ``b``.

    Args:
        a: of shape (n, d).
        b: of shape (m, d).
        reaches: radii; a pair at most so far apart is near. Of shape (m,) for balls around rows of ``b``, or
            (n, 1) for balls around rows of ``a``.

    Returns:
        For every ``reaches`` counts of shape (n,) and (m,).
    """
    counts = tuple((np.zeros(len(a), np.int64), np.zeros(len(b), np.int64)) for _ in reaches)
    centre = _centre(b)
    for i in spans(*a.shape):
        for j in spans(*b.shape):
            here = [reach[i] if reach.ndim == 2 else reach[j] for reach in reaches]
            for (of_a, of_b), near in zip(counts, _find_near(a[i], b[j], here, centre), strict=True):
                of_a[i] += np.count_nonzero(near, axis=1)
                of_b[j] += np.count_nonzero(near, axis=0)
    return counts


@dataclass(frozen=True, eq=False)
class _Rounded:
    """Rows minus a centre, in some precision, with bounds of the rounding.

    Attributes:
        values: of shape (n, d).
        squares: their squared lengths minus the largest rounding error, of shape (n, 1).
        doubt: twice that error; infinite where values are out of the precision's range.
    """

    values: NDArray[Any]
    squares: NDArray[Any]
    doubt: NDArray[Any]

    @staticmethod
    def of(rows: NDArray[Any], centre: NDArray[np.float32], precision: Precision) -> _Rounded:
        wide = np.result_type(rows.dtype, precision)
        with np.errstate(over="ignore", invalid="ignore"):
            values = np.subtract(rows, centre, dtype=wide).astype(precision, copy=False)
            squares = np.einsum("ij,ij->i", values, values)[:, None]
        limits, d = np.finfo(precision), rows.shape[1]
        held = squares < limits.max / 16
        values[~held[:, 0]], squares[~held] = 0, 0
        # rounding errors of a sum of d products grow as √d (Higham and Mary 2019, "A new approach to
        # probabilistic rounding error analysis"), and those of a·b are at most those of |a|² + |b|²
        doubt = ((16 + 8 * np.sqrt(d)) * limits.eps * squares + d * limits.tiny).astype(precision)
        return _Rounded(values, np.where(held, squares - doubt, -np.inf), np.where(held, 2 * doubt, np.inf))

    def below(self, other: _Rounded) -> NDArray[Any]:
        """Lower bounds of the squared distances between two sets of rows, of shape (n, m)."""
        out: NDArray[Any] = self.values @ other.values.T
        out *= -2
        out += self.squares
        out += other.squares.T
        return out


@dataclass(frozen=True, eq=False)
class _Candidates:
    """For every row, the candidates for its nearest neighbours in a set.

    Attributes:
        places: their indices in the set, of shape (n, candidates).
        below: lower bounds of their squared distances, of shape (n, candidates); the largest is a lower bound
            for all others.
    """

    places: Indices
    below: NDArray[Any]

    @staticmethod
    def nothing(n: int, of: int, k: int, precision: Precision) -> _Candidates:
        """No candidates yet, and room for more than ``k``, so that rounding seldom excludes a neighbour."""
        shape = (n, min(of, 2 * k + 8))
        return _Candidates(np.zeros(shape, np.int64), np.full(shape, np.inf, precision))

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
    train: NDArray[Any], samples: NDArray[Any], k: int, centre: NDArray[np.float32], precision: Precision
) -> _Candidates:
    candidates = _Candidates.nothing(len(samples), len(train), k, precision)
    for i in spans(*samples.shape):
        rows = _Rounded.of(samples[i], centre, precision)
        for j in spans(*train.shape):
            candidates.offer(i, rows.below(_Rounded.of(train[j], centre, precision)), j.start)
    return candidates


def _of_one_another(x: NDArray[Any], k: int, centre: NDArray[np.float32]) -> _Candidates:
    """The candidates within one set, where one product gives both halves of the pairs."""
    candidates = _Candidates.nothing(len(x), len(x), k, np.float32)
    parts = list(spans(*x.shape))
    for first, i in enumerate(parts):
        rows = _Rounded.of(x[i], centre, np.float32)
        for j in parts[first:]:
            below = rows.below(_Rounded.of(x[j], centre, np.float32))
            candidates.offer(i, below, j.start)
            if i != j:
                candidates.offer(j, below.T, i.start)
    return candidates


def _settle(
    train: NDArray[Any], samples: NDArray[Any], k: int, centre: NDArray[np.float32], candidates: _Candidates
) -> tuple[Indices, Distances]:
    """Indices and distances of the nearest among those kept; of all again in float64 where there is doubt."""
    found, distances, proven = _measure(train, samples, k, candidates)
    doubtful = np.flatnonzero(~proven)
    for rows in spans(len(doubtful), samples.shape[1]):
        some = samples[doubtful[rows]]
        again = _of_others(train, some, k, centre, np.float64)
        found[doubtful[rows]], distances[doubtful[rows]], _ = _measure(train, some, k, again)
    return found, distances


def _measure(
    train: NDArray[Any], samples: NDArray[Any], k: int, candidates: _Candidates
) -> tuple[Indices, Distances, NDArray[np.bool_]]:
    """Indices, distances, and for which rows these are certain."""
    exact = np.array(
        [row_distances(train[places], one) for places, one in zip(candidates.places, samples, strict=True)]
    )
    order = np.lexsort((candidates.places, exact))[:, :k]
    distances = np.take_along_axis(exact, order, 1)
    farthest, least = distances[:, -1], candidates.below.max(axis=1)
    proven = (farthest**2 <= least) | (farthest == 0) | (candidates.places.shape[1] == len(train))
    return np.take_along_axis(candidates.places, order, 1), distances, proven


def _smallest(values: NDArray[Any], count: int) -> Indices:
    """The indices of the ``count`` smallest values of every row, in any order; all where there are fewer."""
    if values.shape[1] <= count:
        return np.broadcast_to(np.arange(values.shape[1]), values.shape)
    return np.argpartition(values, count - 1, axis=1)[:, :count]


def _find_near(
    a: NDArray[Any], b: NDArray[Any], reaches: Sequence[Distances], centre: NDArray[np.float32]
) -> list[NDArray[np.bool_]]:
    """Masks of near pairs, of shape (n, m), for every ``reaches``, of shape (m,) or (n, 1)."""
    for precision in (np.float32, np.float64):
        first, second = (_Rounded.of(x, centre, precision) for x in (a, b))
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
            found[i, j] = row_distances(a[i], b[j]) <= reach[i, j]
    return near


def row_distances(a: NDArray[Any], b: NDArray[Any]) -> Distances:
    """The distance of every row of ``a`` from the same row of ``b``, or from its only row, in float64."""
    # contiguous by rows, so that a sum does not depend on the other rows
    difference = a.astype(np.float64, order="C") - b.astype(np.float64, order="C")
    out: Distances = np.linalg.norm(difference, axis=1)
    return out


def _centre(x: NDArray[Any]) -> NDArray[np.float32]:
    """The median of every coordinate: products lose least about it, and it is robust against outliers."""
    some = np.asarray(x[:: max(1, len(x) // CENTRE_SAMPLES)], np.float64)
    return np.clip(np.median(some, axis=0), -1e30, 1e30).astype(np.float32)
