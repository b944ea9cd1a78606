"""Networks by modality: what a recipe that serves several kinds of data builds its players of."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import nn

from ptarmigan.nets.layers import Dropout
from ptarmigan.nets.mlp import Layer, PointDiscriminator, dense, leaky
from ptarmigan.nets.pairs import PairDiscriminator
from ptarmigan.nets.players import Discriminator, Generator


class Networks(ABC):
    """Plain networks for the samples of one space.

    ``width`` is what the recipe calls so: channels, or units. Tapered networks are half as wide next to the
    latent; where a modality's networks are so anyhow, it changes nothing.
    """

    @abstractmethod
    def generator(self, latent: int, width: int, *, tapered: bool = False) -> Generator:
        """``z -> x``."""

    @abstractmethod
    def encoder(self, latent: int, width: int, *, tapered: bool = False) -> nn.Module:
        """``x -> z``."""

    @abstractmethod
    def discriminator(
        self, width: int, *, copies: int = 1, tapered: bool = False, dropout: float = 0.0
    ) -> Discriminator:
        """``x -> scores``, without normalisation; of so many copies of a sample, concatenated.

        Dropout is in hidden layers that are fully connected.
        """

    @abstractmethod
    def pair_discriminator(self, latent: int, width: int, *, dropout: float) -> PairDiscriminator:
        """``(x, z) -> scores``, without normalisation."""

    @abstractmethod
    def latent_discriminator(self, size: int, width: int, *, dropout: float = 0.0) -> PointDiscriminator:
        """Vectors of so many latent numbers to scores."""


def dropping(dropout: float) -> Layer:
    """A hidden layer with leaky ReLU and dropout."""
    return dense(lambda: nn.Sequential(leaky(), Dropout(dropout))) if dropout else dense(leaky)
