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
UNIT = 1e3
"""Weights of cells that are as small as one part in so many of their layer are about linear in h."""
QUIET = 0.3
"""How much less of the hidden layer outputs have at the start."""
GROUPS, OFTEN = 8, 0.9
"""Groups of energies for the regression, and the share of showers from which on a cell is always hit."""
HIGHEST, LEAST, EPSILON = 15.0, 1e-6, 1e-3


def powers(e: Tensor) -> Tensor:
    """What outputs are regressed on: encoded energies ``(n, 1)``, and about the inverse of energies."""
    return torch.cat([e, torch.exp(-e)], 1)


class Energies(nn.Module):
    """Encoded incident energies of normal numbers, as frequent as in the data.

    Args:
        space: has the quantiles of energies.
    """

    quantiles: Tensor

    def __init__(self, space: ShowerSpace) -> None:
        super().__init__()
        quantiles = space.scaled(torch.tensor(space.energies, dtype=torch.float64))
        self.register_buffer("quantiles", quantiles.to(torch.get_default_dtype()), persistent=False)

    def forward(self, z: Tensor) -> Tensor:
        """Of ``z`` ``(n, 1)``, by the quantiles."""
        place = torch.special.ndtr(z) * (len(self.quantiles) - 1)
        low = place.floor().clamp(max=len(self.quantiles) - 2).long()
        return torch.lerp(self.quantiles[low], self.quantiles[low + 1], place - low)


class ShowerGenerator(Conditional):
    """Fully connected: the response, the shares of layers, and the shares of cells within their layer.

    As CaloShowerGAN normalises (arXiv 2309.06515): a softmax over layers; within a layer shares of
    exp(relu(h)) − 1, which are exactly 0 where h is not positive. Every output has noise of its own beside
    the latent, at an amplitude that the network chooses: cells far from the axis are hit or not, each by
    its own spot of energy, and how much is sampled fluctuates by itself.

    Args:
        samples: by which the outputs are laid out at the start.
        latent: the size of the latent that all outputs share.
        width: units of a hidden layer.
        layers: hidden layers.
    """

    def __init__(self, samples: Samples[ShowerSpace], latent: int, width: int, layers: int) -> None:
        super().__init__()
        space = samples.space
        self.space, self.shared, self.parts = space, latent, parts(space.layers)
        self.sizes = [space.cells, len(space.layers), 1]
        self.latent = latent + sum(self.sizes) + 1
        self.hidden = stack((latent + 2, *[width] * layers), dense(leaky))
        self.out = nn.Linear(width, 2 * sum(self.sizes))
        self.by_energy = nn.Linear(2, 2 * sum(self.sizes))
        self.energies = Energies(space)
        if n := min(FITTED, len(samples)):
            self.lay_out(torch.from_numpy(samples.source.read(np.arange(n))).double())

    @torch.no_grad()
    def lay_out(self, raw: Tensor) -> None:
        """Begin at what a regression on the energy says of means and amplitudes."""
        e = self.space.scaled(raw[:, :1])
        groups = torch.argsort(e[:, 0]).chunk(max(1, min(GROUPS, len(raw) // 4)))
        targets = torch.stack([torch.cat(self.start(raw[rows, 1:] / raw[rows, :1])) for rows in groups])
        known = torch.stack([torch.cat([torch.ones(1), powers(e[rows]).mean(0)]).double() for rows in groups])
        fitted = torch.linalg.pinv(known) @ targets
        self.by_energy.bias.copy_(fitted[0].to(self.by_energy.bias))
        self.by_energy.weight.copy_(fitted[1:].T.to(self.by_energy.weight))
        self.out.weight.mul_(QUIET)
        self.out.bias.zero_()

    def start(self, share: Tensor) -> tuple[Tensor, ...]:
        """Means, then logarithms of amplitudes, with which the outputs have the moments of showers ``share``.

        A cell that is hit with probability p < .9 and is m on average then: σ(t + φ(t)/p) = m at t = Φ⁻¹(p).
        """
        layer = torch.stack([share[:, part].sum(1) for part in self.parts], 1).clamp(min=LEAST)
        logs = torch.cat([layer.log(), share.sum(1, keepdim=True).clamp(min=LEAST).log()], 1)
        counts = torch.tensor([part.stop - part.start for part in self.parts])
        seen = torch.log1p(UNIT * share / layer.repeat_interleave(counts, 1))
        hit, number = share > 0, (share > 0).double().sum(0).clamp(min=1)
        p = hit.double().mean(0).clamp(0.02, 0.98)
        mean = ((seen * hit).sum(0) / number).clamp(min=0.05)
        spread = (((seen - mean).square() * hit).sum(0) / number).sqrt().clamp(0.1, 1)
        t = torch.special.ndtri(p)
        sigma = mean / (t + torch.exp(-t.square() / 2) / (2 * torch.pi) ** 0.5 / p)
        often = p > OFTEN
        cells, loud = torch.where(often, mean, sigma * t), torch.where(often, spread, sigma).log()
        return cells, logs.mean(0), loud, logs.std(0).clamp(min=1e-3).log()

    def forward(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Encoded showers; of energies as frequent as in the data where none are asked for."""
        e = self.energies(z[:, -1:]) if c is None else c.to(z)
        known = powers(e)
        outputs = self.by_energy(known) + self.out(self.hidden(torch.cat([z[:, : self.shared], known], 1)))
        mean, loud = outputs.chunk(2, 1)
        h, layers, response = (mean + torch.exp(loud.clamp(-7, 2)) * z[:, self.shared : -1]).split(
            self.sizes, 1
        )
        # torch takes far longer for expm1
        weights = torch.exp(h.clamp(0.0, HIGHEST)) - 1
        each = torch.exp(response.clamp(-5, 1)) * layers.softmax(1)
        share = torch.cat(
            [
                each[:, i : i + 1] * weights[:, part] / (weights[:, part].sum(1, keepdim=True) + EPSILON)
                for i, part in enumerate(self.parts)
            ],
            1,
        )
        return torch.cat([e, self.space.seen(share)], 1)
