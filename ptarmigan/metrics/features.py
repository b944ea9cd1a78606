"""Features: what of a sample a metric looks at."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.permutation import Indices
from ptarmigan.data.samples import Source
from ptarmigan.data.space import Space
from ptarmigan.modalities.vector.space import VectorSpace

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
class Telling(Features, Protocol):
    """Features from which a linear layer tells the classes of samples that a network learnt."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes."""
        ...

    def probabilities(self, vectors: Vectors) -> NDArray[np.float64]:
        """Features (n, d) to the probability of every class, of shape (n, classes)."""
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
class Columns:
    """Rows as networks see them: no column counts for more because its unit is small."""

    space: VectorSpace
    name: str = "standardised columns"

    @property
    def hash(self) -> str:
        """A digest of where the columns have their centres, and of their scales."""
        return hashlib.sha256(repr((self.space.centre, self.space.scale)).encode()).hexdigest()[:16]

    def __call__(self, raw: NDArray[Any]) -> Vectors:
        """``raw`` standardised, of shape (n, columns)."""
        return np.asarray(self.space.encode(raw).numpy(), np.float32)


def numbers(space: Space) -> Features:
    """The features of what is no image: its numbers, on a scale where every column has one of its own."""
    return Columns(space) if isinstance(space, VectorSpace) else pixels


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
