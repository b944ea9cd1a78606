"""A glimpse at data: names and headers, from which a modality tells whether they are of its kind."""

from __future__ import annotations

import csv
import io
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from ptarmigan.data.archives import container
from ptarmigan.data.arrays import to_array
from ptarmigan.data.dialect import LINES, encoding_of, separator_of
from ptarmigan.data.npy import npy_header
from ptarmigan.data.numbers import is_number
from ptarmigan.media.files import path_of
from ptarmigan.media.foreign import DAMAGED, open_binary, regular

LOOKED_AT = 64
"""Rows of an array whose numbers are looked at."""
LONGEST_LINE = 1 << 24
"""Characters of a line of names."""
KEYS = ("x", "images", "data", "arr_0")
"""Names of the array of samples in an ``.npz``, in the order of preference."""


class Glimpse(NamedTuple):
    """An array: its shape, its dtype, and some of its numbers where they are at hand."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    some: NDArray[Any] | None


def text_of(data: Any) -> str:
    """A name or a path as text; empty for anything else."""
    return str(data) if isinstance(data, str | Path) else ""


def file_of(data: Any) -> Path | None:
    """The file that a path names, where there is one."""
    path = path_of(text_of(data)) if text_of(data) else None
    return path if path is not None and path.is_file() else None


def endings(data: Any) -> Counter[str]:
    """How many files of a folder, a zip or a tar have which ending (``.png``); nothing of other data.

    Raises:
        ValueError: an archive is damaged.
    """
    text = text_of(data)
    path = path_of(text)
    if not text or not path.exists():
        return Counter()
    found = container(str(path))
    return Counter(Path(name).suffix.lower() for name in found.names) if found is not None else Counter()


def array_of(data: Any) -> Glimpse | None:
    """The array that data are, or that an ``.npy`` or ``.npz`` file holds; None where there is none."""
    if isinstance(data, torch.Tensor):
        data = to_array(data)
    if isinstance(data, np.ndarray):
        return Glimpse(data.shape, data.dtype, data[:LOOKED_AT] if data.ndim else None)
    path = file_of(data)
    if path is None:
        return None
    try:
        if path.suffix.lower() == ".npy":
            with open_binary(path) as file:
                npy_header(file, str(path))
            mapped = np.load(regular(path), mmap_mode="r", allow_pickle=False)
            return Glimpse(mapped.shape, mapped.dtype, np.array(mapped[:LOOKED_AT]) if mapped.ndim else None)
        return _in_npz(path) if path.suffix.lower() == ".npz" else None
    except (*DAMAGED, ValueError):
        return None  # whoever opens it says what is wrong


def _in_npz(path: Path) -> Glimpse | None:
    with zipfile.ZipFile(regular(path)) as archive:
        members = {name.removesuffix(".npy").lower(): name for name in archive.namelist()}
        wanted = next((members[key] for key in (*KEYS, "x_train") if key in members), None)
        if wanted is None:
            return None
        with archive.open(wanted) as file:
            shape, _, dtype = npy_header(file, wanted)
    return Glimpse(shape, dtype, None)


def names_in(path: Path) -> tuple[str, ...]:
    """The names in the first line of a text of columns; nothing where it holds numbers alone, or no text."""
    try:
        with open_binary(path) as file:
            encoding = encoding_of(file.peek(4))
            text = io.TextIOWrapper(file, encoding, "replace", "")
            lines = [line for _ in range(LINES) if (line := text.readline(LONGEST_LINE)).strip()]
        separator = separator_in(lines, path)
        cells = next(csv.reader(lines, delimiter=separator, skipinitialspace=True), [])
    except (OSError, ValueError, csv.Error):
        return ()
    numbers = cells if separator == "," else [cell.replace(",", ".") for cell in cells]
    return tuple(cells) if not all(map(is_number, numbers)) else ()


def separator_in(lines: list[str], path: Path) -> str:
    """What stands between cells; a comma where two would do: whoever reads the file says so."""
    try:
        return separator_of(lines, path)
    except ValueError:
        return ","


def is_frame(data: Any) -> bool:
    """Whether data are a data frame of pandas or polars."""
    return not isinstance(data, str | Path) and type(data).__module__.split(".")[0] in ("pandas", "polars")
