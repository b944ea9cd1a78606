"""Networks for rows of a table: numbers beside one-hot vectors."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.nets.mlp import rectified, stack

Rows = Float[Tensor, "batch width"]
Conditions = Float[Tensor, "batch condition"]


class RowActivations(nn.Module):
    """The activations of a network's outputs: tanh for numbers, Gumbel softmax for one-hot vectors.

    The softmax of all vectors at once, with independent noise for every entry (Jang et al. 2017, arXiv
    1611.01144): its largest entry is a sample of the softmax without noise.

    Args:
        owners: the index of the vector to which every number of a row belongs; -1 for none.
        temperature: of the softmax; near 0 vectors are nearly one-hot.
    """

    owner: Tensor
    member: Tensor
    alone: Tensor

    def __init__(self, owners: Sequence[int], temperature: float = 0.2) -> None:
        super().__init__()
        self.temperature, self.vectors = temperature, max(owners, default=-1) + 1
        owner = torch.tensor(owners)
        self.register_buffer("alone", owner < 0, persistent=False)
        self.register_buffer("owner", owner.clamp(min=0), persistent=False)
        member = owner[:, None] == torch.arange(self.vectors)
        self.register_buffer("member", member, persistent=False)

    def forward(self, logits: Rows) -> Rows:
        """Rows in [-1, 1]."""
        if not self.vectors:
            return torch.tanh(logits)
        uniform = noise.uniform(*logits.shape).to(logits).clamp(min=torch.finfo(logits.dtype).tiny)
        gumbel = -(-uniform.log()).log()
        shares = self.log_softmax((logits + gumbel) / self.temperature).exp()
        return torch.where(self.alone, torch.tanh(logits), shares)

    def log_softmax(self, logits: Rows) -> Rows:
        """The log-softmax of every vector; 0 for numbers outside of vectors."""
        with torch.no_grad():
            top = logits.new_full((logits.shape[0], self.vectors), -torch.inf)
            heads = logits.masked_fill(self.alone, -torch.inf)
            top.scatter_reduce_(1, self.owner.expand_as(logits), heads, "amax")
        lowered = (logits - top[:, self.owner]).masked_fill(self.alone, 0)
        sums = (lowered.exp().masked_fill(self.alone, 0) @ self.member.to(logits)).log()
        return (lowered - sums[:, self.owner]).masked_fill(self.alone, 0)

    def spread(self, x: Rows) -> Rows:
        """The sum of every vector, repeated at each of its entries."""
        return (x @ self.member.to(x))[:, self.owner]


class RowGenerator(nn.Module):
    """A generator of rows whose hidden layers are concatenated with their inputs (CTGAN, arXiv 1907.00503).

    Args:
        latent: the size of ``z``.
        conditions: the size of the condition.
        owners: see ``RowActivations``.
        hidden: the sizes of the hidden layers, each with batch norm and ReLU.
    """

    def __init__(
        self, latent: int, conditions: int, owners: Sequence[int], hidden: tuple[int, ...] = (256, 256)
    ) -> None:
        super().__init__()
        self.latent = latent
        sizes = [latent + conditions]
        for size in hidden:
            sizes.append(sizes[-1] + size)
        self.layers = nn.ModuleList(
            nn.Sequential(nn.Linear(a, b - a), nn.BatchNorm1d(b - a), nn.ReLU()) for a, b in pairwise(sizes)
        )
        self.out = nn.Linear(sizes[-1], len(owners))
        self.activations = RowActivations(owners)

    def forward(self, z: Float[Tensor, "batch latent"], c: Conditions | None = None) -> Rows:
        """Rows, as the space encodes them."""
        rows: Tensor = self.activations(self.logits(z, c))
        return rows

    def logits(self, z: Float[Tensor, "batch latent"], c: Conditions | None = None) -> Rows:
        """Outputs before the activations, ``(n, width)``."""
        h = z if c is None else torch.cat([z, c], 1)
        for layer in self.layers:
            h = torch.cat([layer(h), h], 1)
        out: Tensor = self.out(h)
        return out


class RowDecoder(nn.Module):
    """A decoder of rows; numbers are normally distributed around its outputs (TVAE, arXiv 1907.00503).

    Args:
        latent: the size of ``z``.
        conditions: the size of the condition.
        owners: see ``RowActivations``.
        hidden: the sizes of the hidden layers.
    """

    def __init__(
        self, latent: int, conditions: int, owners: Sequence[int], hidden: tuple[int, ...] = (128, 128)
    ) -> None:
        super().__init__()
        self.latent = latent
        self.hidden = stack((latent + conditions, *hidden), rectified)
        self.out = nn.Linear(hidden[-1], len(owners))
        self.spread = nn.Parameter(torch.full((len(owners),), 0.1))
        self.activations = RowActivations(owners, temperature=1.0)

    def forward(self, z: Float[Tensor, "batch latent"], c: Conditions | None = None) -> Rows:
        """Rows, as the space encodes them, sampled: numbers, modes and values."""
        x = self.activations(self.logits(z, c))
        samples = x + self.std * noise.normal(*x.shape).to(x)
        return torch.where(self.activations.alone, samples.clamp(-1, 1), x)

    def logits(self, z: Float[Tensor, "batch latent"], c: Conditions | None = None) -> Rows:
        """Outputs before the activations, ``(n, width)``."""
        out: Tensor = self.out(self.hidden(z if c is None else torch.cat([z, c], 1)))
        return out

    @property
    def std(self) -> Tensor:
        """The standard deviations of numbers, ``(width,)``."""
        return self.spread.clamp(0.01, 1.0)

    def nll(self, logits: Rows, x: Rows) -> Float[Tensor, " batch"]:
        """The negative log-likelihood of rows ``x``, up to a constant."""
        normal = ((x - torch.tanh(logits)) / self.std).square() / 2 + self.std.log()
        shares = -x * self.activations.log_softmax(logits)
        return torch.where(self.activations.alone, normal, shares).sum(1)
