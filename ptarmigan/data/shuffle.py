"""Which samples a batch holds, and its random numbers, as functions of (seed, position, shard)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ptarmigan.core.noise import key
from ptarmigan.data.permutation import Indices, permute_next


class Slice(NamedTuple):
    """One of ``shards`` equal parts of the batch at a position, which one rank or micro-batch takes."""

    position: int
    shard: int = 0
    shards: int = 1


@dataclass(frozen=True)
class Shuffle:
    """Epochs as keyed permutations, laid end to end and cut into batches; nothing about them has to be saved.

    Attributes:
        batch: samples in a batch, over all shards together.
        seed: the random seed.

    Raises:
        ValueError: the batch is empty.
    """

    batch: int
    seed: int

    def __post_init__(self) -> None:
        if self.batch < 1:
            raise ValueError(f"a batch of {self.batch} holds nothing: it needs at least 1 sample")

    def share(self, at: Slice) -> int:
        """How many samples one shard has of a batch.

        Raises:
            ValueError: there is no such shard, or shards do not divide the batch.
        """
        if not 0 <= at.shard < at.shards:
            raise ValueError(f"shard {at.shard} is not one of {at.shards}")
        if self.batch % at.shards:
            raise ValueError(f"a batch of {self.batch} cannot be cut into {at.shards} equal parts")
        return self.batch // at.shards

    def rows(self, size: int, at: Slice, stream: str = "x") -> Indices:
        """Which of ``size`` samples a slice holds.

        Raises:
            ValueError: there is no sample, or no such slice.
        """
        positions = self._positions(at)
        if size == 0:
            raise ValueError("there is no sample to draw")
        epochs, places = np.divmod(positions, size)
        out = np.empty_like(places)
        for epoch in np.unique(epochs):
            here = epochs == epoch
            out[here] = permute_next(places[here], size, self.seed, stream, int(epoch))
        return out

    def epochs(self, size: int, at: Slice) -> Indices:
        """In which epoch of ``size`` samples each of a slice is."""
        return self._positions(at) // size

    def _positions(self, at: Slice) -> Indices:
        """The numbers of the samples of a slice among those of all batches."""
        n = self.share(at)
        start = at.position * self.batch + at.shard * n
        return np.arange(start, start + n, dtype=np.int64)

    def uniform(self, at: Slice, *stream: str, numbers: int = 1) -> NDArray[np.float64]:
        """Uniform ``(n, numbers)`` for the samples of a slice: those of the whole batch, cut as it is."""
        n = self.share(at)
        drawn = np.random.default_rng(key(self.seed, *stream, at.position)).random((self.batch, numbers))
        return drawn[at.shard * n : (at.shard + 1) * n]
