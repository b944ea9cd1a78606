"""Distances without a model: sliced Wasserstein between sets, and nearest neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.noise import key

Distances = NDArray[np.float64]
DIRECTIONS = 128
BLOCK = 16
ROWS = 2_048


def sliced_wasserstein(
    a: NDArray[Any], b: NDArray[Any], *, directions: int = DIRECTIONS, seed: int = 0
) -> float:
    """The sliced 2-Wasserstein distance, in the units of the data.

    The root of the mean, over random directions, of the squared Wasserstein distance between the projections,
    which is exact in one dimension, for sets of different sizes too (Rabin et al. 2011, "Wasserstein
    barycenter and its application to texture mixing").

    Args:
        a: points or features, of shape (n, d).
        b: the same, of shape (m, d).
        directions: how many directions are drawn.
        seed: names the directions.

    Raises:
        ValueError: a set is empty or not finite, or their dimensions differ.
    """
    a, b = _matrix(a), _matrix(b)
    if a.shape[1] != b.shape[1]:
        raise ValueError(f"no distance between points of {a.shape[1]} and of {b.shape[1]} coordinates")
    rng = np.random.default_rng(key(seed, "sliced wasserstein", a.shape[1]))
    along = rng.standard_normal((a.shape[1], directions))
    along /= np.linalg.norm(along, axis=0)
    of_a, of_b, mass = _coupling(len(a), len(b))
    total = 0.0
    for start in range(0, directions, BLOCK):
        block = along[:, start : start + BLOCK]
        x, y = np.sort(a @ block, axis=0), np.sort(b @ block, axis=0)
        total += float(mass @ ((x[of_a] - y[of_b]) ** 2).sum(axis=1))
    return float(np.sqrt(total / directions))


def _coupling(n: int, m: int) -> tuple[NDArray[np.int64], NDArray[np.int64], Distances]:
    """Which sorted samples share how much mass in the best plan between ``n`` and ``m`` points on a line."""
    ends = np.union1d(np.arange(1, n + 1, dtype=np.int64) * m, np.arange(1, m + 1, dtype=np.int64) * n)
    return (ends - 1) // m, (ends - 1) // n, np.diff(ends, prepend=0) / (n * m)


def nearest(train: NDArray[Any], samples: NDArray[Any], k: int = 1) -> tuple[NDArray[np.int64], Distances]:
    """The ``k`` samples of ``train`` nearest to each of ``samples``, in Euclidean distance.

    Blocks of 2,048 by 2,048 candidates are compared in float32; those kept are measured again in float64, so
    the distance of a copy is exactly zero. Equal distances are ordered by index.

    Args:
        train: of shape (n, ...), any number type; a memory map will do.
        samples: of shape (m, ...), with the same number of values in a row.
        k: how many neighbours.

    Returns:
        Indices into ``train`` and distances, both of shape (m, k), nearest first.

    Raises:
        ValueError: ``k`` is not between 1 and the size of ``train``, or the rows have different lengths.
    """
    if not 1 <= k <= len(train):
        raise ValueError(f"there are not {k} nearest among {len(train)} samples")
    if train.shape[1:] != samples.shape[1:]:
        raise ValueError(f"no distance between samples of shape {train.shape[1:]} and {samples.shape[1:]}")
    indices = np.empty((len(samples), k), np.int64)
    distances = np.empty((len(samples), k))
    for start in range(0, len(samples), ROWS):
        rows = slice(start, start + ROWS)
        indices[rows], distances[rows] = _nearest(train, _flat(samples[rows]), k)
    return indices, distances


def _nearest(
    train: NDArray[Any], samples: NDArray[np.float32], k: int
) -> tuple[NDArray[np.int64], Distances]:
    kept = min(len(train), 2 * k + 8)  # more than k, because float32 may confuse neighbours
    found = np.empty((len(samples), 0), np.int64)
    values = np.empty((len(samples), 0), np.float32)
    centre = samples.mean(axis=0)
    queries = samples - centre
    for start in range(0, len(train), ROWS):
        block = _flat(train[start : start + ROWS]) - centre
        squared = (block**2).sum(axis=1) - 2 * (queries @ block.T)
        places = np.broadcast_to(np.arange(start, start + len(block)), squared.shape)
        values, found = np.hstack([values, squared]), np.hstack([found, places])
        best = np.argpartition(values, min(kept, values.shape[1]) - 1, axis=1)[:, :kept]
        values, found = np.take_along_axis(values, best, 1), np.take_along_axis(found, best, 1)
    exact = np.empty(found.shape)
    for i, candidates in enumerate(found):
        exact[i] = np.linalg.norm(_flat(train[candidates]).astype(np.float64) - samples[i], axis=1)
    order = np.lexsort((found, exact))[:, :k]
    return np.take_along_axis(found, order, 1), np.take_along_axis(exact, order, 1)


def _flat(raw: NDArray[Any]) -> NDArray[np.float32]:
    return np.asarray(raw, np.float32).reshape(len(raw), -1)


def _matrix(points: NDArray[Any]) -> Distances:
    out = np.asarray(points, np.float64)
    if out.ndim != 2 or 0 in out.shape:
        raise ValueError(f"points have the shape (samples, coordinates), not {out.shape}")
    bad = ~np.isfinite(out).all(axis=1)
    if bad.any():
        raise ValueError(f"{int(bad.sum())} of {len(out)} points are not finite")
    return out
