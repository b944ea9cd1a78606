"""Distributed training: each process has a shard of every batch, and all make the same updates."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

MEETING = 10
"""Steps between those at which ranks communicate, such as whether a signal came to any of them."""

_joined: list[int] = []
"""The process, where ``join`` made its group."""


@dataclass(frozen=True)
class Ranks:
    """The rank of this process, and the number of processes."""

    rank: int = 0
    size: int = 1

    @property
    def first(self) -> bool:
        """Whether this is the process that writes."""
        return self.rank == 0

    def meet(self, step: int) -> bool:
        """Whether ranks communicate after ``step`` steps; a single rank always does."""
        return self.size == 1 or step % MEETING == 0

    def from_first(self, value: Any, device: torch.device) -> Any:
        """The first rank's tensors and plain values, on every rank."""
        if self.size == 1:
            return value
        buffer = io.BytesIO()
        torch.save(value, buffer)
        data = torch.frombuffer(bytearray(buffer.getvalue()), dtype=torch.uint8)
        size = torch.tensor(len(data), device=device)
        dist.broadcast(size, 0)
        shared = data.to(device) if self.first else data.new_empty(int(size), device=device)
        dist.broadcast(shared, 0)
        whole = io.BytesIO(shared.cpu().numpy().tobytes())
        return torch.load(whole, map_location="cpu", weights_only=True)


def join(device: torch.device) -> Ranks:
    """Join the other processes that ``torchrun`` started; alone without it."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return Ranks()
    if not dist.is_initialized():
        if device.type == "cuda":
            torch.cuda.set_device(local_device(device))
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
        _joined.append(os.getpid())
    return Ranks(dist.get_rank(), dist.get_world_size())


def local_device(device: torch.device) -> torch.device:
    """The device of this process: GPUs are assigned by local rank."""
    if device.type == "cuda" and device.index is None:
        return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
    return device


def leave() -> None:
    """Leave the group that ``join`` made; one that was there before it is the caller's."""
    if _joined and dist.is_initialized():
        dist.destroy_process_group()
    _joined.clear()


def mean_over_ranks(tensors: Sequence[Tensor], *, exact: bool = False) -> None:
    """Replace every tensor by its mean over all ranks, in one flat all_reduce.

    Args:
        tensors: Of any shapes; every rank has the same ones, in the same order.
        exact: Sum in float64, so that float32 values that are equal on all ranks stay what they are: in
            float32, the mean of three equal numbers may be another number.
    """
    if not dist.is_initialized() or not tensors:
        return
    dtype = (
        torch.float64 if exact or any(tensor.dtype == torch.float64 for tensor in tensors) else torch.float32
    )
    flat = torch.cat([tensor.reshape(-1).to(dtype) for tensor in tensors])
    dist.all_reduce(flat)
    flat /= dist.get_world_size()
    start = 0
    for tensor in tensors:
        tensor.copy_(flat[start : start + tensor.numel()].view_as(tensor))
        start += tensor.numel()


def copy_from_first(tensors: Iterable[Tensor]) -> None:
    """Give every rank the first one's values."""
    if dist.is_initialized():
        for tensor in tensors:
            dist.broadcast(tensor.detach(), 0)


def agree(flag: bool, device: torch.device) -> bool:
    """Whether the flag is set on any rank."""
    if not dist.is_initialized():
        return flag
    answer = torch.tensor(float(flag), device=device)
    dist.all_reduce(answer, dist.ReduceOp.MAX)
    return bool(answer)


def wait() -> None:
    """Wait for all ranks."""
    if dist.is_initialized():
        dist.barrier()
