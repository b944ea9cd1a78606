"""Discriminator scores as probabilities: of samples scored so, the share that is real."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
SURE = 1e-3
"""A calibrated probability is no nearer to 0 or 1: a few samples cannot say more."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """A function of scores that never falls.

    Attributes:
        scores: where it is known, in order.
        values: probabilities there; between two scores it is a line.
    """

    scores: Floats
    values: Floats

    def __call__(self, scores: Floats) -> Floats:
        """The probability that samples with these scores are real, of as many real as generated ones."""
        return np.asarray(np.interp(scores, self.scores, self.values), np.float64)


def calibrate(real: Floats, fake: Floats) -> Calibration:
    """Isotonic regression of real (1) and generated (0) on the score, each set with the same weight.

    Zadrozny and Elkan 2002; Turner et al. 2019, arXiv 1811.11357, section 3.2, found it the best of three.

    Args:
        real: scores of real samples that the discriminator was not trained on.
        fake: scores of generated ones.

    Raises:
        ValueError: there are none, or scores are not finite.
    """
    if not len(real) or not len(fake) or not (np.isfinite(real).all() and np.isfinite(fake).all()):
        raise ValueError("scores cannot be calibrated: there are none, or some that are not finite")
    scores = np.concatenate([real, fake])
    is_real = np.repeat([1.0, 0.0], [len(real), len(fake)])
    weights = np.repeat([0.5 / len(real), 0.5 / len(fake)], [len(real), len(fake)])
    known, place = np.unique(scores, return_inverse=True)
    mass = np.asarray(np.bincount(place, weights), np.float64)
    share = np.asarray(np.bincount(place, weights * is_real) / mass, np.float64)
    values = isotonic(share, mass)
    # a pooled block stands at its centre (Oron and Flournoy 2017): else many samples would be alike
    levels, block = np.unique(values, return_inverse=True)
    centres = np.bincount(block, mass * known) / np.bincount(block, mass)
    return Calibration(centres, np.clip(levels, SURE, 1 - SURE))


def isotonic(values: Floats, weights: Floats) -> Floats:
    """The nearest values that never fall: neighbours that do are pooled (Ayer et al. 1955)."""
    means: list[float] = []
    masses: list[float] = []
    counts: list[int] = []
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        mean, mass, count = value, weight, 1
        while means and means[-1] >= mean:
            before = masses.pop()
            mean = (means.pop() * before + mean * mass) / (before + mass)
            mass, count = before + mass, counts.pop() + count
        means.append(mean)
        masses.append(mass)
        counts.append(count)
    return np.repeat(means, counts)


def z_statistic(real: Floats, fake: Floats) -> float:
    """How far probabilities are from calibrated, in standard errors; for as many real as generated samples.

    Turner et al. 2019, eq. 8, after Dawid 1997: Σ (y − p) / √Σ p (1 − p), beyond ±2 they are not.
    """
    p = np.concatenate([real, fake])
    return float((len(real) - p.sum()) / np.sqrt((p * (1 - p)).sum()))
