"""Batches prepared ahead in other threads, so that training does not wait for them."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from ptarmigan.core.batch import Batch
from ptarmigan.data.shuffle import Slice

AHEAD = 4
"""Batches that are prepared after the one that is drawn."""


class Prefetcher:
    """Draws a batch and prepares the next ones meanwhile.

    Args:
        load: makes the batch of a slice; it is called from several threads.
    """

    def __init__(self, load: Callable[[Slice], Batch]) -> None:
        self.load = load
        self.pool: ThreadPoolExecutor | None = None
        self.ahead: dict[Slice, Future[Batch]] = {}

    def draw(self, at: Slice) -> Batch:
        """What ``load`` makes of a slice; its error is raised by the draw that it belongs to."""
        if self.pool is None:
            self.pool = ThreadPoolExecutor(min(4, os.cpu_count() or 1), "ptarmigan-data")
        wanted = self.ahead.pop(at, None)
        for position in range(at.position + 1, at.position + 1 + AHEAD):
            coming = at._replace(position=position)
            if coming not in self.ahead:
                self.ahead[coming] = self.pool.submit(self.load, coming)
        for old in [k for k in self.ahead if not at.position <= k.position <= at.position + AHEAD]:
            self.ahead.pop(old).cancel()
        return wanted.result() if wanted else self.load(at)

    def close(self) -> None:
        """Stop preparing batches."""
        if self.pool is not None:
            self.pool.shutdown(wait=True, cancel_futures=True)
        self.pool, self.ahead = None, {}
