"""Fully connected networks: for images of any shape, and for points."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.nets.layers import Classes, ClassInput, Dropout, Head, required
from ptarmigan.nets.players import Discriminator, Generator

Activation = Callable[[], nn.Module]
Norm = Callable[[int], nn.Module]
Layer = Callable[[int, int], nn.Module]

leaky: Activation = partial(nn.LeakyReLU, 0.2)


def dense(activation: Activation, norm: Norm = nn.Identity) -> Layer:
    """A constructor of hidden layers: linear, normalisation, activation."""

    def layer(inputs: int, outputs: int) -> nn.Module:
        linear = nn.Linear(inputs, outputs, bias=norm is nn.Identity)
        return nn.Sequential(linear, norm(outputs), activation())

    return layer


rectified = dense(nn.ReLU)


def stack(sizes: tuple[int, ...], layer: Layer) -> nn.Sequential:
    """Hidden layers of the given sizes, of which the first is that of the input."""
    return nn.Sequential(*(layer(a, b) for a, b in pairwise(sizes)))


class MLPGenerator(Generator):
    """Fully connected generator of images (Goodfellow et al. 2014; with classes, Mirza & Osindero 2014).

    Args:
        latent: the size of ``z``.
        shape: channels, height, width.
        hidden: the sizes of the hidden layers.
        classes: how many; 0 for no condition.
        norm: the normalisation of each hidden layer.
    """

    def __init__(
        self,
        latent: int,
        shape: tuple[int, ...],
        hidden: tuple[int, ...] = (256, 512, 1024),
        classes: int = 0,
        *,
        norm: Norm = nn.BatchNorm1d,
    ) -> None:
        super().__init__()
        self.latent, self.shape = latent, tuple(shape)
        self.input = ClassInput(latent, classes)
        self.hidden = stack((self.input.size, *hidden), dense(leaky, norm))
        self.out = nn.Linear(hidden[-1], math.prod(shape))

    def forward(
        self, z: Float[Tensor, "batch latent"], c: Classes | None = None
    ) -> Float[Tensor, "batch channel height width"]:
        """Images in [-1, 1]."""
        images: Tensor = self.out(self.hidden(self.input(z, c)))
        return torch.tanh(images).reshape(-1, *self.shape)


class MLPDiscriminator(Discriminator):
    """Fully connected discriminator of flattened samples, with dropout.

    Args:
        shape: the shape of a sample.
        hidden: the sizes of the hidden layers.
        classes: how many; an embedding of the class is then concatenated to the sample.
        dropout: the probability, in every hidden layer.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        hidden: tuple[int, ...] = (1024, 512, 256),
        classes: int = 0,
        *,
        dropout: float = 0.3,
    ) -> None:
        super().__init__()
        size = math.prod(shape)
        self.embedding = nn.Embedding(classes, classes) if classes else None
        self.hidden = stack(
            (size + classes, *hidden), dense(lambda: nn.Sequential(leaky(), Dropout(dropout)))
        )
        self.feature_size = hidden[-1]
        self.head = Head(self.feature_size)

    def features(
        self, x: Float[Tensor, "batch *sample"], c: Classes | None = None
    ) -> Float[Tensor, "batch feature"]:
        """The last hidden layer."""
        h = x.flatten(1)
        if self.embedding is not None:
            h = torch.cat([h, self.embedding(required(c)).to(h.dtype)], 1)
        features: Tensor = self.hidden(h)
        return features

    def forward(self, x: Float[Tensor, "batch *sample"], c: Classes | None = None) -> Float[Tensor, " batch"]:
        """Raw scores."""
        scores: Tensor = self.head(self.features(x, c), c)
        return scores


class PointGenerator(Generator):
    """Fully connected generator of points.

    Args:
        latent: the size of ``z``.
        shape: ``(coordinates,)``.
        hidden: the sizes of the hidden layers.
        layer: a constructor of hidden layers, ``(inputs, outputs) -> module``.
    """

    def __init__(
        self,
        latent: int,
        shape: tuple[int, ...],
        hidden: tuple[int, ...] = (128, 128),
        *,
        layer: Layer = rectified,
    ) -> None:
        super().__init__()
        self.latent = latent
        self.hidden = stack((latent, *hidden), layer)
        self.out = nn.Linear(hidden[-1], math.prod(shape))

    def forward(
        self, z: Float[Tensor, "batch latent"], c: Classes | None = None
    ) -> Float[Tensor, "batch coordinate"]:
        """Points; ``c`` is ignored."""
        points: Tensor = self.out(self.hidden(z))
        return points


class PointDiscriminator(Discriminator):
    """Fully connected discriminator of points, or of several packed into one (PacGAN, arXiv 1712.04086).

    Args:
        shape: ``(coordinates,)``, of all the packed points together.
        hidden: the sizes of the hidden layers.
        layer: a constructor of hidden layers, ``(inputs, outputs) -> module``.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        hidden: tuple[int, ...] = (128, 128),
        *,
        layer: Layer = rectified,
    ) -> None:
        super().__init__()
        self.hidden = stack((math.prod(shape), *hidden), layer)
        self.feature_size = hidden[-1]
        self.head = Head(self.feature_size)

    def features(
        self, x: Float[Tensor, "batch coordinate"], c: Classes | None = None
    ) -> Float[Tensor, "batch feature"]:
        """The last hidden layer; ``c`` is ignored."""
        features: Tensor = self.hidden(x)
        return features

    def forward(
        self, x: Float[Tensor, "batch coordinate"], c: Classes | None = None
    ) -> Float[Tensor, " batch"]:
        """Raw scores."""
        scores: Tensor = self.head(self.features(x, c), c)
        return scores
