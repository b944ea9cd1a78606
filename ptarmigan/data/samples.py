"""The real samples of a run: batches as a function of (seed, position, shard)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from typing_extensions import TypeVar

from ptarmigan.core.batch import Batch, unread
from ptarmigan.core.memory import check_memory
from ptarmigan.data.augmentation import Augmentation
from ptarmigan.data.condition import Condition, ConditionalSampler
from ptarmigan.data.dataset import Dataset
from ptarmigan.data.mixture import Mixture
from ptarmigan.data.permutation import Indices
from ptarmigan.data.prefetch import Prefetcher
from ptarmigan.data.shuffle import Shuffle, Slice
from ptarmigan.data.source import ArraySource as ArraySource
from ptarmigan.data.source import Renewed
from ptarmigan.data.source import Source as Source
from ptarmigan.data.space import Space

S = TypeVar("S", bound=Space, default=Space, covariant=True)
COPIES, FLOAT = 2, 4
"""Raw samples, and encoded ones, of numbers of so many bytes."""
SMALL = 2**16
"""Numbers in a batch; fewer, where they are in memory, cost less to read than to wait for."""


class Samples(Dataset[S]):
    """The real samples of a run: what space they live in, and which of them every batch holds.

    Epochs are keyed permutations of the source, laid end to end and cut into batches; a rank or micro-batch
    takes its slice of a batch, so what a batch holds does not depend on how it is shared.

    Args:
        source: raw samples by index.
        space: what one sample is.
        batch: samples in a batch, over all ranks and micro-batches together.
        seed: of the shuffle.
        augment: changes samples at random, and their conditions alike where they are paired.
        condition: what samples are conditioned on, where that is a sample of another space; else they are
            conditioned on their classes, where they have such.
        mixture: what the samples were drawn from, where that is known.
        held_out: other real samples that are never trained on, to score against; ``source`` when None.
        sampler: draws samples, and what they are conditioned on, instead of the shuffle.

    Raises:
        ValueError: the batch is empty.
    """

    def __init__(
        self,
        source: Source,
        space: S,
        *,
        batch: int,
        seed: int = 0,
        augment: Augmentation | None = None,
        condition: Condition | None = None,
        held_out: Source | None = None,
        mixture: Mixture | None = None,
        sampler: ConditionalSampler | None = None,
    ) -> None:
        check_memory(
            COPIES * sample_bytes(space) * batch, f"a batch of {batch:,}", "choose a smaller --batch"
        )
        super().__init__(source, space, condition=condition, held_out=held_out, mixture=mixture)
        self.batch, self.seed, self.augment, self.sampler = batch, seed, augment, sampler
        self.shuffle = Shuffle(batch, seed)
        self.prefetcher = Prefetcher(self._batch)

    def draw(self, position: int, shard: int = 0, shards: int = 1) -> Batch:
        """This shard's slice of the batch at ``position``, encoded; the next ones are prepared meanwhile.

        What it gives depends on the arguments alone, not on what was drawn before. An error of the source or
        the space is raised here, by the draw of the batch that it belongs to.

        Raises:
            ValueError: ``shards`` does not divide the batch.
        """
        at = Slice(position, shard, shards)
        self.shuffle.share(at)
        return self._batch(at) if self._is_at_hand() else self.prefetcher.draw(at)

    def load(self, position: int, shard: int = 0, shards: int = 1) -> Batch:
        """What ``draw`` gives, made now and in this thread."""
        return self._batch(Slice(position, shard, shards))

    def unread(self, position: int, shard: int = 0, shards: int = 1) -> Batch:
        """A batch for a turn that looks at no sample: its length, and conditions from draws of their own.

        There are none where a condition would have to be read.
        """
        at, c = Slice(position, shard, shards), None
        n = self.shuffle.share(at)
        if self.sampler is not None:
            _, c = self._sampled(self.sampler, at, "deal", "unread")
        elif self.labelled:
            c = self.conditions(self.shuffle.rows(len(self), at, "classes"))
        return unread(n, self.space.shape, c)

    def indices(self, position: int, shard: int = 0, shards: int = 1) -> Indices:
        """Which samples this shard's slice of the batch at ``position`` holds, where there is no sampler."""
        return self.shuffle.rows(len(self), Slice(position, shard, shards))

    def close(self) -> None:
        """Stop preparing batches."""
        self.prefetcher.close()

    def _is_at_hand(self) -> bool:
        """Whether a batch is made sooner than another thread could hand it over."""
        in_memory = isinstance(self.source, ArraySource) and self.condition is None
        return in_memory and self.batch * math.prod(self.space.shape) < SMALL

    def _batch(self, at: Slice) -> Batch:
        if self.sampler is not None:
            rows, c = self._sampled(self.sampler, at, "deal")
            return Batch(self._encoded(self.source, self.space, rows, at), c)
        rows = self.shuffle.rows(len(self), at)
        return Batch(self._encoded(self.source, self.space, rows, at), self._given(rows, at))

    def _sampled(self, sampler: ConditionalSampler, at: Slice, *stream: str) -> tuple[Indices, Tensor]:
        n = self.shuffle.share(at)
        rows, given = sampler(self.shuffle.uniform(Slice(at.position), *stream, numbers=2))
        mine = slice(at.shard * n, (at.shard + 1) * n)  # of the whole batch: a row may depend on those before
        return rows[mine], torch.from_numpy(given[mine])

    def _given(self, rows: Indices, at: Slice) -> Tensor | None:
        """What the samples at ``rows``, of a slice, are conditioned on."""
        given = self.condition
        if given is None:
            return self.conditions(rows)
        if given.paired:
            return self._encoded(given.source, given.space, rows, at)
        rows = self.shuffle.rows(len(given.source), at, "inputs")
        return self._encoded(given.source, given.space, rows, at, "inputs")

    def _encoded(self, source: Source, space: Space, rows: Indices, at: Slice, *stream: str) -> Tensor:
        """Samples of a source, augmented by the random numbers of a stream, and encoded."""
        # numpy, as everything here: torch's own threads would compete with the step for the cores
        raw = self._read(source, rows, at)
        if self.augment is not None:

            def uniform(what: str, numbers: int) -> NDArray[np.float64]:
                return self.shuffle.uniform(at, what, *stream, numbers=numbers)

            raw = self.augment(raw, space, self.space, uniform)
        return space.encode(raw)

    def _read(self, source: Source, rows: Indices, at: Slice) -> NDArray[Any]:
        """Samples of a source as they are in the epochs of a slice."""
        if isinstance(source, Renewed):
            return source.read_in(rows, self.shuffle.epochs(len(source), at))
        return source.read(rows)


def sample_bytes(space: Space) -> int:
    """Bytes of one encoded sample."""
    return FLOAT * math.prod(space.shape)
