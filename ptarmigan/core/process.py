"""What belongs to the whole process, and is changed for a while also by several threads at once."""

from __future__ import annotations

import os
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

import torch
from torch import nn
from torch.backends import cudnn


def in_forked(do: Callable[[], object]) -> None:
    """Do something in every process that is forked from this one, where processes can be."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=do)


class Lock:
    """Threads take turns, each as often as it likes; in a forked process none of the others can hold it."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        in_forked(self._renew)

    def acquire(self) -> None:
        """Wait until no other thread holds it."""
        self._lock.acquire()

    def release(self) -> None:
        """Undo one ``acquire``."""
        self._lock.release()

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *error: object) -> None:
        self.release()

    def _renew(self) -> None:
        if self._lock.acquire(blocking=False):  # nobody's, or that of the thread that was forked
            self._lock.release()
        else:
            self._lock = threading.RLock()


Value = TypeVar("Value", bound=int)


class Flag(Generic[Value]):
    """A setting of the process with one value in blocks: after the last of them it is as before the first.

    Args:
        get: its value.
        change: sets it.
        value: what it is in blocks.
    """

    def __init__(self, get: Callable[[], Value], change: Callable[[Value], object], value: Value) -> None:
        self.get, self.change, self.value = get, change, value
        self.lock, self.blocks, self.before = Lock(), 0, value
        in_forked(self._leave)

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """A block."""
        with self.lock:
            if not self.blocks:
                self.before = self.get()
                self.change(self.value)
            self.blocks += 1
        try:
            yield
        finally:
            with self.lock:
                if self.blocks > 1:
                    self.blocks -= 1
                else:
                    self._leave()

    def _leave(self) -> None:
        """End the last block; in a forked process, those of threads that are not there."""
        if self.blocks:
            self.blocks = 0
            self.change(self.before)


def _check_determinism(mode: int) -> None:
    """``torch.use_deterministic_algorithms`` without the compiler, whose import changes the environment."""
    torch.set_deterministic_debug_mode(mode)
    if "torch._inductor.config" in sys.modules:
        sys.modules["torch._inductor.config"].deterministic = mode > 0  # type: ignore[attr-defined]


deterministic = Flag(torch.get_deterministic_debug_mode, _check_determinism, 2)
"""The same bits every time, or an error."""
untuned = Flag(lambda: cudnn.benchmark, lambda on: setattr(cudnn, "benchmark", on), False)
"""cuDNN's algorithms are not chosen by timing them."""
full_float32 = Flag(lambda: cudnn.allow_tf32, lambda on: setattr(cudnn, "allow_tf32", on), False)
"""Convolutions do not round to the ten bits of TensorFloat-32."""


class Threads:
    """How many threads compute: of torch, a number of each thread, of MKL, one of the process."""

    def __init__(self) -> None:
        self.lock, self.blocks, self.before = Lock(), 0, 0
        self.here = threading.local()
        in_forked(self._one)

    def original(self) -> int:
        """This thread's number without blocks of others: one that starts meanwhile begins with theirs."""
        with self.lock:
            return self._outer or (self.before if self.blocks else torch.get_num_threads())

    @property
    def _outer(self) -> int:
        return int(getattr(self.here, "n", 0))

    @contextmanager
    def __call__(self, n: int) -> Iterator[None]:
        """A block that computes with ``n`` threads."""
        outer = self._outer
        with self.lock:
            if not self.blocks:
                self.before = torch.get_num_threads()
            self.blocks += 1
        self.here.n = n
        torch.set_num_threads(n)
        try:
            yield
        finally:
            self.here.n = outer
            torch.set_num_threads(outer or self.before)
            with self.lock:
                self.blocks = max(0, self.blocks - 1)

    def _one(self) -> None:
        """One thread in a forked process: OpenMP's others stay in the parent, and would be waited for."""
        self.blocks, self.here = 0, threading.local()
        torch.set_num_threads(1)


threads = Threads()
"""As many threads as a block says, and afterwards as many as before."""

SMALL = 10_000_000
"""Parameters times samples that one thread computes: below it threads wait for each other more than they
compute, and beside other programs that takes several times as long (``benchmarks/threads.py``)."""


def suitable(network: nn.Module, samples: float) -> int:
    """One thread where little is computed, else as many as torch takes: all cores, or ``OMP_NUM_THREADS``."""
    parameters = sum(p.numel() for p in network.parameters())
    return 1 if parameters * samples < SMALL else threads.original()


_filters = Lock()


@contextmanager
def ignored(category: type[Warning] = Warning, message: str = "") -> Iterator[None]:
    """Warnings of a category are not shown; Python's filters are one list, so threads take turns."""
    with _filters, warnings.catch_warnings():
        warnings.filterwarnings("ignore", message, category)
        yield


@contextmanager
def learning() -> Iterator[None]:
    """Networks can be made and trained, whatever mode without gradients the caller is in."""
    with torch.inference_mode(False), torch.enable_grad():
        yield
