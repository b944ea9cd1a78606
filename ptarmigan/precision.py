"""Where half precision would spoil the numbers."""

from __future__ import annotations

import torch
from torch import Tensor


def at_least_float32(x: Tensor) -> Tensor:
    """``x`` itself where it is float32 or float64, else ``x`` in float32."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def without_autocast(x: Tensor) -> torch.autocast:
    """A context in which autocast leaves the device of ``x`` alone."""
    return torch.autocast(x.device.type, enabled=False)
