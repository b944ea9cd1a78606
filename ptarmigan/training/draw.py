"""The batches of a turn: the one place that knows the device, the rank and the micro-batch."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import AbstractContextManager
from typing import Any, Protocol

import torch
from torch import Tensor

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Turn
from ptarmigan.data.samples import Samples
from ptarmigan.training.distributed import Ranks


class Batches(Protocol):
    """The batches of a turn, drawn or handed over.

    Attributes:
        accumulate: micro-batches in a turn.
    """

    accumulate: int

    def __call__(self, turn: Turn) -> Generator[Any]:
        """The micro-batches of one turn on this rank, each with its noise until the next; to be closed."""

    def autocast(self) -> AbstractContextManager[object]:
        """The precision that forward passes run at."""


class Draw:
    """Draws real batches and seeds the noise, both as functions of how many were drawn before.

    Args:
        samples: the real samples; a batch is shared by all ranks and micro-batches.
        seed: the random seed of the noise.
        device: where the batches go.
        precision: the dtype of autocast, or None for float32 throughout.
        accumulate: micro-batches in a turn.
        ranks: which of how many processes this is.

    Attributes:
        taken: batches drawn so far: the position of the noise.
        read: real batches drawn so far: the position in the data.
        stream: the number of the noise stream; a rollback takes the next one.

    Raises:
        ValueError: the batch cannot be shared evenly.
    """

    def __init__(
        self,
        samples: Samples,
        *,
        seed: int = 0,
        device: torch.device = noise.CPU,
        precision: torch.dtype | None = None,
        accumulate: int = 1,
        ranks: Ranks | None = None,
    ) -> None:
        self.samples, self.seed, self.device, self.precision = samples, seed, device, precision
        self.accumulate, self.ranks = accumulate, ranks or Ranks()
        self.taken = self.read = self.stream = 0
        given = samples.condition
        self.layout_of_given = torch.contiguous_format if given is None else given.space.layout
        if samples.batch % self.shards:
            raise ValueError(
                f"a batch of {samples.batch} cannot be shared by {self.ranks.size} processes × {accumulate} "
                f"micro-batches: choose a --batch that {self.shards} divides"
            )

    @property
    def shards(self) -> int:
        """The number of shards of a batch."""
        return self.ranks.size * self.accumulate

    def __call__(self, turn: Turn) -> Generator[Batch]:
        """The micro-batches of one turn on this rank, each with its noise until the next; to be closed."""
        for part in range(self.accumulate):
            shard = self.ranks.rank * self.accumulate + part
            if turn.reads:
                batch = self.samples.draw(self.read, shard, self.shards)
            else:
                batch = self.samples.unread(self.taken, shard, self.shards)
            with noise.isolated():
                noise.at(
                    self.seed, self.stream, self.taken, shard=shard, shards=self.shards, device=self.device
                )
                yield self._placed(batch)
        self.taken += 1
        self.read += turn.reads

    def autocast(self) -> AbstractContextManager[object]:
        """The precision that forward passes run at."""
        return torch.autocast(self.device.type, self.precision, enabled=self.precision is not None)

    def state_dict(self) -> dict[str, int]:
        """The position, as plain numbers."""
        return {"taken": self.taken, "read": self.read, "stream": self.stream}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Go on from where ``state_dict`` was."""
        self.taken, self.read, self.stream = state["taken"], state["read"], state["stream"]

    def _placed(self, batch: Batch) -> Batch:
        x, c = batch
        return Batch(
            x if x.is_meta else placed(x, self.device, self.samples.space.layout),
            None if c is None else placed(c, self.device, self.layout_of_given),
        )


def placed(x: Tensor, device: torch.device, layout: torch.memory_format = torch.preserve_format) -> Tensor:
    """A tensor on the device, of the default dtype and in the memory format of its space."""
    if not x.is_floating_point():
        return x.to(device, non_blocking=True)
    return x.to(device, torch.get_default_dtype(), memory_format=layout, non_blocking=True)
