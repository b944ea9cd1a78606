"""What waits for ever, or computes for ever, ends; what is slow because a machine has other work does not."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

LOOK = 30
"""Seconds between looks at how much was computed."""
LITTLE = 0.1
"""Seconds of computing in that time below which something waits."""


class TooLong(BaseException):
    """No ``Exception``, which what is tested would turn into a line."""


@contextmanager
def impatient(most: float) -> Iterator[None]:
    """End what computes for more than ``most`` seconds, or hardly at all for ``LOOK``.

    Raises:
        TooLong: it does.
    """
    begun = last = time.process_time()

    def look(number: int, frame: FrameType | None) -> None:
        nonlocal last
        before, last = last, time.process_time()
        if last - before < LITTLE:
            raise TooLong(f"it waits: it computed for {last - before:.2f} s in {LOOK} s")
        if last - begun > most:
            raise TooLong(f"it computed for {last - begun:.0f} s")

    before = signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, LOOK, LOOK)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
