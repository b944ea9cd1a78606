"""How well scores tell two sets apart: the area under the curve, and the detections at few false alarms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ptarmigan.core.noise import key
from ptarmigan.metrics.estimate import TIMES, Estimate

Scores = NDArray[np.float64]
RATES = (0.001, 0.01)
"""False positives at which members are counted (Carlini et al. 2022, arXiv 2112.03570)."""


@dataclass(frozen=True)
class Rate:
    """A share with its 95 % interval.

    Attributes:
        value: the share.
        low: of the interval.
        high: of the interval.
    """

    value: float
    low: float
    high: float


def auroc(inside: Scores, outside: Scores) -> Estimate:
    """The probability that a score of ``inside`` is above one of ``outside``, ties by half.

    The error is that of DeLong et al. 1988: the variances of both sets' placements add up.

    Raises:
        ValueError: a set has fewer than two scores.
    """
    from scipy.stats import rankdata

    n, m = len(inside), len(outside)
    if min(n, m) < 2:
        raise ValueError("two sets are told apart by two scores of each, at least")
    ranks = rankdata(np.concatenate([inside, outside]))
    above = (ranks[:n] - rankdata(inside)) / m
    below = 1 - (ranks[n:] - rankdata(outside)) / n
    error = float(np.sqrt(above.var(ddof=1) / n + below.var(ddof=1) / m))
    return Estimate(float(above.mean()), error)


def threshold(outside: Scores, rate: float) -> float:
    """The lowest threshold above which at most a share ``rate`` of ``outside`` is."""
    allowed = int(rate * len(outside) + 1e-9)
    return float(np.sort(outside)[len(outside) - 1 - allowed]) if allowed < len(outside) else -np.inf


def detected(inside: Scores, outside: Scores, rate: float, seed: int = 0) -> Rate | None:
    """The share of ``inside`` above the threshold of a rate of false positives, with a bootstrap interval.

    None where ``outside`` are too few for one of them to be allowed.
    """
    if rate * len(outside) < 1:
        return None
    rng = np.random.default_rng(key(seed, "detected", len(inside), len(outside)))
    redrawn = [
        (rng.choice(inside, len(inside)) > threshold(rng.choice(outside, len(outside)), rate)).mean()
        for _ in range(TIMES)
    ]
    low, high = np.quantile(redrawn, (0.025, 0.975))
    return Rate(float((inside > threshold(outside, rate)).mean()), float(low), float(high))


def sets_told(inside: Scores, outside: Scores, size: int, seed: int = 0) -> float:
    """How often, of a set of ``size`` members and one of as many others, the mean score says which is which.

    Hilprecht et al. 2019, "Monte Carlo and reconstruction membership inference attacks", PoPETs: the set
    attack. Sets are drawn without replacement, a thousand times; ties count by half.
    """
    rng = np.random.default_rng(key(seed, "sets", size))
    wins = []
    for _ in range(1_000):
        a = rng.choice(inside, size, replace=False).mean()
        b = rng.choice(outside, size, replace=False).mean()
        wins.append(0.5 * (a > b) + 0.5 * (a >= b))
    return float(np.mean(wins))
