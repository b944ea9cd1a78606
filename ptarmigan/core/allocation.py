"""Tensors whose size somebody chose, held against memory before they take any."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from ptarmigan.core.memory import amount, free_memory

SIZED = frozenset({torch.empty, torch.zeros, torch.ones, torch.full, torch.randn, torch.rand, torch.eye})
"""What makes a tensor of a size that is named."""
BYTES = 4
OFTEN = 64 << 20
"""Bytes, and a thousandth of the tensors, after which it is looked again at how much memory is left."""
MANY = 1_000
KEPT = 8
"""A share of the memory that was free is left to others."""


class CheckedAllocation(TorchFunctionMode):
    """While it lasts, tensors are made as long as there is memory for them.

    Linux gives out memory that it has not got, and ends the process, or another one, that makes use of it.

    Args:
        what: is made: "the networks of toy.gan".
        hint: what to do where memory is short.
    """

    def __init__(self, what: str, hint: str) -> None:
        super().__init__()
        self.what, self.hint, self.most = what, hint, free_memory()
        self.taken, self.since, self.count = 0, 0, 0

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[Any],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Call ``func``, unless it makes a tensor for which there is no memory.

        Raises:
            ValueError: it would.
        """
        if func in SIZED:
            self.check(asked_for(args, kwargs or {}))
        return func(*args, **(kwargs or {}))

    def check(self, size: int) -> None:
        """See that so many bytes more can be taken.

        Raises:
            ValueError: they cannot.
        """
        self.taken, self.since, self.count = self.taken + size, self.since + size, self.count + 1
        if self.since < OFTEN and self.count % MANY:
            return
        if free_memory() - size < self.most // KEPT:
            raise ValueError(
                f"{self.what} would take more than {amount(self.taken)} of memory, and {amount(self.most)} "
                f"are free: {self.hint}"
            )
        self.since = 0


def asked_for(args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    """The bytes of a tensor, by what ``torch.empty`` and its like are called with."""
    if getattr(kwargs.get("device"), "type", kwargs.get("device")) == "meta":
        return 0
    sizes = [kwargs["size"]] if "size" in kwargs else args
    sizes = sizes[0] if len(sizes) and isinstance(sizes[0], Sequence) else sizes
    return BYTES * math.prod(size for size in sizes if isinstance(size, int))
