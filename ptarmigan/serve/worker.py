"""One job at a time on the device, and few that wait: who comes when it is full is asked to come again."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class FullError(RuntimeError):
    """No further job is taken now."""


class LateError(RuntimeError):
    """A job was not done in time."""


class Worker:
    """Does jobs one after another, in a thread.

    Args:
        waiting: jobs that may wait, at most.
        seconds: in which a job must be done, from when it was asked for.
    """

    def __init__(self, waiting: int, seconds: float) -> None:
        self.waiting, self.seconds = waiting, seconds
        self.jobs = 0
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="worker")

    async def do(self, job: Callable[[], T]) -> T:
        """The result of a job.

        Raises:
            FullError: too many wait.
            LateError: it was not done in time.
        """
        if self.jobs > self.waiting:
            raise FullError(f"{self.jobs} requests are under way: come again")
        self.jobs += 1
        done = self.thread.submit(job)
        done.add_done_callback(functools.partial(self.less, asyncio.get_running_loop()))
        try:
            return await asyncio.wait_for(asyncio.wrap_future(done), self.seconds)
        except TimeoutError:
            done.cancel()
            raise LateError(f"it was not done in {self.seconds:g} seconds") from None

    def less(self, loop: asyncio.AbstractEventLoop, _: object) -> None:
        """Count a job that is done, or will not be done: one that is late is still under way."""
        loop.call_soon_threadsafe(self.count_down)

    def count_down(self) -> None:
        """There is one job less."""
        self.jobs -= 1

    def close(self) -> None:
        """Finish what is under way."""
        self.thread.shutdown(wait=True, cancel_futures=True)
