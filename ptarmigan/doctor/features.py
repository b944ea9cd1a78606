"""Samples as the doctor sees them: a few numbers each, cheap to make and to compare."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

SIDE = 16
"""Images are looked at with at most so many pixels a side."""
LONGEST = 256
"""Whatever is no image, with at most so many numbers."""
AXES = 32
"""Principal axes that are kept; what lies outside of them counts as one number more."""

Floats = NDArray[np.float64]


def reduced(x: Tensor) -> Floats:
    """Encoded samples ``(n, *shape)`` as ``(n, numbers)``: points as they are, images averaged over areas."""
    x = x.detach().float()
    if x.dim() == 4:
        x = F.adaptive_avg_pool2d(x, (min(SIDE, x.shape[2]), min(SIDE, x.shape[3])))
    elif x[0].numel() > LONGEST:
        x = F.adaptive_avg_pool1d(x.flatten(1)[:, None], LONGEST)
    return x.flatten(1).cpu().double().numpy()


@dataclass(frozen=True, eq=False)
class Axes:
    """The principal axes of real samples, and the distance from the subspace that they span.

    Attributes:
        mean: of the reduced real samples, of shape (numbers,).
        axes: orthonormal columns, of shape (numbers, ``AXES``); None where samples are kept as they are.
    """

    mean: Floats
    axes: Floats | None

    @staticmethod
    def of(real: Floats) -> Axes:
        """The axes of reduced real samples, the widest first."""
        mean = real.mean(0)
        if real.shape[1] <= AXES:
            return Axes(mean, None)
        centred = real - mean
        _, vectors = np.linalg.eigh(centred.T @ centred)
        axes = vectors[:, : -AXES - 1 : -1]
        largest = np.abs(axes).argmax(0)
        return Axes(mean, axes * np.sign(axes[largest, range(axes.shape[1])]))

    def __call__(self, flat: Floats) -> Floats:
        """Coordinates of reduced samples, of shape (n, numbers); the last is how far off the axes it is."""
        centred = flat - self.mean
        if self.axes is None:
            return centred
        along = centred @ self.axes
        apart = (centred**2).sum(1) - (along**2).sum(1)
        return np.concatenate([along, np.sqrt(np.maximum(apart, 0.0))[:, None]], 1)


def squared_distances(a: Floats, b: Floats) -> Floats:
    """Squared Euclidean distances, of shape (rows of ``a``, rows of ``b``)."""
    product = a @ b.T
    product *= -2
    product += (a * a).sum(1)[:, None]
    product += (b * b).sum(1)
    return np.maximum(product, 0.0, out=product)


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


def roughness(x: Tensor) -> float:
    """How much neighbouring pixels differ, on average; 0 for what is no image."""
    if x.dim() != 4:
        return 0.0
    x = x.detach().float()
    across, down = (x[..., 1:] - x[..., :-1]).abs(), (x[..., 1:, :] - x[..., :-1, :]).abs()
    return float(sum(d.mean() for d in (across, down) if d.numel()))


def share_of(condition: Tensor) -> float:
    """The share of numbers for which something holds."""
    return float(condition.float().mean())


def finite_rows(x: Tensor) -> Tensor:
    """Which samples are finite in every number, of shape (n,)."""
    return torch.isfinite(x.detach().float()).flatten(1).all(1)
