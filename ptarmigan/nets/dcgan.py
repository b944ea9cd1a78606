"""DCGAN: Radford et al. 2016, arXiv 1511.06434, for any size; conditional where there are classes."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.nets.layers import Classes, ClassInput, Head, initialise
from ptarmigan.nets.minibatch import MinibatchStd
from ptarmigan.nets.players import Discriminator, Generator
from ptarmigan.nets.sides import crop, halved, halvings

Norm = Callable[[int], nn.Module]


def widths(width: int, stages: int) -> list[int]:
    """Channels from the largest image to the smallest: doubled as the sides halve, up to eightfold."""
    return [width * min(2**i, 8) for i in range(stages)]


class DCGANGenerator(Generator):
    """A linear layer and transposed convolutions.

    Args:
        latent: the size of ``z``.
        shape: channels, height, width.
        width: channels of the last hidden layer, at half the image's sides.
        classes: how many; an embedding of the class is then concatenated to ``z``.
        smallest: the smallest shorter side of the first feature map, up to rounding: 28 and 32 pixels both
            start at 4, as published; 8 gives 8×8×128 → 32×32×3 at width 64.
        norm: the normalisation of each hidden layer.

    Attributes:
        stages: how often the sides are doubled.
    """

    def __init__(
        self,
        latent: int,
        shape: tuple[int, ...],
        width: int = 64,
        classes: int = 0,
        *,
        smallest: int = 3,
        norm: Norm = nn.BatchNorm2d,
    ) -> None:
        super().__init__()
        channels, height, across = shape
        self.latent, self.sides = latent, (height, across)
        self.stages = halvings(self.sides, smallest)
        sizes = widths(width, self.stages)[::-1]
        start = (sizes[0], *halved(self.sides, self.stages))
        bias = norm is nn.Identity
        self.input = ClassInput(latent, classes)
        layers: list[nn.Module] = [
            nn.Linear(self.input.size, math.prod(start), bias=bias),
            nn.Unflatten(1, start),
            norm(sizes[0]),
            nn.ReLU(),
        ]
        for a, b in pairwise(sizes):
            layers += [nn.ConvTranspose2d(a, b, 4, 2, 1, bias=bias), norm(b), nn.ReLU()]
        layers.append(nn.ConvTranspose2d(sizes[-1], channels, 4, 2, 1))
        self.layers = nn.Sequential(*layers)
        initialise(self, partial(nn.init.normal_, std=0.02))

    def forward(
        self, z: Float[Tensor, "batch latent"], c: Classes | None = None
    ) -> Float[Tensor, "batch channel height width"]:
        """Images in [-1, 1]."""
        return torch.tanh(self.pre_activation(z, c))

    def pre_activation(
        self, z: Float[Tensor, "batch latent"], c: Classes | None = None
    ) -> Float[Tensor, "batch channel height width"]:
        """Images before the tanh."""
        return crop(self.layers(self.input(z, c)), self.sides)


class DCGANDiscriminator(Discriminator):
    """Strided convolutions with leaky ReLU; the classes, where there are some, by projection.

    Args:
        shape: channels, height, width.
        width: channels of the first layer.
        classes: how many; 0 for no condition.
        smallest: the smallest shorter side of the last feature map.
        norm: the normalisation of all but the first layer; ``nn.Identity`` under ``spectral_norm`` and
            penalties.
        hidden: where given, the network ends in ``MinibatchStd`` and a layer of ``hidden`` units before the
            scores (Karras et al. 2018, arXiv 1710.10196).
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        width: int = 64,
        classes: int = 0,
        *,
        smallest: int = 3,
        norm: Norm = nn.BatchNorm2d,
        hidden: int = 0,
    ) -> None:
        super().__init__()
        channels, height, across = shape
        stages = halvings((height, across), smallest)
        sizes = widths(width, stages)
        layers: list[nn.Module] = [nn.Conv2d(channels, width, 4, 2, 1), nn.LeakyReLU(0.2)]
        for a, b in pairwise(sizes):
            layers += [nn.Conv2d(a, b, 4, 2, 1, bias=norm is nn.Identity), norm(b), nn.LeakyReLU(0.2)]
        # A 4×4 convolution of stride 2 rounds down, and still uses the last row of an odd side.
        places = (height >> stages) * (across >> stages)
        size = sizes[-1] * places
        if hidden:
            layers += [MinibatchStd(), nn.Flatten(), nn.Linear(size + places, hidden), nn.LeakyReLU(0.2)]
        else:
            layers.append(nn.Flatten())
        self.layers, self.feature_size = nn.Sequential(*layers), hidden or size
        self.head: nn.Module = Head(self.feature_size, classes)
        initialise(self, partial(nn.init.normal_, std=0.02))
        if hidden:  # two more layers with weights this small would nearly block the signal
            for layer in (self.layers[-2], self.head):
                initialise(layer, partial(nn.init.normal_, std=0.05))

    def features(
        self, x: Float[Tensor, "batch channel height width"], c: Classes | None = None
    ) -> Float[Tensor, "batch feature"]:
        """The last layer before the scores, flattened; ``c`` is ignored."""
        features: Tensor = self.layers(x)
        return features

    def forward(
        self, x: Float[Tensor, "batch channel height width"], c: Classes | None = None
    ) -> Float[Tensor, " batch"]:
        """Raw scores."""
        scores: Tensor = self.head(self.features(x, c), c)
        return scores


class DCGANEncoder(nn.Module):
    """Images to latents: the discriminator's convolutions, and a linear layer.

    Args:
        shape: channels, height, width.
        latent: the size of ``z``.
        width: channels of the first layer.
        norm: the normalisation of all but the first layer.
    """

    def __init__(
        self, shape: tuple[int, ...], latent: int, width: int = 64, *, norm: Norm = nn.BatchNorm2d
    ) -> None:
        super().__init__()
        trunk = DCGANDiscriminator(shape, width, norm=norm)
        self.layers, self.end = trunk.layers, nn.Linear(trunk.feature_size, latent)

    def forward(self, x: Float[Tensor, "batch channel height width"]) -> Float[Tensor, "batch latent"]:
        """Latents."""
        z: Tensor = self.end(self.layers(x))
        return z
