"""Precision where half of it would not do, code that is not compiled, and the memory format of weights."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn


def at_least_float32(x: Tensor) -> Tensor:
    """``x`` itself where it is float32 or float64, else ``x`` in float32."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def without_autocast(x: Tensor) -> torch.autocast:
    """A context in which autocast leaves the device of ``x`` alone."""
    return torch.autocast(x.device.type, enabled=False)


def uncompiled() -> AbstractContextManager[object]:
    """A context in which networks that were compiled are not; free where the compiler was never imported."""
    there = "torch._dynamo" in sys.modules
    return torch.compiler.set_stance("force_eager") if there else nullcontext()


def laid_out(
    game: nn.Module, device: torch.device, dtype: torch.dtype | None, layout: torch.memory_format
) -> None:
    """Move a game to its device, with weights in the memory format that is fastest there.

    That is the format of its batches, except for float32 on a CPU, where fused Adam would copy weights that
    are channels last at every step: a third of the time of pix2pix.
    """
    game.to(device)
    if layout is torch.channels_last and (dtype is not None or device.type != "cpu"):
        game.to(memory_format=layout)  # type: ignore[call-overload]
