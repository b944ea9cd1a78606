"""What a netCDF-3 file says it holds, without an optional package; a broken one is an error in a line."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.core.errors import REASON, one_line
from ptarmigan.core.memory import check_memory
from ptarmigan.media.foreign import open_binary

MAGIC = b"CDF"
TIMES = 4
"""Copies of a file's numbers that are held while it is read."""


@dataclass(frozen=True, eq=False)
class Stored:
    """A variable as it is stored.

    Attributes:
        dims: names of its dimensions.
        shape: their sizes.
        attributes: text and numbers.
        read: its values as float64, with what is missing as NaN, and packing undone.
    """

    dims: tuple[str, ...]
    shape: tuple[int, ...]
    attributes: Mapping[str, Any]
    read: Any


class Held:
    """A file of which no more is read than it has: a header may promise anything."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.size = file, os.fstat(file.fileno()).st_size

    def read(self, size: int = -1) -> bytes:
        """The next bytes, at most."""
        left = self.size - self.file.tell()
        return self.file.read(left if size < 0 else min(int(size), left))

    def seek(self, place: int, whence: int = 0) -> int:
        """Go to a place."""
        return self.file.seek(place, whence)

    def tell(self) -> int:
        """Where it is."""
        return self.file.tell()

    @property
    def closed(self) -> bool:
        """Whether it is."""
        return self.file.closed

    def close(self) -> None:
        """Close the file."""
        self.file.close()


def is_netcdf3(path: Path) -> bool:
    """Whether a file is classic netCDF."""
    with open_binary(path) as file:
        return file.read(3) == MAGIC


def read_netcdf3(path: Path) -> dict[str, Stored]:
    """The variables of a classic netCDF file, by name.

    Raises:
        ValueError: it is none, or damaged.
    """
    check_memory(TIMES * path.stat().st_size, str(path))
    try:
        with open_binary(path) as file:
            return variables_in(file)
    except (ArithmeticError, AssertionError, LookupError, MemoryError, TypeError, ValueError) as error:
        reason = shorten(one_line(error), REASON, placeholder=" …")
        raise ValueError(f"{path} is a damaged netCDF file ({reason})") from error


def variables_in(file: IO[bytes]) -> dict[str, Stored]:
    """The variables of a classic netCDF file; a damaged one raises anything."""
    from scipy.io import netcdf_file

    found = {}
    with netcdf_file(Held(file), "r", mmap=False) as opened:
        for name, variable in opened.variables.items():
            shape = tuple(map(int, variable.shape))
            attributes = {key: plain(value) for key, value in variable._attributes.items()}
            read = reader(np.array(variable.data), attributes)
            found[name] = Stored(tuple(variable.dimensions), shape, attributes, read)
    return found


def plain(value: Any) -> Any:
    """An attribute as text or a number."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace").rstrip("\0")
    numbers = np.asarray(value)
    return float(numbers.flat[0]) if numbers.size and numbers.dtype.kind in "fiu" else ""


def reader(values: NDArray[Any], attributes: Mapping[str, Any]) -> Any:
    """What undoes CF packing: missing values, scale and offset."""

    def read(part: Any = slice(None)) -> NDArray[np.float64]:
        if values.dtype.kind not in "fiu":
            raise ValueError("it holds no numbers")
        stored = values[part]
        found = stored.astype(np.float64)
        for name in ("_FillValue", "missing_value"):
            mark = attributes.get(name)
            if isinstance(mark, float):
                found[stored == stored.dtype.type(mark)] = np.nan
        scale, offset = attributes.get("scale_factor", 1.0), attributes.get("add_offset", 0.0)
        return np.asarray(found * float(scale) + float(offset))

    return read
