"""Rows of numbers that a detector is asked about, and those that it learnt from."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ptarmigan.data.numbers import Numbers
from ptarmigan.data.vectors import NAME, read_vectors, vectors
from ptarmigan.detecting.asked import Asked
from ptarmigan.spaces import VectorSpace
from ptarmigan.trained import Trained


def rows(space: VectorSpace, data: str) -> Asked:
    """The rows of a file; its labels, 0 for what is normal, say which are abnormal.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it does not hold rows like those of the run.
    """
    given = read_vectors(data)
    same_columns(space, given, data)
    truth = None if given.labels is None else np.asarray(given.labels != 0)
    return asked(given.rows, truth)


def rows_learnt(trained: Trained) -> Asked | None:
    """The rows that a run was trained on, where they are still as they were; else None."""
    data = str(trained.description["options"]["data"])
    if data != NAME and not Path(data).is_file():
        return None
    try:
        samples = vectors(data, batch=1)
    except ValueError:
        return None
    return asked(samples.source.read(np.arange(len(samples)))) if samples.space == trained.space else None


def asked(found: np.ndarray, truth: np.ndarray | None = None) -> Asked:
    """Rows in memory."""
    return Asked("row", len(found), found.__getitem__, found, truth=truth)


def same_columns(space: VectorSpace, given: Numbers, where: str) -> None:
    """The rows have the columns that the run has, in its order.

    Raises:
        ValueError: they have not.
    """
    if len(given.rows[0]) != space.shape[0]:
        raise ValueError(f"{where} has {len(given.rows[0])} columns, and the run is of {space.shape[0]}")
    if given.columns and space.columns and given.columns != space.columns:
        pairs = zip(space.columns, given.columns, strict=True)
        i, (mine, other) = next((i, pair) for i, pair in enumerate(pairs) if pair[0] != pair[1])
        raise ValueError(f"{where}: column {i + 1} is {other!r}, and the run's is {mine!r}")
