"""Spectral normalisation: a weight over its largest singular value (Miyato et al. 2018, arXiv 1802.05957)."""

from __future__ import annotations

from typing import TypeVar

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils import parametrize

from ptarmigan.core.game import State
from ptarmigan.nets.layers import WEIGHTED

TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
Network = TypeVar("Network", bound=nn.Module)


def spectral_norm(network: Network) -> Network:
    """Normalise the weight of every linear, convolutional and embedding layer in ``network``; returns it."""
    for layer in list(network.modules()):
        if isinstance(layer, (*WEIGHTED, nn.Embedding)) and not parametrize.is_parametrized(layer, "weight"):
            norm = SpectralNorm(layer.weight, transposed=isinstance(layer, TRANSPOSED))
            # This skips a check by a forward pass, which would be noted before the first turn.
            parametrize.register_parametrization(layer, "weight", norm.train(layer.training), unsafe=True)
    return network


class SpectralNorm(nn.Module):
    """A weight's parametrization; one step of power iteration a turn, whose vector is a ``State``.

    Every forward pass of a turn has the same vector and so the same weight.

    Args:
        weight: the weight, for its shape and a first estimate.
        transposed: the outputs are the weight's second dimension.
    """

    def __init__(self, weight: Tensor, *, transposed: bool = False) -> None:
        super().__init__()
        self.transposed = transposed
        matrix = self.matrix(weight.detach())
        u = unit(torch.randn_like(matrix[:, 0]))
        for _ in range(15):
            u, _ = power(matrix, u)
        self.u = State(u, direction)

    def matrix(self, weight: Tensor) -> Float[Tensor, "output input"]:
        """The weight as a matrix, of whose singular values the largest is the norm."""
        return (weight.transpose(0, 1) if self.transposed else weight).flatten(1)

    def forward(self, weight: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """The weight divided by its largest singular value; the gradient flows through both."""
        with torch.autocast(weight.device.type, enabled=False):
            matrix = self.matrix(weight)
            u, v = power(matrix.detach(), self.u.value)
            if self.training:
                self.u.note(u)
            sigma = torch.dot(u, torch.mv(matrix, v))
            return weight / sigma.clamp_min(1e-12)


def power(
    matrix: Float[Tensor, "output input"], u: Float[Tensor, " output"]
) -> tuple[Float[Tensor, " output"], Float[Tensor, " input"]]:
    """One step of power iteration: the new left and right vectors."""
    v = unit(torch.mv(matrix.T, u))
    return unit(torch.mv(matrix, v)), v


def unit(x: Float[Tensor, " size"]) -> Float[Tensor, " size"]:
    """``x`` divided by its length."""
    return F.normalize(x, dim=0)


def direction(value: Tensor, mean: Tensor) -> Tensor:
    """A ``State`` update that keeps the direction of the mean note."""
    return unit(mean)
