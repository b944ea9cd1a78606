"""Files of numbers, one sample a row: .npy, .npz and .csv."""

from __future__ import annotations

import csv
import struct
import warnings
import zipfile
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ptarmigan.core.errors import one_line
from ptarmigan.data.cells import check_cells
from ptarmigan.data.npy import npy_array
from ptarmigan.media.foreign import check_unpacked, open_binary, open_text, regular

ROWS = ("x", "data", "arr_0")
LABELS = ("y", "labels", "label")
ENDINGS = (".csv", ".npy", ".npz")
PACKED = (
    ValueError,
    EOFError,
    OSError,
    RuntimeError,
    NotImplementedError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
"""What reading an archive raises where it is damaged."""


class Numbers(NamedTuple):
    """Rows of numbers, the names of their columns where there are such, and labels where there are such."""

    rows: NDArray[Any]
    columns: tuple[str, ...] = ()
    labels: NDArray[Any] | None = None


def read_numbers(path: Path) -> Numbers:
    """What a ``.npy``, ``.npz`` (keys ``X`` and perhaps ``y``) or ``.csv`` file holds, unchecked.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no such file, or damaged.
    """
    if path.suffix == ".npy":
        return Numbers(read_npy(path))
    if path.suffix == ".npz":
        return read_npz(path)
    if path.suffix == ".csv":
        return read_csv(path)
    raise ValueError(f"{path}: rows of numbers are in a .csv, .npy or .npz file")


def read_npy(path: Path) -> NDArray[Any]:
    """The array in a ``.npy`` file."""
    try:
        with open_binary(path) as file:
            return npy_array(file, path.stat().st_size, str(path))
    except EOFError as error:
        raise ValueError(f"{path} is no .npy file of numbers ({error})") from None


def read_npz(path: Path) -> Numbers:
    """The rows, and the labels if there are such, of an ``.npz`` file."""
    try:
        with zipfile.ZipFile(regular(path)) as archive:
            members = {name.removesuffix(".npy").lower(): name for name in archive.namelist()}
            x = next((members[key] for key in ROWS if key in members), None)
            y = next((members[key] for key in LABELS if key in members), None)
            if x is None:
                raise ValueError(f"it holds {', '.join(members) or 'nothing'}, and no X")
            return Numbers(npz_member(archive, x), (), None if y is None else npz_member(archive, y))
    except PACKED as error:
        raise ValueError(f"{path} is no .npz file of numbers ({one_line(error)})") from None


def npz_member(archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    """An array of an ``.npz`` file, which is unpacked as far as memory goes.

    Raises:
        ValueError: it is no array, or too large.
    """
    member = archive.getinfo(name)
    check_unpacked(member.file_size, member.compress_size, name)
    with archive.open(member) as file:
        return npy_array(file, member.file_size, name)


def read_csv(path: Path) -> Numbers:
    """The numbers between the commas; a first line of names is what the columns are called."""
    try:
        check_cells(path, ",")
        with open_text(path, "utf-8-sig", newline="") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an empty file: the shape tells
            first = file.readline()
            file.seek(0)
            named = not _numbers(first)
            loaded = np.loadtxt(file, delimiter=",", skiprows=int(named), ndmin=2)
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not a text file") from None
    except ValueError as error:
        raise ValueError(
            f"{path} does not hold numbers between commas: {str(error).splitlines()[0]}"
        ) from None
    columns = tuple(name.strip() for name in next(csv.reader([first]))) if named and first.strip() else ()
    return Numbers(loaded, columns if len(columns) == loaded.shape[1] else ())


def _numbers(line: str) -> bool:
    try:
        return bool([float(cell) for cell in line.split(",")])
    except ValueError:
        return False
