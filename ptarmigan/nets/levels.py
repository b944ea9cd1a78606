"""Series as what is said of a whole one, metadata and levels, and the shape of its steps."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

FINEST = 1e-4
"""Added to deviations, of numbers that go from 0 to 1."""
FAINT = 1e-3
"""Directions that vary less than this share of the one that varies most are taken for constant."""


class Parts(NamedTuple):
    """Series, taken apart.

    Attributes:
        metadata: a row of it for each, ``(n, width)``.
        levels: the mean of every channel, then the logarithm of its deviation, ``(n, 2 channels)``.
        steps: channels with mean 0 and deviation 1, and one that says how long a series lasts where some end
            early, ``(n, length, ...)``.
    """

    metadata: Tensor
    levels: Tensor
    steps: Tensor


def apart(x: Float[Tensor, "batch length number"], channels: int, ends: bool) -> Parts:
    """Series as ``SeriesSpace`` encodes them, taken apart."""
    values = x[:, :, :channels]
    lasts = x[:, :, channels : channels + 1] if ends else torch.ones_like(x[:, :, :1])
    count = lasts.sum(1, keepdim=True)
    mean = (values * lasts).sum(1, keepdim=True) / count
    off = (values - mean) * lasts
    deviation = (off.square().sum(1, keepdim=True) / count).sqrt() + FINEST
    steps = off / deviation
    levels = torch.cat([mean, deviation.log()], 2)[:, 0]
    return Parts(x[:, 0, channels + ends :], levels, torch.cat([steps, lasts], 2) if ends else steps)


def together(parts: Parts) -> Float[Tensor, "batch length number"]:
    """The inverse of ``apart``."""
    mean, logarithm = parts.levels.unsqueeze(1).chunk(2, 2)
    off, lasts = parts.steps.tensor_split([mean.shape[2]], 2)
    values = mean + off * logarithm.exp()
    if lasts.shape[2]:
        values = torch.cat([values * lasts, lasts], 2)
    rows = parts.metadata.unsqueeze(1).expand(-1, values.shape[1], -1)
    return torch.cat([values, rows], 2)


class White(nn.Module):
    """Vectors with their mean and covariance, and others with mean 0 and covariance 1.

    What is constant, also in a sum of several numbers, is 0 in the others, whatever is put in its place.

    Args:
        size: of a vector.
    """

    mean: Tensor
    root: Tensor
    inverse: Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("root", torch.eye(size))
        self.register_buffer("inverse", torch.eye(size))

    @torch.no_grad()
    def fit(self, x: Float[Tensor, "batch number"]) -> None:
        """Take mean and covariance from vectors."""
        rows = x.double()
        mean = rows.mean(0)
        off = rows - mean
        variances, directions = torch.linalg.eigh(off.T @ off / len(rows))
        deviations = variances.clamp(min=0).sqrt()
        known = deviations > FAINT * deviations.max()
        # symmetric, so that it does not depend on the signs of the directions
        self.mean.copy_(mean)
        self.root.copy_(directions * torch.where(known, deviations, 0) @ directions.T)
        self.inverse.copy_(directions / torch.where(known, deviations, torch.inf) @ directions.T)

    def whitened(self, x: Float[Tensor, "batch number"]) -> Float[Tensor, "batch number"]:
        """Vectors with covariance 1."""
        return (x - self.mean) @ self.inverse

    def coloured(self, u: Float[Tensor, "batch number"]) -> Float[Tensor, "batch number"]:
        """Vectors with the covariance that was seen."""
        return self.mean + u @ self.root
