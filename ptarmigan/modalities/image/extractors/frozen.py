"""Networks that are not trained any more, as features."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from ptarmigan.metrics.features import Vectors, softmax
from ptarmigan.modalities.image.extractors.show import Prepare, show


@dataclass(frozen=True, eq=False)
class Frozen:
    """A network as ``Features``.

    Attributes:
        name: what it is; with a part of the hash where its weights are not the published ones.
        hash: a digest of its weights, and of how images are prepared for it.
        net: a batch of prepared images to features ``(rows, d)``.
        prepare: one image to what the network takes.
    """

    name: str
    hash: str
    net: Callable[[Tensor], Tensor] = field(repr=False)
    prepare: Prepare = field(repr=False)

    def __call__(self, raw: NDArray[Any]) -> Vectors:
        """The features of raw images ``(n, height, width, channels)``, of shape (n, d).

        Raises:
            ValueError: these are no images, or there are none.
        """
        return show(raw, self.prepare, lambda x: (self.net(x),))[0]


@dataclass(frozen=True, eq=False)
class FrozenClassifier:
    """A network whose last layer, a linear one, tells classes: ``ClassifierFeatures``.

    Attributes:
        features: what comes before that layer.
        classes: their names.
        weight: of the last layer, ``(classes, d)``.
        bias: of the last layer, ``(classes,)``.
    """

    features: Frozen
    classes: tuple[str, ...]
    weight: NDArray[np.float64] = field(repr=False)
    bias: NDArray[np.float64] = field(repr=False)

    @property
    def name(self) -> str:
        """What the features are."""
        return self.features.name

    @property
    def hash(self) -> str:
        """A digest of all that decides the features."""
        return self.features.hash

    def __call__(self, raw: NDArray[Any]) -> Vectors:
        """The features of raw images ``(n, height, width, channels)``, of shape (n, d)."""
        return self.features(raw)

    def probabilities(self, vectors: Vectors) -> NDArray[np.float64]:
        """Features (n, d) to the probability of every class, of shape (n, classes)."""
        return softmax(vectors.astype(np.float64) @ self.weight.T + self.bias)


def telling(
    features: Frozen, classes: tuple[str, ...], last: nn.Linear, *, biased: bool = True
) -> FrozenClassifier:
    """Features with the layer that tells classes from them, with or without its bias."""
    weight, bias = (p.detach().double().numpy() for p in (last.weight, last.bias))
    return FrozenClassifier(features, classes, weight, bias if biased else np.zeros_like(bias))
