"""How far two pictures are apart to a network that looks at them: layer by layer, and place by place."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ptarmigan.metrics.features import Features, Vectors

ROWS = 16
"""Pictures whose maps are in memory at a time."""
TINY = 1e-10


@runtime_checkable
class Layered(Features, Protocol):
    """Features that come from a network of which every layer can be looked at."""

    def layers(self, raw: NDArray[Any]) -> tuple[Vectors, ...]:
        """The maps of several layers ``(n, channels, height, width)``, from fine to coarse."""
        ...


def perceptual(a: NDArray[Any], b: NDArray[Any], features: Layered) -> NDArray[np.float64]:
    """The distance of every picture of ``a`` to its partner in ``b``: 0 where they are equal.

    Zhang et al. 2018, "The unreasonable effectiveness of deep features as a perceptual metric", arXiv
    1801.03924, without learned weights (their baseline): at every place of every layer the channels are
    scaled to a length of 1, and their squared distance is averaged over places and added up over layers.

    Args:
        a: raw images ``(n, height, width, channels)``.
        b: the same.
        features: the network; numbers in different ones are not to be compared.

    Returns:
        One number a pair, of shape (n,).

    Raises:
        ValueError: the pictures do not come in pairs of one shape.
    """
    if a.shape != b.shape:
        raise ValueError(f"pictures of shape {a.shape} cannot be compared with {b.shape}")
    out = np.zeros(len(a))
    for start in range(0, len(a), ROWS):
        rows = slice(start, start + ROWS)
        for mine, other in zip(features.layers(a[rows]), features.layers(b[rows]), strict=True):
            difference = _directions(mine) - _directions(other)
            out[rows] += np.square(difference).sum(axis=1, dtype=np.float64).mean(axis=(1, 2))
    return out


def _directions(maps: Vectors) -> Vectors:
    lengths = np.sqrt(np.square(maps).sum(axis=1, keepdims=True))
    return np.asarray(maps / (lengths + np.float32(TINY)), np.float32)
