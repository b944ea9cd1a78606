"""Virtual batch norm: Salimans et al. 2016, "Improved techniques for training GANs", arXiv 1606.03498."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.core.precision import at_least_float32


class VirtualBatchNorm(nn.Module):
    """Each sample normalised by the statistics of a fixed reference batch and itself, and of no other.

    Section 3.5. The first ``reference`` rows of the input are the reference batch. Their statistics are
    computed anew in every forward pass, so none are stored.
    """

    def __init__(self, features: int, reference: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.reference, self.eps = reference, eps
        self.gain = nn.Parameter(torch.ones(features))
        self.bias = nn.Parameter(torch.zeros(features))

    def forward(self, x: Float[Tensor, "batch channel *place"]) -> Float[Tensor, "batch channel *place"]:
        """Normalised, scaled and shifted, the reference rows by their own statistics alone.

        Raises:
            ValueError: there are fewer rows than the reference batch has.
        """
        n = self.reference
        if x.shape[0] < n:
            raise ValueError(f"virtual batch norm needs its {n} reference rows first")
        rows = at_least_float32(x)
        rows = rows.flatten(2) if rows.ndim > 2 else rows[:, :, None]
        mean, square = rows.mean(2), rows.square().mean(2)
        mean, square = self.blend(mean), self.blend(square)
        scale = self.gain * torch.rsqrt((square - mean.square()).clamp_min(0) + self.eps)
        shift = self.bias - mean * scale
        return (rows * scale[:, :, None] + shift[:, :, None]).reshape(x.shape).to(x.dtype)

    def blend(self, each: Float[Tensor, "batch channel"]) -> Float[Tensor, "batch channel"]:
        """The mean of each row's statistic and those of the reference batch."""
        n = self.reference
        reference = each[:n].mean(0, keepdim=True)
        return torch.cat([reference.expand(n, -1), torch.lerp(reference, each[n:], 1 / (n + 1))])
