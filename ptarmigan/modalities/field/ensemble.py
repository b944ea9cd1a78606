"""Scores of ensembles: CRPS, rank histogram, spread and skill.

Members are ``(members, …)`` and what was observed is ``(…)``, of any shape; NaN in what was observed does not
count.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]


def crps(members: NDArray[Any], observed: NDArray[Any], *, fair: bool = False) -> Floats:
    """The continuous ranked probability score of every place, ``(…)``, in units of the variable.

    Gneiting and Raftery 2007, "Strictly proper scoring rules", equation 21, for an ensemble of m members:

        CRPS = 1/m Σ_i |x_i − y| − 1/(2 m²) Σ_ij |x_i − x_j|

    Args:
        members: ``(m, …)``.
        observed: ``(…)``.
        fair: divide the second sum by 2 m (m − 1), so that its mean does not depend on m (Ferro 2014).

    Raises:
        ValueError: a fair score of one member.
    """
    m = len(members)
    if fair and m < 2:
        raise ValueError("a fair CRPS needs two members or more")
    ordered = np.sort(np.asarray(members, np.float64), 0)
    error = np.abs(ordered - observed).mean(0)
    # Σ_ij |x_i − x_j| / 2 of sorted members is Σ_i (2 i − m + 1) x_i
    weights = (2 * np.arange(m) - m + 1).reshape(-1, *[1] * (ordered.ndim - 1))
    spread = (weights * ordered).sum(0) / (m * (m - 1) if fair else m * m)
    found: Floats = error - spread
    return found


def ranks(members: NDArray[Any], observed: NDArray[Any], seed: int = 0) -> Floats:
    """How often what was observed has each rank among the members, as shares ``(m + 1,)``.

    Ties, as among dry places, are broken at random: else dry weather would look like a bias. Hamill 2001,
    "Interpretation of rank histograms".
    """
    seen = np.isfinite(observed)
    # in one precision, else what is equal in the one and rounded in the other is no tie
    each, truth = np.asarray(members, np.float32)[:, seen], np.asarray(observed, np.float32)[seen]
    below, tied = (each < truth).sum(0), (each == truth).sum(0)
    rank = below + np.random.default_rng(seed).integers(0, tied + 1)
    counts = np.bincount(rank, minlength=len(members) + 1)
    return np.asarray(counts / max(1, counts.sum()), np.float64)


def rank_distance(shares: Floats) -> float:
    """The Kolmogorov–Smirnov distance of a rank histogram from a flat one: 0 is calibrated."""
    flat = np.arange(1, len(shares) + 1) / len(shares)
    return float(np.abs(np.cumsum(shares) - flat).max())


def outliers(shares: Floats) -> float:
    """The share of the lowest and the highest rank; 2 / (m + 1) where an ensemble is calibrated."""
    return float(shares[0] + shares[-1])


def spread_skill(members: NDArray[Any], observed: NDArray[Any]) -> tuple[float, float]:
    """The spread of an ensemble, and the error of its mean: equal where it is calibrated.

    Fortin et al. 2014, "Why should ensemble spread match the RMSE of the ensemble mean?", equation 15: the
    root of the mean variance, times the root of (m + 1) / m, against the root mean square error.
    """
    m = len(members)
    seen = np.isfinite(observed)
    variance = members[:, seen].var(0, ddof=1).mean() if m > 1 else 0.0
    error = np.square(members[:, seen].mean(0) - observed[seen]).mean()
    return float(np.sqrt((m + 1) / m * variance)), float(np.sqrt(error))
