"""Batches for which every sample is drawn or not by itself, as accounts of privacy want it."""

from __future__ import annotations

import math
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.permutation import Indices
from ptarmigan.data.samples import Samples
from ptarmigan.data.space import Space

S = TypeVar("S", bound=Space)
NEVER = 1e-18
"""How likely a batch has more samples than places."""
EVEN = 8
"""Places are a multiple of it, so that a few ranks can share them."""


class Poisson:
    """Draws every sample with the same probability, whatever becomes of the others.

    The gaps between samples that are drawn are geometric. Places that are left over hold the first sample,
    and their condition is 0, where it is 1 of samples that were drawn.

    Args:
        size: how many samples there are.
        rate: the probability.
    """

    def __init__(self, size: int, rate: float) -> None:
        self.size, self.rate = size, rate

    def __call__(self, u: NDArray[np.float64]) -> tuple[Indices, NDArray[np.float32]]:
        """Samples ``(places,)``, and whether drawn ``(places, 1)``, from uniform ``(places, 2)``."""
        with np.errstate(divide="ignore"):  # where all are drawn
            gaps = np.floor(np.log1p(-u[:, 0]) / np.log1p(-self.rate))
        rows = np.cumsum(gaps + 1) - 1
        drawn = rows < self.size
        return np.where(drawn, rows, 0).astype(np.int64), drawn[:, None].astype(np.float32)


def places(size: int, rate: float) -> int:
    """How many places a batch needs, so that too few are never seen (Bernstein's inequality)."""
    far = -math.log(NEVER) / 3
    more = far + math.sqrt(far**2 + 6 * far * size * rate * (1 - rate))
    return EVEN * math.ceil(min(size, size * rate + more) / EVEN)


def by_chance(samples: Samples[S], seed: int) -> tuple[Samples[S], float]:
    """The same samples in batches that have as many on average, and how likely each is drawn.

    Args:
        samples: what is drawn from.
        seed: the random seed of the draws.
    """
    size = len(samples)
    rate = min(1.0, samples.batch / size)
    drawn = Samples(
        samples.source,
        samples.space,
        batch=places(size, rate),
        seed=seed,
        sampler=Poisson(size, rate),
    )
    return drawn, rate
