"""Gaussians of the codes that an autoencoder gives its samples: one for each class, to draw codes from."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from ptarmigan.core.game import State
from ptarmigan.core.precision import at_least_float32
from ptarmigan.nets.layers import Classes

FOLLOW = 0.01
"""How fast the Gaussians follow the codes of a batch."""
RIDGE = 1e-3
"""Of the mean variance, added to each, so that a covariance of few codes has a root."""


def gaussians(latent: int, classes: int) -> State:
    """The second moments of (1, code) for every class: how often it comes, its mean and its covariance."""
    before = 1e-6 * torch.eye(latent + 1).expand(classes, -1, -1)
    return State(before.clone(), lambda old, new: torch.lerp(old, new, FOLLOW))


def follow(codes: State, z: Float[Tensor, "batch latent"], c: Classes) -> None:
    """Note the codes of a batch, each for its class."""
    one = at_least_float32(F.pad(z.detach(), (1, 0), value=1.0))
    mine = F.one_hot(c, len(codes.value)).to(one)
    codes.note(torch.einsum("nk,ni,nj->kij", mine, one, one) / len(one))


def coded(codes: State, z: Float[Tensor, "batch latent"], c: Classes) -> Float[Tensor, "batch latent"]:
    """The codes that standard normal ``z`` stand for in their classes."""
    moments = codes.value / codes.value[:, :1, :1]
    mean, second = moments[:, 0, 1:], moments[:, 1:, 1:]
    covariance = second - mean[:, :, None] * mean[:, None]
    size = covariance.diagonal(dim1=1, dim2=2).mean(1)[:, None, None]
    eye = torch.eye(z.shape[1]).to(covariance)
    root = torch.linalg.cholesky_ex(covariance + RIDGE * size * eye)[0].to(z.dtype)
    return mean.to(z.dtype)[c] + torch.bmm(root[c], z[:, :, None])[:, :, 0]
