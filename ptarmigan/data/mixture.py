"""A mixture of Gaussians: a distribution that is known, so that samples can be held against it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Mixture:
    """Gaussians of equal weight and standard deviation ``sigma`` around ``centres`` (modes, size)."""

    centres: NDArray[np.float64]
    sigma: float

    def draw(self, n: int, rng: Generator) -> NDArray[np.float64]:
        """``n`` points, of shape (n, size)."""
        mode = rng.integers(len(self.centres), size=n)
        return self.centres[mode] + self.sigma * rng.standard_normal((n, self.centres.shape[1]))
