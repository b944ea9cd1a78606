"""``grid_sample`` that can be differentiated twice; torch's own cannot."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor


def resampled(x: Tensor, grid: Tensor) -> Tensor:
    """Images at the places of a grid, bilinear, reflected beyond the border; ``F.grid_sample``."""
    y: Tensor = _Resample.apply(x, grid)  # type: ignore[no-untyped-call]
    return y


def _sampled(x: Tensor, grid: Tensor) -> Tensor:
    return F.grid_sample(x, grid, mode="bilinear", padding_mode="reflection", align_corners=False)


class _Resample(torch.autograd.Function):
    """``grid_sample``, twice differentiable with respect to its image; torch's own is not."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, grid: Tensor) -> Tensor:
        ctx.save_for_backward(grid)
        ctx.shape = x.shape
        return _sampled(x, grid)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        (grid,) = ctx.saved_tensors
        return _Spread.apply(grads[0], grid, ctx.shape), None  # type: ignore[no-untyped-call]


class _Spread(torch.autograd.Function):
    """The transpose of ``_Resample``, whose own backward is ``_Resample`` again."""

    @staticmethod
    def forward(ctx: Any, y: Tensor, grid: Tensor, shape: torch.Size) -> Tensor:
        ctx.save_for_backward(grid)
        with torch.enable_grad():
            x = y.new_zeros(shape).requires_grad_()
            (spread,) = torch.autograd.grad(_sampled(x, grid), x, y)
        return spread

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        (grid,) = ctx.saved_tensors
        return resampled(grads[0], grid), None, None
