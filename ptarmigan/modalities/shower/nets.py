"""Generators of showers: shares of the incident energy, whose sums hold by construction."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from ptarmigan.core.game import Conditional
from ptarmigan.data.samples import Samples
from ptarmigan.modalities.shower.geometry import parts
from ptarmigan.modalities.shower.space import ShowerSpace
from ptarmigan.nets.mlp import dense, leaky, stack

FITTED = 2_000
"""Training showers by which the outputs are laid out at the start."""
STEEP = 100.0
"""A response changes by a share of one in so many for a unit of the network's output."""
HIGHEST = 15.0
EPSILON = 1e-3


class ShowerGenerator(Conditional):
    """Fully connected: the response, the shares of layers, and the shares of cells within their layer.

    As CaloShowerGAN normalises (arXiv 2309.06515): a softmax over layers; within a layer shares of
    expm1(relu(h)), which are exactly 0 where h is not positive. Every cell has noise of its own beside the
    latent, at an amplitude that the network chooses, since spots of energy far from the axis are hit or
    not, each on its own.

    Args:
        samples: by which the outputs are laid out at the start.
        latent: the size of the latent that all cells share.
        width: units of a hidden layer.
        layers: hidden layers.
    """

    quantiles: Tensor

    def __init__(self, samples: Samples[ShowerSpace], latent: int, width: int, layers: int) -> None:
        super().__init__()
        space = samples.space
        self.space, self.shared, self.parts = space, latent, parts(space.layers)
        self.latent = latent + space.cells + 1
        self.hidden = stack((latent + 2, *[width] * layers), dense(leaky))
        self.out = nn.Linear(width, 2 * space.cells + len(space.layers) + 1)
        quantiles = space.scaled(torch.tensor(space.energies, dtype=torch.float64))
        self.register_buffer("quantiles", quantiles.to(torch.get_default_dtype()), persistent=False)
        if n := min(FITTED, len(samples)):
            self.lay_out(torch.from_numpy(samples.source.read(np.arange(n))).double())

    @torch.no_grad()
    def lay_out(self, raw: Tensor) -> None:
        """Begin at the mean shares of cells and layers, and the mean response."""
        share = (raw[:, 1:] / raw[:, :1]).mean(0)
        layer = torch.stack([share[part].sum() for part in self.parts]).clamp(min=1e-6)
        cells = torch.cat([share[part] / each for part, each in zip(self.parts, layer, strict=True)])
        hit = (raw[:, 1:] > 0).double().mean(0).clamp(0.02, 0.98)
        bias = torch.cat(
            [
                torch.log1p(self.unit * cells / hit) + torch.special.ndtri(hit),
                torch.zeros_like(cells),
                layer.log(),
                STEEP * layer.sum().log()[None],
            ]
        )
        self.out.bias.copy_(bias.to(self.out.bias))
        self.out.weight.mul_(0.3)

    @property
    def unit(self) -> float:
        """Weights of cells that are as small as this part of their layer are about linear in h."""
        return 1e3

    def forward(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Encoded showers; of energies as frequent as in the data where none are asked for."""
        e = self.energies(z[:, -1:]) if c is None else c.to(z)
        found = self.out(self.hidden(torch.cat([z[:, : self.shared], e, torch.exp(-e)], 1)))
        n = self.space.cells
        cells, loud, layers, response = found.split([n, n, len(self.parts), 1], 1)
        h = cells + torch.exp(loud.clamp(-4, 2)) * z[:, self.shared : -1]
        weights = torch.expm1(h.clamp(0, HIGHEST))
        each = torch.exp(response / STEEP) * layers.softmax(1)
        share = torch.cat(
            [
                each[:, i : i + 1] * weights[:, part] / (weights[:, part].sum(1, keepdim=True) + EPSILON)
                for i, part in enumerate(self.parts)
            ],
            1,
        )
        return torch.cat([e, self.space.seen(share)], 1)

    def energies(self, z: Tensor) -> Tensor:
        """Encoded energies ``(n, 1)`` of normal numbers, by the quantiles of those in the data."""
        place = torch.special.ndtr(z) * (len(self.quantiles) - 1)
        low = place.floor().clamp(max=len(self.quantiles) - 2).long()
        return torch.lerp(self.quantiles[low], self.quantiles[low + 1], place - low)
