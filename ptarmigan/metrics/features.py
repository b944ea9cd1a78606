"""Features of samples, in which they are measured."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ptarmigan.data.permutation import Indices
from ptarmigan.data.samples import Source
from ptarmigan.data.space import Space

Vectors = NDArray[np.float32]
CHUNK = 128


@runtime_checkable
class Features(Protocol):
    """A feature extractor: raw samples, in the data's own units, to float32 vectors, of shape (n, d).

    Scores in features of different ``hash`` are not comparable.
    """

    @property
    def name(self) -> str:
        """A readable name."""
        ...

    @property
    def hash(self) -> str:
        """A digest of all that determines the features."""
        ...

    def __call__(self, raw: NDArray[Any]) -> Vectors:
        """The features of ``raw``, of shape (n, d)."""
        ...


@runtime_checkable
class ClassifierFeatures(Features, Protocol):
    """Features of a classifier, before its last layer."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes."""
        ...

    def probabilities(self, vectors: Vectors) -> NDArray[np.float64]:
        """The class probabilities of features (n, d), of shape (n, classes)."""
        ...


@runtime_checkable
class TensorFeatures(Features, Protocol):
    """Features that also take encoded samples, as tensors on any device."""

    def of_encoded(self, x: Tensor) -> Tensor:
        """The features of encoded samples, ``(n, d)``."""
        ...


@dataclass(frozen=True)
class Pixels:
    """The raw numbers themselves, one row per sample."""

    name: str = "pixels"
    hash: str = "pixels-1"

    def __call__(self, raw: NDArray[Any]) -> Vectors:
        """``raw`` flattened, of shape (n, d)."""
        return np.asarray(raw, np.float32).reshape(len(raw), -1)


pixels = Pixels()


@dataclass(frozen=True)
class FunctionFeatures:
    """A function of raw samples as ``Features``; they are never cached."""

    function: Callable[[Any], Any]
    name: str
    hash: str = ""

    def __call__(self, raw: NDArray[Any]) -> Vectors:
        """The function's output for ``raw``, one row per sample.

        Raises:
            ValueError: it returns something else.
        """
        out = np.asarray(self.function(raw), np.float32)
        if out.ndim != 2 or len(out) != len(raw):
            raise ValueError(
                f"{self.name} returned {out.shape} for {len(raw)} samples: expected one row of numbers each"
            )
        return out


def as_features(function: Features | Callable[[Any], Any]) -> Features:
    """A function as features, named after it."""
    if isinstance(function, Features):
        return function
    return FunctionFeatures(function, getattr(function, "__name__", type(function).__name__))


@dataclass(frozen=True)
class EmbeddedFeatures:
    """The embedding of the samples' space, whose Euclidean distances are meaningful."""

    space: Space
    name: str = "embedding"

    @property
    def hash(self) -> str:
        """A digest of the space."""
        return hashlib.sha256(repr(self.space).encode()).hexdigest()[:16]

    def __call__(self, raw: NDArray[Any]) -> Vectors:
        """The embeddings of ``raw``, of shape (n, d)."""
        return self.space.embed(self.space.encode(raw)).astype(np.float32)


def choose_features(
    wanted: str | Features | Callable[[Any], Any], own: Features, weights: Any = None
) -> Features:
    """Choose the features of samples that are numbers.

    Args:
        wanted: ``auto``, ``pixels`` (the raw numbers), or a function.
        own: the features ``auto``.
        weights: must be None, as these features have no weights.

    Raises:
        ValueError: the features are unknown, or have no weights.
    """
    if not isinstance(wanted, str):
        return as_features(wanted)
    known = {"auto": own, "pixels": pixels}
    if wanted not in known:
        raise ValueError(f"there are no features {wanted!r} of these samples: take {' or '.join(known)}")
    if weights is not None:
        raise ValueError(f"{wanted} features have no weights: leave {weights} out")
    return known[wanted]


def softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logits (n, classes) to probabilities."""
    out = np.exp(scores - scores.max(axis=1, keepdims=True))
    probable: NDArray[np.float64] = out / out.sum(axis=1, keepdims=True)
    return probable


def chunks(source: Source, indices: Indices) -> Iterator[NDArray[Any]]:
    """The raw samples at ``indices``, in chunks of ``CHUNK``."""
    for start in range(0, len(indices), CHUNK):
        yield source.read(indices[start : start + CHUNK])


def extract(features: Features, source: Source, indices: Indices) -> Vectors:
    """Features of the samples at ``indices``, of shape (n, d), computed in chunks."""
    return np.concatenate([features(raw) for raw in chunks(source, indices)])
