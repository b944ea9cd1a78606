"""A classifier of domains, independent of the translation's discriminators."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.permutation import Indices
from ptarmigan.data.samples import Source
from ptarmigan.metrics.features import chunks
from ptarmigan.modalities.image.classifier import Classifier, learn
from ptarmigan.modalities.image.space import ImageSpace


@dataclass(frozen=True, eq=False)
class Both:
    """The pictures of domain A, then those of B, with labels."""

    a: Source
    b: Source
    classes: tuple[str, ...] = ("A", "B")

    @property
    def labels(self) -> Indices:
        """0 for A, 1 for B."""
        return np.repeat(np.arange(2), (len(self.a), len(self.b)))

    def __len__(self) -> int:
        return len(self.a) + len(self.b)

    def read(self, indices: Indices) -> NDArray[Any]:
        """The pictures at ``indices``."""
        of_b = indices >= len(self.a)
        if not of_b.any():
            return self.a.read(indices)
        if of_b.all():
            return self.b.read(indices - len(self.a))
        first, second = self.a.read(indices[~of_b]), self.b.read(indices[of_b] - len(self.a))
        out = np.empty((len(indices), *first.shape[1:]), first.dtype)
        out[~of_b], out[of_b] = first, second
        return out


def learn_domains(a: Source, b: Source, space: ImageSpace, cache: Path | None = None) -> Classifier:
    """The classifier of pictures of A and of B; see ``classifier.learn``.

    Args:
        a: real pictures of A, for training.
        b: real pictures of B, for training.
        space: of both.
        cache: the folder of trained networks.
    """
    return learn(Both(a, b), space, cache)


def classified_as_b(domains: Classifier, source: Source) -> NDArray[np.float64]:
    """1 for every picture of a source that is classified as B, else 0, of shape (n,)."""
    parts = [domains.probabilities(domains(raw)) for raw in chunks(source, np.arange(len(source)))]
    return np.asarray(np.concatenate(parts).argmax(axis=1) == 1, np.float64)
