"""The coverage of the modes of a known mixture of Gaussians."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

REACH = 3.0
"""A sample is good when it is within this many standard deviations of a centre."""


@dataclass(frozen=True)
class Modes:
    """The result of ``modes``.

    Attributes:
        found: the number of modes with at least one good sample.
        total: the number of modes.
        good: the share of good samples, from 0 to 1.
        reverse_kl: KL(good samples over the modes ‖ uniform) in nats; infinite where no sample is good.
        divergence: KL(samples over the modes and the outside ‖ the same for the mixture) in nats: zero only
            where every mode has its share and as many samples lie outside as real ones do; it sums up the
            other three.
    """

    found: int
    total: int
    good: float
    reverse_kl: float
    divergence: float


def modes(points: NDArray[Any], centres: NDArray[Any], sigma: float) -> Modes:
    """Count the modes as in PacGAN (Lin et al. 2018, arXiv 1712.04086, section 4.1; there of 2,500 samples).

    Args:
        points: samples, of shape (n, size).
        centres: of Gaussians with equal weights, of shape (modes, size).
        sigma: their standard deviation along every axis.

    Raises:
        ValueError: there are no points, or they have another number of coordinates than the centres.
    """
    points, centres = np.asarray(points, np.float64), np.asarray(centres, np.float64)
    if points.ndim != 2 or len(points) == 0 or points.shape[1] != centres.shape[1]:
        raise ValueError(f"modes need points of shape (samples, {centres.shape[1]}), not {points.shape}")
    distance = np.stack([np.linalg.norm(points - centre, axis=1) for centre in centres], axis=1)
    nearest = distance.argmin(axis=1)
    near = distance[np.arange(len(points)), nearest] < REACH * sigma  # False where a point is not finite
    counts = np.bincount(nearest[near], minlength=len(centres))
    share, inside = counts / len(points), _inside(centres.shape[1])
    good = float(near.mean())
    uniform = np.full(len(centres), 1 / len(centres))
    return Modes(
        found=int((counts > 0).sum()),
        total=len(centres),
        good=good,
        reverse_kl=kl(counts / counts.sum(), uniform) if near.any() else np.inf,
        divergence=kl(np.append(share, 1 - good), np.append(uniform * inside, 1 - inside)),
    )


def kl(p: NDArray[np.float64], q: NDArray[np.float64]) -> float:
    """KL(p ‖ q) of two distributions over the same outcomes, in nats."""
    held = p > 0
    return max(0.0, float(np.sum(p[held] * np.log(p[held] / q[held]))))


def _inside(size: int) -> float:
    """The share of a Gaussian in ``size`` dimensions within ``REACH`` of its centre."""
    from scipy.special import gammainc

    return float(gammainc(size / 2, REACH**2 / 2))
