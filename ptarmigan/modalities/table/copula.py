"""A Gaussian copula: every column as it is, and what belongs together by correlations alone.

What the Synthetic Data Vault began with (Patki et al. 2016, "The synthetic data vault"), here with every
column's own distribution in place of a fitted one: a generator that is worse than this has learnt little.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.core.noise import key
from ptarmigan.modalities.table.column import Column, Floats, numbers


def gaussian_copula(columns: Sequence[Column], raw: NDArray[Any], n: int, seed: int = 0) -> NDArray[Any]:
    """``n`` rows of the Gaussian copula of real ones.

    A cell is its rank in its column: cells that are equal are in an order of chance, and missing ones last.
    Ranks become normal scores, of which the correlations are taken; normal rows of these correlations become
    ranks again, and cells.

    Args:
        columns: what the rows hold.
        raw: the rows, as ``TableSpace`` has them.
        n: how many are made.
        seed: the random seed.
    """
    from scipy.special import ndtri

    rng = np.random.default_rng(key(seed, "copula"))
    orders = [ranked(numbers(column, raw[:, i]), rng) for i, column in enumerate(columns)]
    ranks = np.stack([np.argsort(order) for order in orders], 1)
    scores: Floats = ndtri((ranks + 0.5) / len(raw))
    return drawn(raw, orders, scores.T @ scores / len(raw), n, rng)


def ranked(cells: Floats, rng: np.random.Generator) -> NDArray[np.int64]:
    """The rows in the order of their cells, equal ones in an order of chance."""
    return np.lexsort((rng.random(len(cells)), cells))


def drawn(
    raw: NDArray[Any],
    orders: Sequence[NDArray[np.int64]],
    covariance: Floats,
    n: int,
    rng: np.random.Generator,
) -> NDArray[Any]:
    """Cells of real rows, by the ranks of normal rows that are correlated."""
    from scipy.special import ndtr

    size, basis = np.linalg.eigh(covariance)
    z = rng.normal(size=(n, len(size))) * np.sqrt(np.maximum(size, 0)) @ basis.T
    deviation = np.sqrt(np.diag(covariance))
    places = (ndtr(z / np.where(deviation > 0, deviation, 1)) * len(raw)).astype(np.int64)
    rows = [order[np.minimum(places[:, i], len(raw) - 1)] for i, order in enumerate(orders)]
    return np.take_along_axis(raw, np.stack(rows, 1), 0)
