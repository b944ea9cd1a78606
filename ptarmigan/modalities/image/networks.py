"""DCGAN's networks for images."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from ptarmigan.data.space import Space
from ptarmigan.modalities.networks import Networks, dropping
from ptarmigan.nets.dcgan import DCGANDiscriminator, DCGANEncoder, DCGANGenerator
from ptarmigan.nets.mlp import PointDiscriminator
from ptarmigan.nets.pairs import PairDiscriminator


@dataclass(frozen=True)
class ImageNetworks(Networks):
    """Convolutions; discriminators have no batch norm, under which penalties would mean nothing."""

    space: Space

    def generator(self, latent: int, width: int, *, tapered: bool = False) -> DCGANGenerator:
        """Transposed convolutions."""
        return DCGANGenerator(latent, self.space.shape, width)

    def encoder(self, latent: int, width: int, *, tapered: bool = False) -> DCGANEncoder:
        """The discriminator's convolutions with batch norm, and a linear layer."""
        return DCGANEncoder(self.space.shape, latent, width)

    def discriminator(
        self, width: int, *, copies: int = 1, tapered: bool = False, dropout: float = 0.0
    ) -> DCGANDiscriminator:
        """Copies are concatenated as channels; nothing drops."""
        channels, *sides = self.space.shape
        return DCGANDiscriminator((copies * channels, *sides), width, norm=nn.Identity)

    def pair_discriminator(self, latent: int, width: int, *, dropout: float) -> PairDiscriminator:
        """Convolutions of the image, a hidden layer of the latent, and one of both."""
        image, hidden, layer = self.discriminator(width), 8 * width, dropping(dropout)
        both = PointDiscriminator((image.feature_size + hidden,), (hidden,), layer=layer)
        return PairDiscriminator(image.layers, layer(latent, hidden), both)

    def latent_discriminator(self, size: int, width: int, *, dropout: float = 0.0) -> PointDiscriminator:
        """Two hidden layers, the first twice as wide."""
        return PointDiscriminator((size,), (2 * width, width), layer=dropping(dropout))
