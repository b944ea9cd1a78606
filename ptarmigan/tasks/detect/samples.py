"""Test samples, and the interface of a trained detector."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.fingerprint import fingerprint
from ptarmigan.data.known import DATA, are_others, as_plain, located
from ptarmigan.data.samples import Samples
from ptarmigan.data.space import Space
from ptarmigan.modalities.recognise import is_set

CHUNK = 1_024
"""Samples in memory at a time."""


class TrainedDetector(Protocol):
    """A trained detector, as ``load`` returns it."""

    @property
    def space(self) -> Space:
        """The space of its samples."""
        ...

    @property
    def description(self) -> dict[str, Any]:
        """The description of its run."""
        ...

    def open(self, data: Any) -> Samples:
        """Other data than those of training, read with the options of the run."""
        ...

    def anomaly_scores(self, raw: NDArray[Any]) -> NDArray[np.float64]:
        """The anomaly scores of raw samples, ``(n,)``."""
        ...

    def anomaly_maps(self, raw: NDArray[Any]) -> NDArray[np.float64]:
        """The anomaly maps of raw images, ``(n, height, width)``."""
        ...

    def threshold(self, contamination: float) -> float:
        """The anomaly score that this fraction of the training samples exceeds."""
        ...


@dataclass(frozen=True, eq=False)
class TestSamples:
    """Test samples, read lazily.

    Attributes:
        kind: the name of one of them.
        n: their number.
        read: raw samples by index.
        vectors: for the baselines, one per sample.
        name: of a sample, by index.
        truth: which are anomalies, where labels are known.
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
        """Apply a function to raw samples, in chunks."""
        return np.concatenate([function(self.read(some)) for some in chunks(self.n)])


def training_samples(detector: TrainedDetector) -> Samples | None:
    """The training samples of a run; None where they are missing or have changed."""
    known, data = detector.description.get(DATA), located(detector.description)[DATA]
    if not isinstance(data, str) or (known is not None and known.get("in_memory")):
        return None
    try:
        samples = detector.open(data)
    except (ValueError, OSError):
        return None
    now = as_plain(fingerprint(data, samples, named=is_set(data)))
    return None if known is not None and are_others(known, now) else samples


def chunks(n: int) -> list[NDArray[np.int64]]:
    """The numbers from 0 to ``n`` - 1, in chunks."""
    return np.split(np.arange(n), range(CHUNK, n, CHUNK))
