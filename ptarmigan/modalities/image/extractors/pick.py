"""Features by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from ptarmigan.data.samples import Samples, Source
from ptarmigan.metrics.features import Features, Vectors, pixels
from ptarmigan.modalities.image.classifier import Classifier, Unlabelled, learn
from ptarmigan.modalities.image.extractors.dinov2 import dinov2
from ptarmigan.modalities.image.extractors.inception import inception
from ptarmigan.modalities.image.extractors.resnet20 import resnet20
from ptarmigan.modalities.image.extractors.squeezenet import squeezenet
from ptarmigan.modalities.image.space import ImageSpace


def extractor(
    name: str, samples: Samples, *, weights: Path | None = None, cache: Path | None = None
) -> Features:
    """The features of that name.

    ======================  ========================================================================
    ``auto``                ``classifier`` of images with classes, ``selfsupervised`` of others
    ``classifier``          a small network that learns the classes of ``samples``
    ``selfsupervised``      the same that learns how an image was turned, whether there are classes or not
    ``inception``           the FID's network
    ``dinov2``              ViT-L/14 of DINOv2
    ``squeezenet``          SqueezeNet 1.0
    ``resnet20``            a classifier of CIFAR-10
    ``pixels``              the raw numbers
    ======================  ========================================================================

    Args:
        name: one of these.
        samples: the real samples, which some features are learnt from.
        weights: a file of a pretrained network's weights, or a folder for ``dinov2``; see each for what it
            is when None.
        cache: a folder for weights and trained networks; ``$PTARMIGAN_CACHE`` or ``~/.cache/ptarmigan`` when
            None.

    Raises:
        FileNotFoundError: the weights are not there, and cannot be downloaded.
        ValueError: the name is unknown, the samples are no images or have no classes where these are needed,
            or the weights cannot be used.
    """
    if name in TRAINED:
        if weights is not None:
            raise ValueError(f"{name} features have no weights: leave {weights} out")
        return TRAINED[name](samples, cache)
    if name not in PRETRAINED:
        raise ValueError(f"there are no features {name!r}: the names are {', '.join(NAMES)}")
    _images(name, samples)
    return PRETRAINED[name](weights, cache)


@dataclass(frozen=True, eq=False)
class SelfSupervised:
    """The features of a network that learnt turns and not classes, so that nobody takes one for the other."""

    network: Classifier

    @property
    def name(self) -> str:
        """What the network is."""
        return self.network.name

    @property
    def hash(self) -> str:
        """A digest of its weights."""
        return self.network.hash

    def __call__(self, raw: NDArray[Any]) -> Vectors:
        """The features of raw images, of shape (n, 64)."""
        return self.network(raw)

    def layers(self, raw: NDArray[Any]) -> tuple[Vectors, ...]:
        """The maps of its convolutions ``(n, channels, height, width)``, from fine to coarse."""
        return self.network.layers(raw)


def _learnt(source: Source, space: ImageSpace, cache: Path | None) -> Features:
    network = learn(source, space, cache)
    return network if network.kind == "classifier" else SelfSupervised(network)


def _auto(samples: Samples, cache: Path | None) -> Features:
    return _learnt(samples.source, _images("auto", samples), cache)


def _classifier(samples: Samples, cache: Path | None) -> Features:
    space = _images("classifier", samples)
    if samples.source.labels is None or len(samples.source.classes) < 2:
        raise ValueError("classifier features need samples of two classes or more: take selfsupervised")
    return _learnt(samples.source, space, cache)


def _selfsupervised(samples: Samples, cache: Path | None) -> Features:
    return _learnt(Unlabelled(samples.source), _images("selfsupervised", samples), cache)


def _pixels(samples: Samples, cache: Path | None) -> Features:
    return pixels


def _images(name: str, samples: Samples) -> ImageSpace:
    if not isinstance(samples.space, ImageSpace):
        raise ValueError(f"{name} features are of images, and these samples are none: take pixels")
    return samples.space


def _dinov2(weights: Path | None, cache: Path | None) -> Features:
    """The hub's client has a cache of its own."""
    return dinov2(weights)


TRAINED: dict[str, Callable[[Samples, Path | None], Features]] = {
    "auto": _auto,
    "classifier": _classifier,
    "selfsupervised": _selfsupervised,
    "pixels": _pixels,
}
PRETRAINED: dict[str, Callable[[Path | None, Path | None], Features]] = {
    "inception": inception,
    "dinov2": _dinov2,
    "squeezenet": squeezenet,
    "resnet20": resnet20,
}
NAMES = (*TRAINED, *PRETRAINED)
