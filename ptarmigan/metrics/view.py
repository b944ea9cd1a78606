"""Samples with their features, in an order that depends on their content alone.

So the same samples in another order, or in batches of another size, have the same scores to the last bit.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.cache import cache_dir, made
from ptarmigan.data.permutation import Indices, permute
from ptarmigan.data.samples import ArraySource, Source
from ptarmigan.media.foreign import regular
from ptarmigan.metrics.classes import Probabilities
from ptarmigan.metrics.features import ClassifierFeatures, Features, Vectors, chunks, extract, pixels
from ptarmigan.metrics.neighbours import DENSITY_K
from ptarmigan.metrics.search import Distances, reaches

HASHED = 100_000
"""Samples that are hashed, at most; of more, a random subset."""


@dataclass(frozen=True, eq=False)
class Set:
    """Samples in the order of their digests.

    Attributes:
        source: of the samples.
        order: their indices in the source.
        digest: of the content of all.
    """

    source: Source
    order: Indices
    digest: str

    @staticmethod
    def of(source: Source, n: int | None = None) -> Set:
        """``n`` samples of a source, chosen by their digests; all when None, or where there are fewer.

        Raises:
            ValueError: the source is empty.
        """
        if len(source) == 0:
            raise ValueError("there are no samples to score")
        hashed = np.arange(len(source))
        if len(source) > HASHED:
            hashed = np.sort(permute(np.arange(HASHED), len(source), "set"))
        digests = _distinct(
            hashlib.blake2b(row.tobytes(), digest_size=16).digest() for row in _rows(source, hashed)
        )
        by_content = sorted(range(len(digests)), key=digests.__getitem__)[:n]
        whole = hashlib.blake2b(b"".join(digests[i] for i in by_content), digest_size=16)
        return Set(source, hashed[by_content], whole.hexdigest())

    def __len__(self) -> int:
        return len(self.order)

    @cached_property
    def labels(self) -> Indices | None:
        """Their classes, where they are labelled."""
        labels = self.source.labels
        return None if labels is None else labels[self.order]

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes."""
        return self.source.classes

    def read(self, indices: Indices) -> NDArray[Any]:
        """The raw samples at ``indices`` of the order."""
        return self.source.read(self.order[indices])

    def raw(self, n: int | None = None) -> NDArray[Any]:
        """The first ``n`` raw samples: a random choice, as the order of digests is random."""
        return self.read(np.arange(len(self) if n is None else min(n, len(self))))

    def part(self, chosen: slice) -> Set:
        """Some of them."""
        order = self.order[chosen]
        return Set(self.source, order, f"{self.digest}[{chosen.start}:{chosen.stop}:{chosen.step}]")


@dataclass(frozen=True, eq=False)
class View:
    """A set with its features.

    Attributes:
        set: the samples.
        vectors: one row per sample, in the set's order; None where only raw samples are used.
        probabilities: of the classes, where the features are a classifier's, or None.
    """

    set: Set
    vectors: Vectors | None = None
    probabilities: Probabilities | None = None

    @cached_property
    def features(self) -> Vectors:
        """One row per sample, in the set's order: the raw numbers where no features were extracted."""
        return pixels(self.set.raw()) if self.vectors is None else self.vectors

    def __len__(self) -> int:
        return len(self.set)

    def reach(self, k: int) -> Distances | None:
        """The distance from each sample to the ``k``-th nearest other one; None where there are too few."""
        return None if len(self) <= k else self._reaches[:, k - 1]

    @cached_property
    def _reaches(self) -> Distances:
        # computed once, for the largest k of the measures
        return reaches(self.features, min(DENSITY_K, len(self) - 1))

    def part(self, chosen: slice) -> View:
        """Some of it."""
        probabilities = None if self.probabilities is None else self.probabilities[chosen]
        vectors = None if self.vectors is None else self.vectors[chosen]
        return View(self.set.part(chosen), vectors, probabilities)


def raw_view(raw: NDArray[Any] | Source) -> View:
    """Raw samples in the order in which they come, without features."""
    source = ArraySource(raw) if isinstance(raw, np.ndarray) else raw
    return View(Set(source, np.arange(len(source)), ""))


def compute_view(features: Features, samples: Set, *, keep: bool = False) -> View:
    """A set with its features; with ``keep``, they are cached by the set's content."""
    keep = keep and bool(features.hash)
    vectors = _known(features, samples) if keep else None
    if vectors is None:
        vectors = extract(features, samples, np.arange(len(samples)))
        if keep:
            _put(features, samples, vectors)
    return with_features(features, samples, vectors)


def with_features(features: Features, samples: Set, vectors: Vectors) -> View:
    """A set with given features, and class probabilities where these are a classifier's."""
    found = features.probabilities(vectors) if isinstance(features, ClassifierFeatures) else None
    return View(samples, vectors, found)


def _distinct(digests: Iterable[bytes]) -> list[bytes]:
    """Digests with a count of repeats, so that equal samples are not next to each other in the order."""
    counts: Counter[bytes] = Counter()
    found = []
    for digest in digests:
        again = counts[digest]
        counts[digest] += 1
        if again:
            digest = hashlib.blake2b(digest + again.to_bytes(8), digest_size=16).digest()
        found.append(digest)
    return found


def _rows(source: Source, indices: Indices) -> Iterator[NDArray[Any]]:
    for raw in chunks(source, indices):
        yield from raw


def _name(features: Features, samples: Set) -> str:
    key = f"{features.hash}:{samples.digest}"
    return f"{hashlib.blake2b(key.encode(), digest_size=16).hexdigest()}.npy"


def _known(features: Features, samples: Set) -> Vectors | None:
    try:
        found = np.load(regular(cache_dir() / "features" / _name(features, samples)), allow_pickle=False)
    except (OSError, ValueError, EOFError):  # not there, or damaged
        return None
    whole = found.ndim == 2 and len(found) == len(samples) and found.dtype == np.float32
    return found if whole else None


def _put(features: Features, samples: Set, vectors: Vectors) -> None:
    made("features", _name(features, samples), vectors.nbytes, lambda file: np.save(file, vectors))
