"""Discriminators of pairs of things that may differ in form."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.nets.dcgan import DCGANDiscriminator
from ptarmigan.nets.mlp import Layer, PointDiscriminator


class PairDiscriminator(nn.Module):
    """Looks at each of two things by itself, and then at both side by side.

    Args:
        first: makes a vector of the first; ``nn.Identity`` where it is one.
        second: of the second.
        both: scores the two vectors together.
    """

    def __init__(self, first: nn.Module, second: nn.Module, both: PointDiscriminator) -> None:
        super().__init__()
        self.first, self.second, self.both = first, second, both

    def features(self, a: Float[Tensor, "batch *one"], b: Float[Tensor, "batch *other"]) -> Tensor:
        """The last hidden layer, ``(batch, feature)``."""
        return self.both.features(self.beside(a, b))

    def forward(
        self, a: Float[Tensor, "batch *one"], b: Float[Tensor, "batch *other"]
    ) -> Float[Tensor, " batch"]:
        """Raw scores."""
        return torch.as_tensor(self.both(self.beside(a, b)))

    def beside(self, a: Tensor, b: Tensor) -> Tensor:
        """What is seen of both."""
        return torch.cat([self.first(a), self.second(b)], 1)


def image_pairs(shape: tuple[int, ...], latent: int, width: int, layer: Layer) -> PairDiscriminator:
    """A discriminator of images and latents: DCGAN's convolutions see the one, hidden layers the rest.

    Args:
        shape: channels, height, width.
        latent: the size of ``z``.
        width: channels of the first convolution, and an eighth of a hidden layer.
        layer: the kind of hidden layer.
    """
    seen, hidden = DCGANDiscriminator(shape, width, norm=nn.Identity), 8 * width
    both = PointDiscriminator((seen.feature_size + hidden,), (hidden,), layer=layer)
    return PairDiscriminator(seen.layers, layer(latent, hidden), both)
