"""The distance between two sets without a model: sliced Wasserstein."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.core.noise import key
from ptarmigan.metrics.vectors import pair

Distances = NDArray[np.float64]
DIRECTIONS = 128
BLOCK = 16


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
        directions: how many random directions.
        seed: the random seed of the directions.

    Raises:
        ValueError: a set is empty or not finite, or their dimensions differ.
    """
    a, b = (x.astype(np.float64) for x in pair(a, b))
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
    """The optimal transport plan between ``n`` and ``m`` sorted points on a line: pairs and their mass."""
    ends = np.union1d(np.arange(1, n + 1, dtype=np.int64) * m, np.arange(1, m + 1, dtype=np.int64) * n)
    return (ends - 1) // m, (ends - 1) // n, np.diff(ends, prepend=0) / (n * m)
