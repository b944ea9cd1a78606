"""Samples as the doctor sees them: a few numbers each, cheap to make and to compare."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ptarmigan.metrics.pairwise import squared_distances

AXES = 32
"""Principal axes that are kept; what lies outside of them counts as one number more."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Axes:
    """The principal axes of real samples, and the distance from the subspace that they span.

    Attributes:
        mean: of the embedded real samples, of shape (numbers,).
        axes: orthonormal columns, of shape (numbers, ``AXES``); None where samples are kept as they are.
    """

    mean: Floats
    axes: Floats | None

    @staticmethod
    def of(real: Floats) -> Axes:
        """The axes of embedded real samples, the widest first."""
        mean = real.mean(0)
        if real.shape[1] <= AXES:
            return Axes(mean, None)
        centred = real - mean
        _, vectors = np.linalg.eigh(centred.T @ centred)
        axes = vectors[:, : -AXES - 1 : -1]
        largest = np.abs(axes).argmax(0)
        return Axes(mean, axes * np.sign(axes[largest, range(axes.shape[1])]))

    def __call__(self, flat: Floats) -> Floats:
        """Coordinates of embedded samples, of shape (n, numbers); last, their distance to the subspace."""
        centred = flat - self.mean
        if self.axes is None:
            return centred
        along = centred @ self.axes
        rest = (centred**2).sum(1) - (along**2).sum(1)
        return np.concatenate([along, np.sqrt(np.maximum(rest, 0.0))[:, None]], 1)


def clusters(x: Floats, count: int, seed: int, rounds: int = 20) -> Floats:
    """Centres of k-means (begun as by Arthur and Vassilvitskii 2007), of shape (clusters, numbers)."""
    rng = np.random.default_rng(seed)
    centres = x[rng.integers(len(x), size=1)]
    while len(centres) < count:
        nearest = squared_distances(x, centres).min(1)
        if nearest.sum() <= 0:
            break
        centres = np.concatenate([centres, x[rng.choice(len(x), 1, p=nearest / nearest.sum())]])
    for _ in range(rounds):
        mine = squared_distances(x, centres).argmin(1)
        filled = np.unique(mine)
        centres = np.stack([x[mine == k].mean(0) for k in filled])
    return centres


def share_of(condition: Tensor) -> float:
    """The share of numbers for which something holds."""
    return float(condition.float().mean())


def finite_rows(x: Tensor) -> Tensor:
    """Which samples are finite in every number, of shape (n,)."""
    return torch.isfinite(x.detach().float()).flatten(1).all(1)
