"""Generated samples beside real ones, the training samples nearest to them, and whether they are copies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.permutation import Indices, permute
from ptarmigan.data.samples import Source
from ptarmigan.metrics.features import chunks
from ptarmigan.metrics.raw import shrunk
from ptarmigan.metrics.search import nearest
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.tasks.generate import generate
from ptarmigan.trained import Trained
from ptarmigan.training.run import Run

PAIRS = 36
SHOWN = 10
NEIGHBOURS = 3
JUDGED = 256
"""Samples whose nearest training sample is looked for."""
LOOKED_AT = 60_000
BYTES = 500_000_000
"""Training samples, and bytes of them, that are looked at, at most."""
SIDE = 32
"""Pixels that images are compared at: larger ones are averaged down."""

Raw = NDArray[Any]


@dataclass(frozen=True)
class Likeness:
    """What ``compare`` found.

    Attributes:
        real: real samples.
        generated: as many, of the same classes where the run is conditional.
        shown: some generated samples.
        neighbours: for each of them the nearest training samples, of shape (shown, neighbours, ...).
        distances: to those, of shape (shown, neighbours).
        median: the median distance from a generated sample to the nearest training sample.
        held_out: the same from real samples that were not trained on; None where there are none.
        looked_at: training samples that were looked at.
    """

    real: Raw
    generated: Raw
    shown: Raw
    neighbours: Raw
    distances: NDArray[np.float64]
    median: float
    held_out: float | None
    looked_at: int


def compare(run: Run, trained: Trained) -> Likeness:
    """Real beside generated, and the nearest training samples.

    Images are compared pixel by pixel, the distance in shares of the whole range (root mean square); points
    by Euclidean distance in their own units.

    Raises:
        ValueError: the data cannot be read.
    """
    source = run.samples.source
    real, classes = _some(source, min(JUDGED, len(source)), "real")
    chunked = generate(
        trained.game, trained.space, JUDGED, seed=run.seed, classes=classes, precision=trained.precision
    )
    generated = np.concatenate(list(chunked))
    looked_at = min(len(source), LOOKED_AT, max(1, BYTES // max(1, real[0].nbytes)))
    where = np.sort(permute(np.arange(looked_at), len(source), "looked at"))
    train = np.concatenate([*_comparable(source, where)])
    found, distances = nearest(train, _shrunk(generated), min(NEIGHBOURS, looked_at))
    unit = _unit(run, train)
    held_out = None
    if run.samples.held_out is not source:
        others, _ = _some(run.samples.held_out, min(JUDGED, len(run.samples.held_out)), "held out")
        held_out = float(np.median(nearest(train, _shrunk(others))[1])) / unit
    neighbours = source.read(where[found[:SHOWN]].reshape(-1))
    return Likeness(
        real=real[:PAIRS],
        generated=generated[: min(PAIRS, len(real))],
        shown=generated[:SHOWN],
        neighbours=neighbours.reshape(SHOWN, -1, *neighbours.shape[1:]),
        distances=distances[:SHOWN] / unit,
        median=float(np.median(distances[:, 0])) / unit,
        held_out=held_out,
        looked_at=looked_at,
    )


def _some(source: Source, n: int, name: str) -> tuple[Raw, Indices | None]:
    """Some samples, and ``JUDGED`` classes that begin with theirs."""
    indices = permute(np.arange(n), len(source), "report", name)
    labels = None if source.labels is None else np.resize(source.labels[indices], JUDGED)
    return np.concatenate([*chunks(source, indices)]), labels


def _comparable(source: Source, where: Indices) -> Iterator[Raw]:
    return (_shrunk(raw) for raw in chunks(source, where))


def _shrunk(raw: Raw) -> Raw:
    """Images averaged down until they fit ``SIDE``; all else as it is."""
    return shrunk(raw, SIDE)


def _unit(run: Run, compared: Raw) -> float:
    """What one unit of the distances shown is."""
    if not isinstance(run.space, ImageSpace):
        return 1.0
    return float(run.space.white * np.sqrt(compared[0].size))
