"""Layers and initialisation that several networks share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.utils import parametrize

from ptarmigan.core import noise
from ptarmigan.core.precision import at_least_float32

WEIGHTED = (
    nn.Linear,
    nn.Conv1d,
    nn.Conv2d,
    nn.Conv3d,
    nn.ConvTranspose1d,
    nn.ConvTranspose2d,
    nn.ConvTranspose3d,
)

Classes = Int[Tensor, " batch"]


def initialise(network: nn.Module, draw: Callable[[Tensor], Any]) -> None:
    """Initialise the weights of all linear and convolutional layers, and set their biases to zero.

    Args:
        network: has the layers.
        draw: fills a weight in place: ``nn.init.orthogonal_``, ``partial(nn.init.normal_, std=0.02)``, ...

    Raises:
        ValueError: a layer's weight is already spectrally normalised.
    """
    for layer in network.modules():
        if isinstance(layer, WEIGHTED):
            if parametrize.is_parametrized(layer, "weight"):
                raise ValueError("initialise a network before its spectral_norm, not after")
            draw(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def fold(network: nn.Module) -> None:
    """Make plain weights of those that are computed anew in every forward pass, by weight or spectral norm.

    What the network computes in evaluation mode stays the same to the bit; it can be trained no longer.
    """
    for layer in [*network.modules()]:
        if parametrize.is_parametrized(layer, "weight"):
            parametrize.remove_parametrizations(layer, "weight")


def required(c: Classes | None) -> Classes:
    """The classes, which a conditional network requires.

    Raises:
        ValueError: there are none.
    """
    if c is None:
        raise ValueError("this network is conditional: give it a class for every sample")
    return c


class ClassInput(nn.Module):
    """A generator's input: ``z``, then an embedding of the class where there are classes (cGAN).

    Attributes:
        size: of the output.
    """

    def __init__(self, latent: int, classes: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(classes, latent) if classes else None
        self.size = 2 * latent if classes else latent

    def forward(
        self, z: Float[Tensor, "batch latent"], c: Classes | None = None
    ) -> Float[Tensor, "batch size"]:
        """``z`` and the embedding of ``c``, concatenated."""
        return z if self.embedding is None else torch.cat([z, self.embedding(required(c))], 1)


class Head(nn.Module):
    """Features to scores: linear, plus their projection on an embedding of the class where there are classes.

    Miyato & Koyama 2018, arXiv 1802.05637. Scores stay float32 under autocast: losses take small differences.
    """

    def __init__(self, feature_size: int, classes: int = 0) -> None:
        super().__init__()
        self.linear = nn.Linear(feature_size, 1)
        self.projection = nn.Embedding(classes, feature_size) if classes else None
        if self.projection is not None:
            nn.init.normal_(self.projection.weight, std=feature_size**-0.5)

    def forward(
        self, features: Float[Tensor, "batch feature"], c: Classes | None = None
    ) -> Float[Tensor, " batch"]:
        """Raw scores."""
        with torch.autocast(features.device.type, enabled=False):
            features = at_least_float32(features)
            scores: Tensor = self.linear(features).squeeze(1)
            if self.projection is not None:
                scores = scores + (self.projection(required(c)) * features).sum(1)
        return scores


class Dropout(nn.Module):
    """Dropout whose noise does not depend on how many shards share the batch.

    Args:
        p: the probability of dropping a number.
        always: also in evaluation mode, and then with one mask for all samples of a batch.
    """

    def __init__(self, p: float, always: bool = False) -> None:
        super().__init__()
        self.p, self.always = p, always

    def forward(self, x: Float[Tensor, "batch *rest"]) -> Float[Tensor, "batch *rest"]:
        """Zero with probability ``p``, else scaled by ``1 / (1 - p)``; ``x`` in evaluation mode."""
        if self.p == 0 or not (self.training or self.always):
            return x
        mask = noise.uniform(len(x) if self.training else 1, *x.shape[1:]).to(x.device) >= self.p
        return x * mask / (1 - self.p)
