"""Numbers: where half of the precision would spoil them, and their order in memory."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def at_least_float32(x: Tensor) -> Tensor:
    """``x`` itself where it is float32 or float64, else ``x`` in float32."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def without_autocast(x: Tensor) -> torch.autocast:
    """A context in which autocast leaves the device of ``x`` alone."""
    return torch.autocast(x.device.type, enabled=False)


def laid_out(game: nn.Module, device: torch.device, dtype: torch.dtype | None, *, images: bool) -> None:
    """Move a game to its device, with weights in the order in memory that is fastest there.

    Those of images in channels-last order, but for float32 on a CPU, whose fused Adam would copy them at
    every step: a third of the time of pix2pix.
    """
    game.to(device)
    if images and (dtype is not None or device.type != "cpu"):
        game.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
