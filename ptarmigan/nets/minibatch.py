"""What lets a discriminator see the diversity of a batch: standard deviations, or closeness."""

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


class MinibatchDiscrimination(nn.Module):
    """Appends how close each sample is to the others of its batch.

    Salimans et al. 2016, arXiv 1606.03498, section 3.2.

    Args:
        features: the number of input features.
        kernels: the number of appended features (B in the paper).
        size: the size of the vectors whose distances these are (C in the paper).
    """

    def __init__(self, features: int, kernels: int = 100, size: int = 5) -> None:
        super().__init__()
        self.kernels = kernels
        self.linear = nn.Linear(features, kernels * size, bias=False)

    def forward(self, x: Float[Tensor, "batch feature"]) -> Float[Tensor, "batch more"]:
        """``x`` and, for each kernel, the sum over the batch of ``exp(-|difference|)``; itself counts one."""
        vectors = at_least_float32(self.linear(x)).unflatten(1, (self.kernels, -1))
        distances = (vectors[:, None] - vectors[None]).abs().sum(3)
        return torch.cat([x, torch.exp(-distances).sum(1).to(x.dtype)], 1)
