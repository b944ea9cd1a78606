"""Distances between all pairs of two sets."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def squared_distances(a: Floats, b: Floats) -> Floats:
    """Squared Euclidean distances, of shape (rows of ``a``, rows of ``b``)."""
    product = a @ b.T
    product *= -2
    product += (a * a).sum(1)[:, None]
    product += (b * b).sum(1)
    return np.maximum(product, 0.0, out=product)
