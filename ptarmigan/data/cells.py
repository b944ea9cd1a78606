"""Texts of columns: how many cells they hold, counted before anything is made of them."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from ptarmigan.core.errors import one_line
from ptarmigan.core.memory import check_memory
from ptarmigan.data.reading import SEPARATORS
from ptarmigan.media.foreign import DAMAGED, Bounded, open_binary, regular

CELL = 32
"""Bytes that a cell takes, about, while it is read: a number, or a short text."""
OPEN: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}


def read_cells(path: Path) -> bytes:
    """A text of columns, packed or not, unpacked once and as far as it goes into memory with its cells.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it does not, is no file, or is damaged.
    """
    parts: list[bytes] = []
    size = cells = 0
    with unpacked(path) as file:
        while part := file.read(1 << 20):
            parts.append(part)
            size += len(part)
            between = max(part.count(one.encode()) for one in SEPARATORS)
            cells += between + part.count(b"\n") + part.count(b"\r")
            check_memory(2 * size + CELL * cells, str(path))
    return b"".join(parts)


@contextmanager
def unpacked(path: Path) -> Iterator[BinaryIO]:
    """A text file that may be packed, as its name says, to be read as far as data are packed.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no file, or damaged.
    """
    held, ending = regular(path).stat().st_size, path.suffix.lower()
    try:
        with open_binary(path) as raw:
            if ending == ".zip":
                with zipfile.ZipFile(raw) as archive, archive.open(only(archive)) as member:
                    yield cast(BinaryIO, Bounded(member, held, str(path)))
            elif ending in OPEN:
                with OPEN[ending](raw) as file:
                    yield cast(BinaryIO, Bounded(file, held, str(path)))
            else:
                yield raw
    except DAMAGED as error:
        raise ValueError(f"{path} is damaged ({one_line(error)})") from None


def only(archive: zipfile.ZipFile) -> str:
    """The one file in an archive.

    Raises:
        ValueError: there are several, or none.
    """
    names = archive.namelist()
    if len(names) != 1:
        raise ValueError(f"a packed table is one file, and there are {len(names)}")
    return names[0]
