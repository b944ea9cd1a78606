"""A source: raw samples by index."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.permutation import Indices


class Source(Protocol):
    """Raw samples by index."""

    @property
    def labels(self) -> Indices | None:
        """The class of every sample, or None where the data has none."""
        ...

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes."""
        ...

    def __len__(self) -> int: ...

    def read(self, indices: Indices) -> NDArray[Any]:
        """The raw samples at ``indices``, one a row; safe to call from several threads."""
        ...


@runtime_checkable
class Renewed(Protocol):
    """A source whose samples are others in every epoch, such as windows of what it holds."""

    def read_in(self, indices: Indices, epochs: Indices) -> NDArray[Any]:
        """The raw samples at ``indices``, each as it is in its epoch; safe to call from several threads."""
        ...


class ArraySource:
    """Samples that are already in memory (or mapped into it): one a row.

    Args:
        raw: the samples.
        labels: their classes as integers from 0, or None.
        classes: the classes' names; the numbers themselves where None.
    """

    def __init__(
        self, raw: NDArray[Any], labels: Indices | None = None, classes: tuple[str, ...] | None = None
    ) -> None:
        self.raw = raw
        self.labels = None if labels is None else np.asarray(labels, np.int64)
        if classes is None and self.labels is not None:
            classes = tuple(str(i) for i in range(int(self.labels.max(initial=-1)) + 1))
        self.classes = classes or ()

    def __len__(self) -> int:
        return len(self.raw)

    def read(self, indices: Indices) -> NDArray[Any]:
        """The rows at ``indices``."""
        return self.raw[indices]
