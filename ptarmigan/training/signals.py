"""SIGINT and SIGTERM while a run is trained: they are noticed, and the run is saved before it is left."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType


@dataclass
class Interrupt:
    """The signal that came, if one did."""

    name: str | None = None
    number: int = 0


@contextmanager
def interrupts() -> Iterator[Interrupt]:
    """Notice SIGINT and SIGTERM instead of dying of them; a second SIGINT does what it always did."""
    noticed = Interrupt()
    if threading.current_thread() is not threading.main_thread():
        yield noticed
        return

    def notice(number: int, frame: FrameType | None) -> None:
        noticed.name, noticed.number = signal.Signals(number).name, number
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = {number: signal.signal(number, notice) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield noticed
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
