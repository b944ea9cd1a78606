"""Features: what of a sample a metric looks at."""

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
    """Raw samples, in the data's own units, to one float32 vector each, of shape (n, d).

    Scores in features of different ``hash`` are not to be compared.
    """

    @property
    def name(self) -> str:
        """What the features are, for people."""
        ...

    @property
    def hash(self) -> str:
        """A digest of all that decides the features."""
        ...

    def __call__(self, raw: NDArray[Any]) -> Vectors:
        """The features of ``raw``, of shape (n, d)."""
        ...


@runtime_checkable
class ClassifierFeatures(Features, Protocol):
    """Features from which a linear layer predicts the classes of samples that a network learnt."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes."""
        ...

    def probabilities(self, vectors: Vectors) -> NDArray[np.float64]:
        """Features (n, d) to the probability of every class, of shape (n, classes)."""
        ...


@runtime_checkable
class TensorFeatures(Features, Protocol):
    """Features that are also there for encoded samples, as tensors on any device."""

    def of_encoded(self, x: Tensor) -> Tensor:
        """Encoded samples to ``(n, d)``."""
        ...


@dataclass(frozen=True)
class Pixels:
    """The raw numbers themselves, as one row a sample."""

    name: str = "pixels"
    hash: str = "pixels-1"

    def __call__(self, raw: NDArray[Any]) -> Vectors:
        """``raw`` flattened, of shape (n, d)."""
        return np.asarray(raw, np.float32).reshape(len(raw), -1)


pixels = Pixels()


@dataclass(frozen=True)
class Called:
    """Anybody's function of raw samples, as ``Features``; what it gives is never cached."""

    function: Callable[[Any], Any]
    name: str
    hash: str = ""

    def __call__(self, raw: NDArray[Any]) -> Vectors:
        """What the function makes of ``raw``, as one row a sample.

        Raises:
            ValueError: it gives something else.
        """
        out = np.asarray(self.function(raw), np.float32)
        if out.ndim != 2 or len(out) != len(raw):
            raise ValueError(
                f"{self.name} made {out.shape} of {len(raw)} samples: expected one row of numbers for each"
            )
        return out


def called(function: Features | Callable[[Any], Any]) -> Features:
    """A function as features: its name stands in the protocol."""
    if isinstance(function, Features):
        return function
    return Called(function, getattr(function, "__name__", type(function).__name__))


@dataclass(frozen=True)
class Embedded:
    """Samples as their space embeds them: Euclidean distances say how alike they are."""

    space: Space
    name: str = "embedding"

    @property
    def hash(self) -> str:
        """A digest of the space."""
        return hashlib.sha256(repr(self.space).encode()).hexdigest()[:16]

    def __call__(self, raw: NDArray[Any]) -> Vectors:
        """The embeddings of ``raw``, of shape (n, d)."""
        return self.space.embed(self.space.encode(raw)).astype(np.float32)


def numbers(wanted: str | Features | Callable[[Any], Any], own: Features, weights: Any = None) -> Features:
    """The features of samples that are numbers: their own, or anybody's function.

    Args:
        wanted: ``auto``, ``pixels`` (the raw numbers), or a function.
        own: what ``auto`` is.
        weights: which these have none of.

    Raises:
        ValueError: there are no such features.
    """
    if not isinstance(wanted, str):
        return called(wanted)
    known = {"auto": own, "pixels": pixels}
    if wanted not in known:
        raise ValueError(f"there are no features {wanted!r} of such samples: take {' or '.join(known)}")
    if weights is not None:
        raise ValueError(f"{wanted} features have no weights to give: leave {weights} out")
    return known[wanted]


def softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scores of classes (n, classes) to their probabilities."""
    out = np.exp(scores - scores.max(axis=1, keepdims=True))
    probable: NDArray[np.float64] = out / out.sum(axis=1, keepdims=True)
    return probable


def chunks(source: Source, indices: Indices) -> Iterator[NDArray[Any]]:
    """The raw samples at ``indices``, a few hundred at a time."""
    for start in range(0, len(indices), CHUNK):
        yield source.read(indices[start : start + CHUNK])


def extract(features: Features, source: Source, indices: Indices) -> Vectors:
    """Features of the samples at ``indices``, of shape (n, d), with few raw samples in memory at a time."""
    return np.concatenate([features(raw) for raw in chunks(source, indices)])
