"""The Vendi score: the diversity of a set, without a reference."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.metrics.estimate import Estimate, subsampled
from ptarmigan.metrics.vectors import blocks, checked

Matrix = NDArray[np.float64]
TIMES = 8


def vendi(features: NDArray[Any], *, times: int = TIMES, seed: int = 0) -> Estimate:
    """The effective number of different samples: 1 where all are copies, n where all are orthogonal.

    Friedman and Dieng 2022, "The Vendi score: a diversity evaluation metric for machine learning", arXiv
    2210.02410: the exponential of the entropy of the eigenvalues of the matrix of cosines over n. Where there
    are fewer dimensions d than samples, these are computed from the d × d matrix with the same ones, so it is
    at most d. Only the directions of the features count. It grows with n: compare it with that of as many
    real samples.

    A collapsed set, with one direction, scores 1. Zero vectors count as copies of each other and as
    orthogonal to all others.

    Args:
        features: of shape (n, d).
        times: random halves of the samples, whose scores give the error.
        seed: the random seed.

    Raises:
        ValueError: there are fewer than two samples, or some are not finite.
    """
    x = checked(features, least=2)
    error = subsampled(lambda indices: _score(x[indices]), len(x), times, seed)
    return Estimate(_score(x), error)


def _score(x: NDArray[Any]) -> float:
    n, d = x.shape
    if d < n:
        gram = np.zeros((d + 1, d + 1))
        for block in blocks(x):
            unit = _directions(block)
            gram += unit.T @ unit
    else:
        unit = _directions(x)
        gram = unit @ unit.T
    values = np.linalg.eigvalsh(gram / n)
    values = values[values > 0]
    return float(np.exp(-np.sum(values * np.log(values))))


def _directions(x: NDArray[Any]) -> Matrix:
    """Rows of length 1, of shape (n, d + 1): the last coordinate is that of the zero vectors."""
    wide = x.astype(np.float64)
    largest = np.abs(wide).max(axis=1, keepdims=True)  # whose square is not lost, however small they are
    zero = largest == 0
    wide /= np.where(zero, 1, largest)
    out = np.hstack([wide, zero])
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    return out
