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


class Cells(nn.Module):
    """What a network says, as rows: a hyperbolic tangent for numbers, a Gumbel softmax for one-hot vectors.

    The softmax of all vectors at once, with noise of its own for every entry (Jang et al. 2017, arXiv
    1611.01144): its largest entry is a sample of the softmax without noise.

    Args:
        owners: to which vector every number of a row belongs; -1 for none.
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

    def forward(self, said: Rows) -> Rows:
        """Rows in [-1, 1]."""
        if not self.vectors:
            return torch.tanh(said)
        uniform = noise.uniform(*said.shape).to(said).clamp(min=torch.finfo(said.dtype).tiny)
        gumbel = -(-uniform.log()).log()
        shares = self.log_softmax((said + gumbel) / self.temperature).exp()
        return torch.where(self.alone, torch.tanh(said), shares)

    def log_softmax(self, said: Rows) -> Rows:
        """The logarithm of every vector's softmax; 0 for what belongs to none."""
        with torch.no_grad():
            top = said.new_full((len(said), self.vectors), -torch.inf)
            heads = said.masked_fill(self.alone, -torch.inf)
            top.scatter_reduce_(1, self.owner.expand_as(said), heads, "amax")
        lowered = (said - top[:, self.owner]).masked_fill(self.alone, 0)
        sums = (lowered.exp().masked_fill(self.alone, 0) @ self.member.to(said)).log()
        return (lowered - sums[:, self.owner]).masked_fill(self.alone, 0)

    def spread(self, x: Rows) -> Rows:
        """The sum of every vector, at each of its entries."""
        return (x @ self.member.to(x))[:, self.owner]


class RowGenerator(nn.Module):
    """A generator of rows in which every hidden layer is put beside what it saw (CTGAN, arXiv 1907.00503).

    Args:
        latent: the size of ``z``.
        conditions: the size of the condition.
        owners: see ``Cells``.
        hidden: the sizes of the hidden layers, each with batch norm and a rectifier.
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
        self.cells = Cells(owners)

    def forward(self, z: Float[Tensor, "batch latent"], c: Conditions | None = None) -> Rows:
        """Rows, as the space encodes them."""
        rows: Tensor = self.cells(self.said(z, c))
        return rows

    def said(self, z: Float[Tensor, "batch latent"], c: Conditions | None = None) -> Rows:
        """What becomes rows: the logarithms of shares, for one-hot vectors."""
        h = z if c is None else torch.cat([z, c], 1)
        for layer in self.layers:
            h = torch.cat([layer(h), h], 1)
        out: Tensor = self.out(h)
        return out


class RowDecoder(nn.Module):
    """A decoder of rows: plain layers; scaled numbers are normal around what it says (TVAE, 1907.00503).

    Args:
        latent: the size of ``z``.
        conditions: the size of the condition.
        owners: see ``Cells``.
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
        self.cells = Cells(owners, temperature=1.0)

    def forward(self, z: Float[Tensor, "batch latent"], c: Conditions | None = None) -> Rows:
        """Rows, as the space encodes them: numbers, modes and values are all drawn."""
        x = self.cells(self.said(z, c))
        drawn = x + self.deviation * noise.normal(*x.shape).to(x)
        return torch.where(self.cells.alone, drawn.clamp(-1, 1), x)

    def said(self, z: Float[Tensor, "batch latent"], c: Conditions | None = None) -> Rows:
        """What becomes rows: the logarithms of shares, for one-hot vectors."""
        out: Tensor = self.out(self.hidden(z if c is None else torch.cat([z, c], 1)))
        return out

    @property
    def deviation(self) -> Tensor:
        """Of scaled numbers from what is said, ``(width,)``."""
        return self.spread.clamp(0.01, 1.0)

    def surprise(self, said: Rows, x: Rows) -> Float[Tensor, " batch"]:
        """Minus the logarithm of the density of rows, but for a constant."""
        normal = ((x - torch.tanh(said)) / self.deviation).square() / 2 + self.deviation.log()
        shares = -x * self.cells.log_softmax(said)
        return torch.where(self.cells.alone, normal, shares).sum(1)
