"""Tests of whether two scores differ by more than chance, and the correction for many tests."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ptarmigan.core.process import ignored
from ptarmigan.metrics.estimate import Estimate


def welch(a: Sequence[float], b: Sequence[float]) -> float | None:
    """The two-sided p-value of Welch's t-test between scores of runs that differ only in seed.

    Welch 1947, "The generalization of 'Student's' problem when several different population variances are
    involved". None where no test is possible: a single score on a side, or no variance on either side and yet
    a difference.
    """
    from scipy.stats import ttest_ind

    if min(len(a), len(b)) < 2:
        return None
    if np.ptp(a) == np.ptp(b) == 0:
        return 1.0 if a[0] == b[0] else None
    with ignored(RuntimeWarning):  # of scores that are nearly equal
        return float(ttest_ind(a, b, equal_var=False).pvalue)


def by_errors(a: Estimate, b: Estimate) -> float:
    """The two-sided p-value of the difference between two estimates, by their standard errors.

    It compares two sets of samples, and so two trained networks; not their recipes.
    """
    from scipy.stats import norm

    difference, error = abs(a.value - b.value), math.hypot(a.error, b.error)
    if error == 0:
        return 1.0 if difference == 0 else 0.0
    return float(2 * norm.sf(difference / error))


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """P-values corrected for their number; None stays None and is not counted.

    Holm 1979, "A simple sequentially rejective multiple test procedure": with these below 0.05, the
    probability that any of the differences is chance is below 0.05.
    """
    tested = sorted((p, i) for i, p in enumerate(p_values) if p is not None)
    out, largest = list(p_values), 0.0
    for rank, (p, i) in enumerate(tested):
        largest = max(largest, min(1.0, (len(tested) - rank) * p))
        out[i] = largest
    return out
