"""Work that is done on several threads and comes back in order."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from ptarmigan.media.progress import Bar

CHUNK = 128
"""Of how many things a piece of work is."""
MANY = 5_000
"""Things from which progress is shown."""

T = TypeVar("T")


def in_order(work: Callable[[int, int], T], n: int, title: str) -> Iterator[T]:
    """``work(begin, end)`` for all of [0, n) in pieces, on several threads, a few ahead of who reads this."""
    workers = min(8, os.cpu_count() or 1)
    waiting: deque[tuple[Future[T], int]] = deque()
    with ThreadPoolExecutor(workers, "ptarmigan-scan") as pool, Bar(n, title, shown=n > MANY) as bar:
        try:
            for begin in range(0, n, CHUNK):
                end = min(n, begin + CHUNK)
                waiting.append((pool.submit(work, begin, end), end - begin))
                if len(waiting) > 2 * workers:
                    yield _next(waiting, bar.advance)
            while waiting:
                yield _next(waiting, bar.advance)
        finally:
            for future, _ in waiting:
                future.cancel()


def _next(waiting: deque[tuple[Future[T], int]], advance: Callable[[float], None]) -> T:
    future, count = waiting.popleft()
    result = future.result()
    advance(count)
    return result
