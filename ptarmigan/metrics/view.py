"""Samples as an evaluator sees them: in an order that their content alone decides, with their features.

The same samples in another order, or in batches of another size, so have the same scores to the last bit.
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

LOOKED_AT = 100_000
"""Samples whose content is looked at, at most; of more, so many are drawn."""


@dataclass(frozen=True, eq=False)
class Set:
    """Samples in the order of their digests.

    Attributes:
        source: where they are.
        order: which of the source's they are.
        digest: of the content of all of them.
    """

    source: Source
    order: Indices
    digest: str

    @staticmethod
    def of(source: Source, n: int | None = None) -> Set:
        """``n`` of a source's samples, chosen by their content; all when None, or where there are fewer.

        Raises:
            ValueError: the source is empty.
        """
        if len(source) == 0:
            raise ValueError("there are no samples to score")
        looked_at = np.arange(len(source))
        if len(source) > LOOKED_AT:
            looked_at = np.sort(permute(np.arange(LOOKED_AT), len(source), "set"))
        digests = _apart(
            hashlib.blake2b(row.tobytes(), digest_size=16).digest() for row in _rows(source, looked_at)
        )
        by_content = sorted(range(len(digests)), key=digests.__getitem__)[:n]
        whole = hashlib.blake2b(b"".join(digests[i] for i in by_content), digest_size=16)
        return Set(source, looked_at[by_content], whole.hexdigest())

    def __len__(self) -> int:
        return len(self.order)

    @cached_property
    def labels(self) -> Indices | None:
        """Their classes, where they have some."""
        labels = self.source.labels
        return None if labels is None else labels[self.order]

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes."""
        return self.source.classes

    def read(self, indices: Indices) -> NDArray[Any]:
        """The raw samples at places of the order."""
        return self.source.read(self.order[indices])

    def raw(self, n: int | None = None) -> NDArray[Any]:
        """The first ``n`` raw samples: a random choice, as digests know nothing of what they digest."""
        return self.read(np.arange(len(self) if n is None else min(n, len(self))))

    def part(self, chosen: slice) -> Set:
        """Some of them."""
        order = self.order[chosen]
        return Set(self.source, order, f"{self.digest}[{chosen.start}:{chosen.stop}:{chosen.step}]")


@dataclass(frozen=True, eq=False)
class View:
    """A set with what an evaluator's features make of it.

    Attributes:
        set: the samples.
        vectors: one row a sample, in the set's order; None where only the raw samples are looked at.
        probabilities: of the classes that the features can tell, or None.
    """

    set: Set
    vectors: Vectors | None = None
    probabilities: Probabilities | None = None

    @cached_property
    def features(self) -> Vectors:
        """One row a sample, in the set's order: the raw numbers where nothing else was extracted."""
        return pixels(self.set.raw()) if self.vectors is None else self.vectors

    def __len__(self) -> int:
        return len(self.set)

    def reach(self, k: int) -> Distances | None:
        """How far it is from each to the ``k``-th nearest other one; None where there are too few."""
        return None if len(self) <= k else self._reaches[:, k - 1]

    @cached_property
    def _reaches(self) -> Distances:
        # found once for all that ask; measures ask for no more than this
        return reaches(self.features, min(DENSITY_K, len(self) - 1))

    def part(self, chosen: slice) -> View:
        """Some of it."""
        probabilities = None if self.probabilities is None else self.probabilities[chosen]
        vectors = None if self.vectors is None else self.vectors[chosen]
        return View(self.set.part(chosen), vectors, probabilities)


def raw_view(raw: NDArray[Any] | Source) -> View:
    """Raw samples as they come, one a row, without features."""
    source = ArraySource(raw) if isinstance(raw, np.ndarray) else raw
    return View(Set(source, np.arange(len(source)), ""))


def look(features: Features, samples: Set, *, keep: bool = False) -> View:
    """The features of a set; with ``keep``, computed once for its content and then read from the cache."""
    keep = keep and bool(features.hash)
    vectors = _known(features, samples) if keep else None
    if vectors is None:
        vectors = extract(features, samples, np.arange(len(samples)))
        if keep:
            _put(features, samples, vectors)
    return viewed(features, samples, vectors)


def viewed(features: Features, samples: Set, vectors: Vectors) -> View:
    """A set with its features, and the probabilities of classes where these can tell some."""
    found = features.probabilities(vectors) if isinstance(features, ClassifierFeatures) else None
    return View(samples, vectors, found)


def _apart(digests: Iterable[bytes]) -> list[bytes]:
    """Digests of which none is there twice, so that samples that are equal do not stand together."""
    seen: Counter[bytes] = Counter()
    found = []
    for digest in digests:
        again = seen[digest]
        seen[digest] += 1
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
