"""Batches as a function of (seed, position, shard), decoded ahead so that nobody waits for them."""

from __future__ import annotations

import math
import os
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from typing_extensions import TypeVar

from ptarmigan.core.batch import Batch, unread
from ptarmigan.core.noise import key
from ptarmigan.data.blank import Blank
from ptarmigan.data.condition import Condition, ConditionalSampler
from ptarmigan.data.mixture import Mixture
from ptarmigan.data.permutation import Indices, permute_next
from ptarmigan.data.source import ArraySource as ArraySource
from ptarmigan.data.source import Source as Source
from ptarmigan.data.space import Space

S = TypeVar("S", bound=Space, default=Space, covariant=True)
AHEAD = 4
SMALL = 2**16
"""Numbers in a batch; fewer, where they are in memory, cost less to read than to wait for."""


class Samples(Generic[S]):
    """The real samples of a run: what space they live in, and which of them every batch holds.

    Epochs are keyed permutations of the source, laid end to end and cut into batches; a rank or micro-batch
    takes its slice of a batch, so what a batch holds does not depend on how it is shared.

    Args:
        source: raw samples by index.
        space: what one sample is.
        batch: samples in a batch, over all ranks and micro-batches together.
        seed: of the shuffle.
        flip: mirror half of the images left to right, a sample with its condition where they are paired.
        jitter: cut every image at random out of itself enlarged by so many pixels, alike.
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
        flip: bool = False,
        jitter: int = 0,
        condition: Condition | None = None,
        held_out: Source | None = None,
        mixture: Mixture | None = None,
        sampler: ConditionalSampler | None = None,
    ) -> None:
        if batch < 1:
            raise ValueError(f"a batch of {batch} holds nothing: it needs at least 1 sample")
        self.source, self.space, self.batch, self.seed = source, space, batch, seed
        self.flip, self.jitter, self.condition = flip, jitter, condition
        self.held_out, self.mixture, self.sampler = held_out or source, mixture, sampler
        self._pool: ThreadPoolExecutor | None = None
        self._ahead: dict[tuple[int, int, int], Future[Batch]] = {}

    def __len__(self) -> int:
        return len(self.source)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one encoded sample."""
        return self.space.shape

    @property
    def labelled(self) -> bool:
        """Whether every sample comes with its class."""
        return self.condition is None and self.source.labels is not None

    @property
    def paired(self) -> bool:
        """Whether every sample is learnt with the condition that belongs to it."""
        return self.condition is not None and self.condition.paired

    def require_classes(self) -> int:
        """How many classes there are, for a conditional game.

        Raises:
            ValueError: the samples have none.
        """
        if not self.space.classes:
            raise ValueError(
                "this data has no classes, which a conditional game needs: put the samples of each class in "
                "a folder of their own, or train without classes"
            )
        return len(self.space.classes)

    def require_condition(self) -> Condition:
        """What samples are conditioned on, for a game that needs more than a class.

        Raises:
            ValueError: there is nothing.
        """
        if self.condition is None:
            raise ValueError("this data has no inputs to translate from")
        return self.condition

    def require_inputs(self) -> Space:
        """The space of what is translated, for a translation.

        Raises:
            ValueError: the samples come with no inputs.
        """
        return self.require_condition().space

    @property
    def blank(self) -> Blank:
        """The same data without a sample: what a trained network is built again with."""
        return Blank(self.space, None if self.condition is None else self.condition.space)

    def conditions(self, rows: Indices, *, held_out: bool = False) -> Tensor | None:
        """What the samples at ``rows`` are conditioned on, as ``batch.c`` has it; None where it is nothing.

        Where conditions belong to no samples, they are those at the same places, from the first again after
        the last. No pictures are changed at random.

        Args:
            rows: which samples.
            held_out: of those that are never trained on.
        """
        source = self.held_out if held_out else self.source
        given = self.condition
        if given is None:
            labels = source.labels
            return None if labels is None else torch.from_numpy(labels[rows])
        source = given.held_out if held_out else given.source
        return given.space.encode(source.read(rows % len(source)))

    def draw(self, position: int, shard: int = 0, shards: int = 1) -> Batch:
        """This shard's slice of the batch at ``position``, encoded; the next ones are prepared meanwhile.

        What it gives depends on the arguments alone, not on what was drawn before. An error of the source or
        the space is raised here, by the draw of the batch that it belongs to.

        Raises:
            ValueError: ``shards`` does not divide the batch.
        """
        self._share(shard, shards)
        if self._at_hand():
            return self.load(position, shard, shards)
        if self._pool is None:
            self._pool = ThreadPoolExecutor(min(4, os.cpu_count() or 1), "ptarmigan-data")
        wanted = self._ahead.pop((position, shard, shards), None)
        for p in range(position + 1, position + 1 + AHEAD):
            if (p, shard, shards) not in self._ahead:
                self._ahead[p, shard, shards] = self._pool.submit(self.load, p, shard, shards)
        for old in [k for k in self._ahead if not position <= k[0] <= position + AHEAD]:
            self._ahead.pop(old).cancel()
        return wanted.result() if wanted else self.load(position, shard, shards)

    def load(self, position: int, shard: int = 0, shards: int = 1) -> Batch:
        """What ``draw`` gives, made now and in this thread."""
        at = position, shard, shards
        if self.sampler is not None:
            rows, c = self._sampled(self.sampler, "x", *at)
            return Batch(self._encoded(self.source, self.space, rows, *at), c)
        rows = self.indices(*at)
        return Batch(self._encoded(self.source, self.space, rows, *at), self._conditions(rows, *at))

    def unread(self, position: int, shard: int = 0, shards: int = 1) -> Batch:
        """A batch for a turn that looks at no sample: its length, and conditions from draws of their own.

        There are none where a condition would have to be read.
        """
        n, at = self._share(shard, shards), (position, shard, shards)
        c = None
        if self.sampler is not None:
            _, c = self._sampled(self.sampler, "unread", *at)
        elif self.labelled:
            c = self._classes(self.indices(*at, "classes"))
        return unread(n, self.space.shape, c)

    def indices(
        self, position: int, shard: int = 0, shards: int = 1, shuffle: str = "x", size: int | None = None
    ) -> Indices:
        """Which of ``size`` samples (all there are) this shard's slice of the batch at ``position`` holds."""
        n = self._share(shard, shards)
        size = len(self.source) if size is None else size
        if size == 0:
            raise ValueError("there is no sample to draw")
        start = position * self.batch + shard * n
        flat = np.arange(start, start + n, dtype=np.int64)
        epochs, places = np.divmod(flat, size)
        out = np.empty_like(places)
        for epoch in np.unique(epochs):
            here = epochs == epoch
            out[here] = permute_next(places[here], size, self.seed, shuffle, int(epoch))
        return out

    def close(self) -> None:
        """Stop preparing batches."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
        self._pool, self._ahead = None, {}

    def _at_hand(self) -> bool:
        """Whether a batch is made sooner than another thread could hand it over."""
        in_memory = isinstance(self.source, ArraySource) and self.condition is None
        return in_memory and self.batch * math.prod(self.space.shape) < SMALL

    def _sampled(
        self, sampler: ConditionalSampler, which: str, position: int, shard: int, shards: int
    ) -> tuple[Indices, Tensor]:
        n = self._share(shard, shards)
        rows, given = sampler(self._random("deal", which, position, 0, 1, 2))
        mine = slice(shard * n, (shard + 1) * n)  # of the whole batch: a row may depend on those before it
        return rows[mine], torch.from_numpy(given[mine])

    def _conditions(self, rows: Indices, position: int, shard: int, shards: int) -> Tensor | None:
        """What the samples of a batch are conditioned on."""
        given, at = self.condition, (position, shard, shards)
        if given is None:
            return self._classes(rows)
        if given.paired:
            return self._encoded(given.source, given.space, rows, *at)
        rows = self.indices(*at, "inputs", len(given.source))
        return self._encoded(given.source, given.space, rows, *at, "inputs")

    def _classes(self, indices: Indices) -> Tensor | None:
        labels = self.source.labels
        return None if labels is None else torch.from_numpy(labels[indices])

    def _encoded(
        self,
        source: Source,
        space: Space,
        indices: Indices,
        position: int,
        shard: int,
        shards: int,
        which: str = "x",
    ) -> Tensor:
        """Samples of a source, changed at random as this run wants it, and encoded."""
        raw = source.read(indices)
        # numpy, as everything here: torch's own threads would compete with the step for the cores
        if self.jitter:
            # of inputs that are smaller than their samples, as much less: a pair shows the same part
            by = self.jitter * space.shape[-1] / self.space.shape[-1]
            corners = self._random("jitter", which, position, shard, shards, 2)
            raw = space.jitter(raw, by, corners)
        x = space.encode(raw)
        if self.flip:
            pixels, mirrored = x.numpy(), self._random("flip", which, position, shard, shards)[:, 0] < 0.5
            pixels[mirrored] = pixels[mirrored][..., ::-1]
        return x

    def _random(
        self, what: str, which: str, position: int, shard: int, shards: int, numbers: int = 1
    ) -> NDArray[np.float64]:
        """Uniform numbers for every image of this shard's slice: a sample and its condition have the same."""
        n = self._share(shard, shards)
        of = (what,) if which == "x" else (what, which)
        drawn = np.random.default_rng(key(self.seed, *of, position)).random((self.batch, numbers))
        return drawn[shard * n : (shard + 1) * n]

    def _share(self, shard: int, shards: int) -> int:
        if not 0 <= shard < shards:
            raise ValueError(f"shard {shard} is not one of {shards}")
        if self.batch % shards:
            raise ValueError(f"a batch of {self.batch} cannot be cut into {shards} equal parts")
        return self.batch // shards
