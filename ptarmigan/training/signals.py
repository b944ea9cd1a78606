"""Signals that end a process: a run that is trained is saved before it is left, and nothing leaves drafts."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType


@dataclass
class Interrupt:
    """The signal that came, if one did."""

    name: str | None = None
    number: int = 0


class Ended(SystemExit):
    """A signal that ends the process came: what is under way cleans up after itself.

    Args:
        number: of the signal.
    """

    code: int

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)
        self.name = signal.Signals(number).name


@contextmanager
def interrupts() -> Iterator[Interrupt]:
    """Notice signals that end the process, not dying of them; a second SIGINT does what it always did."""
    noticed = Interrupt()

    def notice(number: int, frame: FrameType | None) -> None:
        noticed.name, noticed.number = signal.Signals(number).name, number
        signal.signal(signal.SIGINT, signal.default_int_handler)

    with _handled(notice, signal.SIGINT, *_endings()):
        yield noticed


@contextmanager
def ends_tidily() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the process by ``Ended``, as SIGINT does by ``KeyboardInterrupt``."""

    def end(number: int, frame: FrameType | None) -> None:
        raise Ended(number)

    with _handled(end, *_endings()):
        yield


def _endings() -> tuple[signal.Signals, ...]:
    """SIGTERM, and SIGHUP unless it is to be ignored, as under nohup."""
    if sys.platform == "win32" or signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:
        return (signal.SIGTERM,)
    return (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def _handled(handle: Callable[[int, FrameType | None], None], *numbers: signal.Signals) -> Iterator[None]:
    """Handle signals, in the main thread: no other can."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
