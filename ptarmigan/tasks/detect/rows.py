"""Rows of numbers, or windows of them, that a detector is asked about, and those that it learnt from."""

from __future__ import annotations

import numpy as np

from ptarmigan.data.numbers import Numbers
from ptarmigan.media.files import path_of
from ptarmigan.modalities.vector.source import NAME, Vectors, read_vectors, together
from ptarmigan.modalities.vector.space import VectorSpace
from ptarmigan.tasks.detect.samples import Asked, TrainedDetector


def rows(detector: TrainedDetector, data: str) -> Asked:
    """The rows of a file; its labels, 0 for what is normal, say which are abnormal.

    A window is called by the number of its last row, and abnormal where one of its rows is.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it does not hold rows like those of the run.
    """
    given, length, space = read_vectors(data), length_of(detector), detector.space
    assert isinstance(space, VectorSpace)
    same_columns(space, given, data, length)
    truth = None
    if given.labels is not None:
        truth = np.asarray(together(given.labels[:, None] != 0, length).any(1))
    return asked(together(given.rows, length), truth, first=length - 1)


def rows_learnt(detector: TrainedDetector) -> Asked | None:
    """The rows that a run was trained on, where they are still as they were; else None."""
    data = str(detector.description["options"]["data"])
    if data != NAME and not path_of(data).is_file():
        return None
    try:
        samples = Vectors(data, length_of(detector)).open(batch=1)
    except ValueError:
        return None
    return asked(samples.source.read(np.arange(len(samples)))) if samples.space == detector.space else None


def length_of(detector: TrainedDetector) -> int:
    """How many rows a sample of the run is."""
    return int(detector.description["options"].get("length", 1))


def asked(found: np.ndarray, truth: np.ndarray | None = None, first: int = 0) -> Asked:
    """Rows in memory, numbered from ``first``."""
    return Asked("row", len(found), found.__getitem__, found, lambda i: str(i + first), truth)


def same_columns(space: VectorSpace, given: Numbers, where: str, length: int) -> None:
    """The rows have the columns that the run has, in its order.

    Raises:
        ValueError: they have not.
    """
    columns = space.shape[0] // length
    if len(given.rows[0]) != columns:
        raise ValueError(f"{where} has {len(given.rows[0])} columns, and the run is of {columns}")
    if given.columns and space.columns and given.columns != space.columns:
        pairs = zip(space.columns, given.columns, strict=True)
        i, (mine, other) = next((i, pair) for i, pair in enumerate(pairs) if pair[0] != pair[1])
        raise ValueError(f"{where}: column {i + 1} is {other!r}, and the run's is {mine!r}")
