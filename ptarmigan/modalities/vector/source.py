"""Rows of numbers as samples, from an array or a file, each column on a scale of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ptarmigan.data.arrays import to_array
from ptarmigan.data.blank import Blank
from ptarmigan.data.numbers import ENDINGS, Numbers, read_numbers
from ptarmigan.data.permutation import permute
from ptarmigan.data.reading import Data, Written, check_text
from ptarmigan.data.samples import ArraySource, Samples
from ptarmigan.data.windows import windows
from ptarmigan.media.files import path_of
from ptarmigan.modalities.vector.space import VectorSpace

NAME = "breast-cancer"
LARGEST = 1e100
"""A larger number is no measurement, and its square would overflow."""


@dataclass(frozen=True)
class Vectors(Written, Data):
    """The rows to learn from, and how they are read."""

    data: Any = NAME
    """breast-cancer (the 357 benign rows of the Wisconsin set that comes with scikit-learn, a fifth of them
    held out), or a .csv, .npy or .npz (key X) file of rows of numbers: normal ones, or mostly. Labels in a
    file are not looked at. In Python also an array or a tensor (n, columns), or a Blank."""
    length: int = 1
    """Rows that are one sample: more than one of a series, in which every row is a step of time."""

    def open(self, *, batch: int, seed: int = 0) -> Samples[VectorSpace]:
        """Rows or windows of them, in the space in which each column has mean 0 and standard deviation 1.

        Args:
            batch: samples in a batch.
            seed: the random seed of the shuffle.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: the name is unknown, there are no finite numbers, one sample a row, or fewer rows than
                a window has.
        """
        if isinstance(self.data, Blank):
            return Samples(self.data, self.data.of(VectorSpace), batch=batch, seed=seed)
        check_text(self, (".csv",))
        held_out = None
        if isinstance(self.data, np.ndarray | torch.Tensor):
            found = Numbers(checked(to_array(self.data), "the array"))
        elif self.data == NAME:
            found, held_out = _breast_cancer()
        else:
            found = read_vectors(self.data, self)
        rows = together(found.rows, self.length)
        return Samples(
            ArraySource(rows),
            VectorSpace.of(rows, found.columns if self.length == 1 else ()),
            batch=batch,
            seed=seed,
            held_out=None if held_out is None else ArraySource(together(held_out, self.length)),
        )


def together(rows: NDArray[Any], length: int) -> NDArray[Any]:
    """Every ``length`` consecutive rows as one, ``(n - length + 1, length · columns)``, the last ones last.

    Raises:
        ValueError: there are fewer rows.
    """
    if length == 1:
        return rows
    if len(rows) < length:
        raise ValueError(f"{len(rows)} rows hold no window of {length}: choose a smaller --length")
    cut = windows([rows], length)
    return cut.reshape(len(cut), -1)


def read_vectors(data: str, written: Written = Written()) -> Numbers:
    """The rows in a file, as finite float64, with names and labels where it has them.

    Args:
        data: the path of the file.
        written: how a text file is written, where a person says it.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it does not hold finite numbers, one sample a row.
    """
    path = path_of(data)
    if path.suffix not in ENDINGS:
        raise ValueError(f"there are no rows {data!r}: give {NAME}, or a .csv, .npy or .npz file")
    rows, columns, labels = read_numbers(path, written)
    if labels is not None and labels.shape != rows.shape[:1]:
        raise ValueError(f"{data} holds {len(rows)} rows and labels of shape {labels.shape}")
    return Numbers(checked(rows, data), columns, labels)


def checked(raw: NDArray[Any], where: str) -> NDArray[np.float64]:
    """Rows as float64.

    Raises:
        ValueError: these are no finite numbers, one sample a row.
    """
    if raw.ndim != 2 or 0 in raw.shape:
        raise ValueError(f"{where} holds an array of shape {raw.shape}, not one sample a row")
    if raw.dtype.kind not in "fiub":
        raise ValueError(f"{where} holds {raw.dtype}, not numbers")
    rows = raw.astype(np.float64)
    with np.errstate(invalid="ignore"):
        good = np.abs(rows) < LARGEST
    if not good.all():
        row, column = (int(i) for i in np.argwhere(~good)[0])
        raise ValueError(
            f"{where}: row {row + 1} has {raw[row, column]} in column {column + 1}; {int((~good).sum())} "
            "numbers are missing, infinite or absurd: fill them in or leave their rows out"
        )
    return rows


def _breast_cancer() -> tuple[Numbers, NDArray[np.float64]]:
    """Street et al. 1993: 30 measurements of cell nuclei, of benign ones only."""
    from sklearn.datasets import load_breast_cancer

    loaded = load_breast_cancer()
    benign = loaded.data[loaded.target == 1]
    order = permute(np.arange(len(benign)), len(benign), NAME, "held out")
    test, train = np.split(order, [len(benign) // 5])
    return Numbers(benign[train], tuple(map(str, loaded.feature_names))), benign[test]
