"""A Gaussian for each class, fitted to an autoencoder's codes, from which new codes are drawn."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from ptarmigan.core.game import State
from ptarmigan.core.precision import at_least_float32
from ptarmigan.nets.layers import Classes

FOLLOW = 0.01
"""The weight of a batch in the running moments."""
RIDGE = 1e-3
"""This share of the mean variance is added to each, so that a covariance of few codes has a root."""


def class_gaussians(latent: int, classes: int) -> State:
    """Running second moments of (1, code) for every class: its frequency, mean and covariance."""
    before = 1e-6 * torch.eye(latent + 1).expand(classes, -1, -1)
    return State(before.clone(), lambda old, new: torch.lerp(old, new, FOLLOW))


def note_codes(codes: State, z: Float[Tensor, "batch latent"], c: Classes) -> None:
    """Add the codes of a batch to the moments of their classes."""
    one = at_least_float32(F.pad(z.detach(), (1, 0), value=1.0))
    mine = F.one_hot(c, len(codes.value)).to(one)
    codes.note(torch.einsum("nk,ni,nj->kij", mine, one, one) / len(one))


def to_codes(codes: State, z: Float[Tensor, "batch latent"], c: Classes) -> Float[Tensor, "batch latent"]:
    """Map standard normal ``z`` to codes of the classes ``c``: mean + root of the covariance · z."""
    moments = codes.value / codes.value[:, :1, :1]
    mean, second = moments[:, 0, 1:], moments[:, 1:, 1:]
    covariance = second - mean[:, :, None] * mean[:, None]
    size = covariance.diagonal(dim1=1, dim2=2).mean(1)[:, None, None]
    eye = torch.eye(z.shape[1]).to(covariance)
    root = root_of(covariance + RIDGE * size * eye).to(z.dtype)
    return mean.to(z.dtype)[c] + torch.bmm(root[c], z[:, :, None])[:, :, 0]


def root_of(covariance: Float[Tensor, "classes size size"]) -> Float[Tensor, "classes size size"]:
    """The Cholesky factor of each covariance, column by column where a graph is made, which has no other."""
    if not torch.compiler.is_exporting():
        return torch.as_tensor(torch.linalg.cholesky_ex(covariance)[0])
    columns, rest = [], covariance
    for at in range(covariance.shape[1]):
        column = rest[:, :, 0] / rest[:, :1, 0].sqrt()
        columns.append(F.pad(column, (at, 0)))
        rest = rest[:, 1:, 1:] - column[:, 1:, None] * column[:, None, 1:]
    return torch.stack(columns, 2)
