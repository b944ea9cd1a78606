"""The minibatch standard deviation, by which a discriminator sees the diversity of a batch."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.core.precision import at_least_float32


class MinibatchStd(nn.Module):
    """Appends one channel: the mean standard deviation within groups of samples.

    Karras et al. 2018, arXiv 1710.10196.

    Args:
        group: samples in a group; where the batch is no multiple of it, the greatest common divisor of both.
    """

    def __init__(self, group: int = 4) -> None:
        super().__init__()
        self.group = group

    def forward(
        self, x: Float[Tensor, "batch channel height width"]
    ) -> Float[Tensor, "batch more height width"]:
        """``x`` with one more channel."""
        group = math.gcd(len(x), self.group)
        grouped = at_least_float32(x).unflatten(0, (group, -1))
        variance = (grouped - grouped.mean(0)).square().mean(0)  # var(0) takes ten times as long on a CPU
        deviation = (variance + 1e-8).sqrt().mean((1, 2, 3)).repeat(group)
        channel = deviation[:, None, None, None].expand(-1, 1, *x.shape[2:])
        return torch.cat([x, channel.to(x.dtype)], 1)
