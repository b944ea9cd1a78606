"""Generators that go by way of an intermediate latent w, as StyleGAN's: Karras et al. 2019, 1812.04948."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor, nn


class StyleGenerator(nn.Module, ABC):
    """A generator in two parts: ``G(z, c) = synthesise(map(z, c))``, with a w for every layer that takes one.

    Attributes:
        latent: the size of z.
        styles: how many layers take a w.
        size: of a w.
    """

    latent: int
    styles: int
    size: int

    @abstractmethod
    def map(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """The mapping network: z ``(n, latent)``, and what samples are conditioned on, to w ``(n, size)``."""

    @abstractmethod
    def synthesise(self, w: Tensor) -> Tensor:
        """Samples of w ``(n, styles, size)``, of which the first is for the coarsest layer."""

    @abstractmethod
    def style_weights(self) -> tuple[Tensor, ...]:
        """The weight of every layer's linear map of its w: ``styles`` tensors ``(outputs, size)``."""

    def forward(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """G(z, c): the same w for every layer."""
        return self.synthesise(self.map(z, c)[:, None].expand(-1, self.styles, -1))
