"""Files of numbers, one sample a row: .npy, .npz and .csv."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ptarmigan.core.errors import one_line
from ptarmigan.core.process import ignored
from ptarmigan.data.dialect import read_text
from ptarmigan.data.npy import npy_array
from ptarmigan.data.reading import SEPARATORS, Written
from ptarmigan.media.foreign import DAMAGED, check_unpacked, open_binary, regular

ROWS = ("x", "data", "arr_0")
LABELS = ("y", "labels", "label")
ENDINGS = (".csv", ".npy", ".npz")


def is_number(cell: str) -> bool:
    """Whether a cell of text is a number."""
    return bool(re.fullmatch(r"\s*[+-]?(\d+\.?\d*|\.\d+|nan|inf(inity)?)(e[+-]?\d+)?\s*", cell, re.I))


class Numbers(NamedTuple):
    """Rows of numbers, the names of their columns where there are such, and labels where there are such."""

    rows: NDArray[Any]
    columns: tuple[str, ...] = ()
    labels: NDArray[Any] | None = None


def read_numbers(path: Path, written: Written = Written()) -> Numbers:
    """What a ``.npy``, ``.npz`` (keys ``X`` and perhaps ``y``) or ``.csv`` file holds, unchecked.

    Args:
        path: of the file.
        written: how a ``.csv`` is written, where a person says it.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no such file, or damaged.
    """
    if path.suffix == ".npy":
        return Numbers(read_npy(path))
    if path.suffix == ".npz":
        return read_npz(path)
    if path.suffix == ".csv":
        return read_csv(path, written)
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
    except (*DAMAGED, ValueError) as error:
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


def read_csv(path: Path, written: Written = Written()) -> Numbers:
    """The numbers in a text of columns; a first line of names is what the columns are called.

    Args:
        path: of the file.
        written: what a person says of it.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it does not hold numbers alone.
    """
    whole, dialect, head = read_text(path, written)
    text = whole.decode(dialect.encoding).lstrip("\r\n")
    named = not all(is_number(dialect.with_dot(cell)) for cell in head)
    try:
        with ignored():  # no line after the names: the shape tells
            loaded = np.loadtxt(
                io.StringIO(text),
                delimiter=dialect.separator,
                skiprows=int(named),
                usecols=range(len(head)),
                ndmin=2,
                comments=None,
                quotechar='"',
                converters=None if dialect.decimal == "." else lambda cell: float(dialect.with_dot(cell)),
            )
    except ValueError as error:
        said = str(error).splitlines()[0]
        between = SEPARATORS[dialect.separator]
        raise ValueError(f"{path} does not hold numbers between {between}: {said}") from None
    return Numbers(loaded, tuple(name.strip() for name in head) if named else ())
