"""Test rows of numbers, or windows of them, and the training rows of a detector."""

from __future__ import annotations

import numpy as np

from ptarmigan.data.numbers import Numbers
from ptarmigan.data.reading import Written, reading_of
from ptarmigan.modalities.vector.source import read_vectors, together
from ptarmigan.modalities.vector.space import VectorSpace
from ptarmigan.tasks.detect.samples import TestSamples, TrainedDetector, training_samples


def rows(detector: TrainedDetector, data: str) -> TestSamples:
    """The rows of a file, with its labels: 0 for normal, else an anomaly.

    A window has the number of its last row, and is an anomaly where one of its rows is.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: its rows differ in form from those of the run.
    """
    given, length, space = read_vectors(data, written(detector)), length_of(detector), detector.space
    assert isinstance(space, VectorSpace)
    same_columns(space, given, data, length)
    truth = None
    if given.labels is not None:
        truth = np.asarray(together(given.labels[:, None] != 0, length).any(1))
    return from_rows(together(given.rows, length), truth, first=length - 1)


def training_rows(detector: TrainedDetector) -> TestSamples | None:
    """The training rows of a run; None where they are missing or have changed."""
    samples = training_samples(detector)
    if samples is None or samples.space != detector.space:
        return None
    return from_rows(samples.source.read(np.arange(len(samples))))


def length_of(detector: TrainedDetector) -> int:
    """The number of rows in a sample of the run."""
    return int(detector.description["options"].get("length", 1))


def written(detector: TrainedDetector) -> Written:
    """How the text files of the run are written, where a person said so."""
    return Written(**reading_of(detector.description["options"]))


def from_rows(found: np.ndarray, truth: np.ndarray | None = None, first: int = 0) -> TestSamples:
    """Rows in memory, numbered from ``first``."""
    return TestSamples("row", len(found), found.__getitem__, found, lambda i: str(i + first), truth)


def same_columns(space: VectorSpace, given: Numbers, where: str, length: int) -> None:
    """Check that rows have the columns of the run, in its order.

    Raises:
        ValueError: they have others.
    """
    columns = space.shape[0] // length
    if len(given.rows[0]) != columns:
        raise ValueError(f"{where} has {len(given.rows[0])} columns, and the run was trained on {columns}")
    if given.columns and space.columns and given.columns != space.columns:
        pairs = zip(space.columns, given.columns, strict=True)
        i, (mine, other) = next((i, pair) for i, pair in enumerate(pairs) if pair[0] != pair[1])
        raise ValueError(f"{where}: column {i + 1} is {other!r}, and the run's is {mine!r}")
