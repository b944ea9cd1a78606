"""How far encoded samples are apart to a network that looks at them, as something to be minimised."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias, runtime_checkable

import torch
from torch import Tensor

from ptarmigan.metrics.features import Features

Distance: TypeAlias = Callable[[Tensor, Tensor], Tensor]
"""Encoded samples ``(n, …)`` and as many others to their distances ``(n,)``, differentiable."""
TINY = 1e-10


@runtime_checkable
class PerceptualFeatures(Features, Protocol):
    """Features of a network of which every layer can be looked at, also of encoded samples with gradients."""

    def maps(self, x: Tensor) -> Sequence[Tensor]:
        """The maps of several layers ``(n, channels, …)`` of encoded samples."""
        ...


def squared(a: Tensor, b: Tensor) -> Tensor:
    """The mean squared difference of encoded samples, ``(n,)``."""
    return (a - b).square().flatten(1).mean(1)


def perceptual_distance(features: Features | None) -> Distance:
    """The mean squared difference, plus what a network sees where the features are those of one.

    Zhang et al. 2018, arXiv 1801.03924, without learned weights: at every place of every layer the channels
    are scaled to a length of 1, and their squared distance is averaged over places and added up over layers.
    """
    if not isinstance(features, PerceptualFeatures):
        return squared
    network = features

    def distance(a: Tensor, b: Tensor) -> Tensor:
        total = squared(a, b)
        for layer in network.maps(torch.cat([a, b]).float()):
            # not the root of a sum of squares, whose gradient is infinite where no channel fires
            unit = layer * (layer.square().sum(1, keepdim=True) + TINY).rsqrt()
            total = total + (unit[: len(a)] - unit[len(a) :]).square().sum(1).flatten(1).mean(1)
        return total

    return distance
