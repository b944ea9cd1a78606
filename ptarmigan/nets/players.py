"""What every generator and every discriminator has."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor, nn

from ptarmigan.nets.layers import Classes


class Generator(nn.Module, ABC):
    """A network ``(z, c) -> x``.

    Attributes:
        latent: the size of ``z``.
    """

    latent: int


class Discriminator(nn.Module, ABC):
    """A network ``(x, c) -> scores``, of features of the samples.

    Attributes:
        feature_size: how many features there are.
    """

    feature_size: int

    @abstractmethod
    def features(self, x: Tensor, c: Classes | None = None) -> Tensor:
        """The last layer before the scores, ``(batch, feature)``."""
