"""Randomness as a function of (seed, position, shard), so nothing about it has to be saved.

``normal`` and ``uniform`` draw for the whole batch and return this shard's rows, so the noise of one sample
does not depend on how many ranks or micro-batches share the work. Torch's global generator, which a user's
own ``nn.Dropout`` uses, gets a stream of its own for every shard.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import torch
from torch import Tensor

CPU = torch.device("cpu")


def key(*parts: int | str) -> int:
    """A 63-bit integer, a hash of all ``parts``."""
    digest = hashlib.blake2b(repr(parts).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1


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


_stream = _Stream()


def at(seed: int, *position: int | str, shard: int = 0, shards: int = 1, device: torch.device = CPU) -> None:
    """Seed the noise: what is drawn from here on is a function of these arguments alone."""
    _stream.shard, _stream.shards, _stream.device = shard, shards, device
    _stream.generator().manual_seed(key(seed, *position))
    _seed_torch(key(seed, *position, "shard", shard), device)


def _seed_torch(seed: int, device: torch.device) -> None:
    # torch.manual_seed, where there is no GPU, keeps a stack trace of every call for the day there is one
    torch.default_generator.manual_seed(seed)
    if device.type == "cuda":
        torch.cuda.manual_seed(seed)
    elif device.type == "mps":
        torch.mps.manual_seed(seed)


def normal(n: int, *shape: int) -> Tensor:
    """Standard normal noise of shape ``(n, *shape)`` for the ``n`` samples of this shard."""
    full = torch.randn(n * _stream.shards, *shape, generator=_stream.generator(), device=_stream.device)
    return _mine(full, n)


def uniform(n: int, *shape: int) -> Tensor:
    """Noise uniform on [0, 1) of shape ``(n, *shape)`` for the ``n`` samples of this shard."""
    full = torch.rand(n * _stream.shards, *shape, generator=_stream.generator(), device=_stream.device)
    return _mine(full, n)


def shared(*shape: int) -> Tensor:
    """Standard normal noise of shape ``shape``, the same for all shards: for what belongs to no sample."""
    return torch.randn(*shape, generator=_stream.generator(), device=_stream.device)


def places(n: int) -> Tensor:
    """The indices of this shard's ``n`` samples in the batch, ``(n,)``."""
    return torch.arange(_stream.shard * n, (_stream.shard + 1) * n, device=_stream.device)


def _mine(full: Tensor, n: int) -> Tensor:
    return full[_stream.shard * n : (_stream.shard + 1) * n] if _stream.shards > 1 else full
