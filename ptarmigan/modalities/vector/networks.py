"""Fully connected networks for rows of numbers."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from ptarmigan.data.space import Space
from ptarmigan.modalities.networks import Networks, dropping
from ptarmigan.nets.mlp import PointDiscriminator, PointGenerator, dense, leaky
from ptarmigan.nets.pairs import PairDiscriminator


@dataclass(frozen=True)
class VectorNetworks(Networks):
    """Two hidden layers each."""

    space: Space

    def generator(self, latent: int, width: int, *, tapered: bool = False) -> PointGenerator:
        """ReLU."""
        return PointGenerator(latent, self.space.shape, (width, 2 * width if tapered else width))

    def encoder(self, latent: int, width: int, *, tapered: bool = False) -> PointGenerator:
        """Leaky ReLU."""
        hidden = (2 * width if tapered else width, width)
        return PointGenerator(self.space.shape[0], (latent,), hidden, layer=dense(leaky))

    def discriminator(
        self, width: int, *, copies: int = 1, tapered: bool = False, dropout: float = 0.0
    ) -> PointDiscriminator:
        """Leaky ReLU; tapered ones are four times and twice as wide, as EGBAD's."""
        hidden = (4 * width, 2 * width) if tapered else (width, width)
        return PointDiscriminator((copies * self.space.shape[0],), hidden, layer=dropping(dropout))

    def pair_discriminator(self, latent: int, width: int, *, dropout: float) -> PairDiscriminator:
        """Row and latent concatenated."""
        size = self.space.shape[0] + latent
        both = PointDiscriminator((size,), (4 * width, 2 * width), layer=dropping(dropout))
        return PairDiscriminator(nn.Identity(), nn.Identity(), both)

    def latent_discriminator(self, size: int, width: int, *, dropout: float = 0.0) -> PointDiscriminator:
        """Two hidden layers of one width."""
        return PointDiscriminator((size,), (width, width), layer=dropping(dropout))
