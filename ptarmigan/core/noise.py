"""Randomness as a function of (seed, position, shard), so nothing about it has to be saved.

``normal`` and ``uniform`` draw for the whole batch and return this shard's rows, so the noise of one sample
does not depend on how many ranks or micro-batches share the work. Torch's global generator, which a user's
own ``nn.Dropout`` uses, gets a stream of its own for every shard; in ``isolated`` blocks it is borrowed.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from operator import index
from typing import SupportsIndex, TypeAlias

import torch
from torch import Tensor

from ptarmigan.core.process import Lock

CPU = torch.device("cpu")

Draw: TypeAlias = Callable[..., Tensor]
"""``torch.randn`` or ``torch.rand``."""


def key(*parts: SupportsIndex | str) -> int:
    """A 63-bit integer, a hash of all ``parts``; whole numbers of any type are alike."""
    plain = tuple(part if isinstance(part, str) else index(part) for part in parts)
    digest = hashlib.blake2b(repr(plain).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1


_turn = Lock()
"""Torch's global generators are one for all threads: who seeds them holds it until they are as before."""


@dataclass
class _Stream:
    shard: int = 0
    shards: int = 1
    device: torch.device = CPU
    generators: dict[torch.device, torch.Generator] = field(default_factory=dict)

    def generator(self) -> torch.Generator:
        if self.device not in self.generators:
            self.generators[self.device] = torch.Generator(self.device)
        return self.generators[self.device]


class _Here(threading.local):
    """This thread's stream, what it has borrowed of torch, where it gives that back, and another source."""

    def __init__(self) -> None:
        self.stream = _Stream()
        self.loan: _Loan | None = None
        self.source: Callable[[Draw, tuple[int, ...]], Tensor] | None = None


_here = _Here()


class _Loan:
    """The states that torch's global generators had before the first seed of an ``isolated`` block."""

    def __init__(self) -> None:
        self.states: dict[torch.device, Tensor] = {}

    def take(self, device: torch.device) -> None:
        """Wait for the other threads, and remember the state of the generators that are seeded next."""
        if not self.states:
            _turn.acquire()
        for one in {CPU, device} - self.states.keys():
            self.states[one] = _torch_state(one)

    def give_back(self) -> None:
        """Restore the states, and let other threads go on."""
        for device, state in self.states.items():
            _restore_torch(device, state)
        if self.states:
            _turn.release()


@contextmanager
def isolated() -> Iterator[None]:
    """Leave torch's random state, and this thread's noise, as they were before the block.

    From the first ``at`` in the block to its end no other thread gets into such a block past its own ``at``:
    what is drawn from torch's global generators is what it would be without the others. So read no data after
    ``at``, as they may be made by threads that wait here.
    """
    outer = _here.stream, _here.loan
    _here.stream, _here.loan = _Stream(), _Loan()
    mine = _here.loan
    try:
        yield
    finally:
        _here.stream, _here.loan = outer
        mine.give_back()


def at(seed: int, *position: int | str, shard: int = 0, shards: int = 1, device: torch.device = CPU) -> None:
    """Seed the noise: what this thread draws from here on is a function of these arguments alone."""
    stream = _here.stream
    stream.shard, stream.shards, stream.device = shard, shards, device
    stream.generator().manual_seed(key(seed, *position))
    seed_torch(key(seed, *position, "shard", shard), device)


def seed_torch(seed: int, device: torch.device = CPU) -> None:
    """Seed torch's global generators alone."""
    if _here.loan is not None:
        _here.loan.take(device)
    # torch.manual_seed, where there is no GPU, keeps a stack trace of every call for the day there is one
    torch.default_generator.manual_seed(seed)
    if device.type == "cuda":
        torch.cuda.manual_seed(seed)
    elif device.type == "mps":
        torch.mps.manual_seed(seed)


def _torch_state(device: torch.device) -> Tensor:
    if device.type == "cuda":
        return torch.cuda.get_rng_state()
    return torch.mps.get_rng_state() if device.type == "mps" else torch.default_generator.get_state()


def _restore_torch(device: torch.device, state: Tensor) -> None:
    if device.type == "cuda":
        torch.cuda.set_rng_state(state)
    elif device.type == "mps":
        torch.mps.set_rng_state(state)
    else:
        torch.default_generator.set_state(state)


def mark() -> Callable[[], None]:
    """A function that goes back to here: what is drawn after its call is what was drawn before it."""
    generator = _here.stream.generator()
    start = generator.get_state()

    def back() -> None:
        generator.set_state(start)

    return back


def normal(n: int, *shape: int) -> Tensor:
    """Standard normal noise of shape ``(n, *shape)`` for the ``n`` samples of this shard."""
    return _mine(_drawn(torch.randn, n * _here.stream.shards, *shape), n)


def uniform(n: int, *shape: int) -> Tensor:
    """Noise uniform on [0, 1) of shape ``(n, *shape)`` for the ``n`` samples of this shard."""
    return _mine(_drawn(torch.rand, n * _here.stream.shards, *shape), n)


def shared(*shape: int) -> Tensor:
    """Standard normal noise of shape ``shape``, the same for all shards: for what belongs to no sample."""
    return _drawn(torch.randn, *shape)


def places(n: int) -> Tensor:
    """The indices of this shard's ``n`` samples in the batch, ``(n,)``."""
    stream = _here.stream
    return torch.arange(stream.shard * n, (stream.shard + 1) * n, device=stream.device)


@dataclass(frozen=True, eq=False)
class Drawn:
    """Noise that was drawn: standard normal or uniform, and its numbers."""

    kind: str
    values: Tensor


@contextmanager
def recorded() -> Iterator[list[Drawn]]:
    """A context that lists what this thread draws in it, in order."""
    drawn: list[Drawn] = []

    def source(draw: Draw, shape: tuple[int, ...]) -> Tensor:
        values = _generated(draw, *shape)
        drawn.append(Drawn("normal" if draw is torch.randn else "uniform", values))
        return values

    with _from(source):
        yield drawn


@contextmanager
def given(values: Iterable[Tensor]) -> Iterator[None]:
    """A context in which this thread draws nothing, and gets these tensors in order.

    So the noise inside of networks can be an input of a graph that is made of them.
    """
    rest = iter(values)
    with _from(lambda draw, shape: next(rest)):
        yield


@contextmanager
def _from(source: Callable[[Draw, tuple[int, ...]], Tensor]) -> Iterator[None]:
    before, _here.source = _here.source, source
    try:
        yield
    finally:
        _here.source = before


def _drawn(draw: Draw, *shape: int) -> Tensor:
    return _generated(draw, *shape) if _here.source is None else _here.source(draw, shape)


def _generated(draw: Draw, *shape: int) -> Tensor:
    return draw(*shape, generator=_here.stream.generator(), device=_here.stream.device)


def _mine(full: Tensor, n: int) -> Tensor:
    shard, shards = _here.stream.shard, _here.stream.shards
    return full[shard * n : (shard + 1) * n] if shards > 1 else full
