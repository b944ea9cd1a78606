"""The samples that are scored, and what is asked of a trained detector."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.samples import Samples
from ptarmigan.data.space import Space

CHUNK = 1_024
"""Samples that are in memory at once."""


class TrainedDetector(Protocol):
    """A trained detector, as ``load`` gives it."""

    @property
    def space(self) -> Space:
        """What one sample is."""
        ...

    @property
    def description(self) -> dict[str, Any]:
        """What the run was."""
        ...

    def open(self, data: Any) -> Samples:
        """Other data than those of training, read with the options of the run."""
        ...

    def anomaly_scores(self, raw: NDArray[Any]) -> NDArray[np.float64]:
        """How anomalous raw samples are, ``(n,)``."""
        ...

    def anomaly_maps(self, raw: NDArray[Any]) -> NDArray[np.float64]:
        """How anomalous every pixel of raw images is, ``(n, height, width)``."""
        ...

    def threshold(self, contamination: float) -> float:
        """The anomaly score that this fraction of the training samples exceeds."""
        ...


@dataclass(frozen=True, eq=False)
class Asked:
    """Samples that are read when they are wanted.

    Attributes:
        kind: what one of them is called.
        n: how many there are.
        read: raw samples by index.
        vectors: what detectors without a network see of them, one a row.
        name: what one is called, by index.
        truth: which are abnormal, where that is known.
        bad: files that could not be read, each with the reason.
    """

    kind: str
    n: int
    read: Callable[[NDArray[np.int64]], NDArray[Any]]
    vectors: NDArray[np.float64]
    name: Callable[[int], str] = str
    truth: NDArray[np.bool_] | None = None
    bad: tuple[str, ...] = ()

    def each(self, function: Callable[[NDArray[Any]], NDArray[Any]]) -> NDArray[Any]:
        """What a function says of raw samples, some at a time."""
        return np.concatenate([function(self.read(some)) for some in chunks(self.n)])


def chunks(n: int) -> list[NDArray[np.int64]]:
    """The numbers from 0 to ``n``, some at a time."""
    return np.split(np.arange(n), range(CHUNK, n, CHUNK))
