"""Estimates with standard errors."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.core.noise import key

TIMES = 200
"""Resamplings of a cheap statistic."""
NORMAL = 1.959964
"""The half-width of the 95 % interval of a normal distribution, in standard errors."""


@dataclass(frozen=True)
class Estimate:
    """A value with its standard error.

    Attributes:
        value: what was measured.
        error: its standard error, in the same unit; 0 where it is exact, NaN where it is not known.
    """

    value: float
    error: float

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval around the value."""
        return self.value - NORMAL * self.error, self.value + NORMAL * self.error


def mean_of(values: NDArray[Any], *, times: int = TIMES, seed: int = 0) -> Estimate:
    """The mean of one number per sample, with its bootstrap error (Efron 1979, "Bootstrap methods").

    Args:
        values: of shape (n,).
        times: resamplings.
        seed: the random seed.

    Raises:
        ValueError: there are no values.
    """
    flat = np.asarray(values, np.float64)
    if flat.ndim != 1 or len(flat) == 0:
        raise ValueError(f"a mean needs one number per sample, not an array of shape {flat.shape}")
    return Estimate(float(flat.mean()), bootstrap(lambda i: float(flat[i].mean()), len(flat), times, seed))


def bootstrap(statistic: Callable[[NDArray[np.int64]], float], n: int, times: int, seed: int) -> float:
    """The bootstrap standard error of ``statistic``: over ``times`` draws of ``n`` indices with replacement.

    NaN for a single sample.
    """
    if n < 2:
        return math.nan
    rng = np.random.default_rng(key(seed, "bootstrap", n))
    values = [statistic(rng.integers(0, n, n)) for _ in range(times)]
    return _deviation(values)


def subsampled(statistic: Callable[[NDArray[np.int64]], float], n: int, times: int, seed: int) -> float:
    """A standard error by subsampling, for statistics that depend on duplicates (diversity, neighbours).

    Half of the samples are drawn without replacement; the standard deviation over such halves is that of the
    whole: half of the samples have twice its variance, and the finite population correction halves it
    (Politis, Romano and Wolf 1999, "Subsampling"). NaN where a half is a single sample.
    """
    if n < 4:
        return math.nan
    rng = np.random.default_rng(key(seed, "subsample", n))
    return _deviation([statistic(np.sort(rng.permutation(n)[: n // 2])) for _ in range(times)])


def _deviation(values: list[float]) -> float:
    return float(np.std(values, ddof=1)) if np.isfinite(values).all() else math.nan
