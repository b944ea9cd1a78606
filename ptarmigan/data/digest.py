"""Digests of what data hold: of values in memory whole, of large files and of many files in parts."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ptarmigan.data.archives import Container
from ptarmigan.data.permutation import Indices
from ptarmigan.media.foreign import open_binary

MOST, PARTS = 32 << 20, 32
"""Bytes of a file that are looked at, and in how many evenly spread parts where it has more."""
FILES, START = 128, 1 << 18
"""Of a set of files, how many are opened, and how many bytes of each are read."""
SIZE = 16
"""Bytes of a digest."""

Plain = str | int | float | bool | bytes | None


def digest_of(*values: Any) -> str:
    """A digest of values: numbers and text, arrays, tensors, data frames, and lists and mappings of these.

    It depends on what they hold, and not on whether that is a tensor or an array, a list or a tuple.

    Raises:
        TypeError: one is something else, of which nobody knows what it holds.
    """
    return joined(part for value in values for part in parts_of(value))


def parts_of(value: Any) -> Iterator[bytes]:
    """Bytes that are the same where values hold the same.

    Raises:
        TypeError: nobody knows what the value holds.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, Plain):
        yield f"{value!r};".encode(errors="backslashreplace")
    elif isinstance(value, torch.Tensor):
        yield from of_tensor(value.detach().cpu())
    elif isinstance(value, np.ndarray):
        yield from of_array(value)
    elif isinstance(value, list | tuple):
        yield f"{len(value)} of ".encode()
        if all(type(one) in (str, int, float, bool) for one in value):
            yield repr(list(value)).encode(errors="backslashreplace")
        else:
            for one in value:
                yield from parts_of(one)
    elif isinstance(value, Mapping):
        yield from parts_of([*value.items()])
    else:
        yield from of_frame(value)


def of_tensor(value: torch.Tensor) -> Iterator[bytes]:
    """Of a tensor: as the array with the same numbers, also of a dtype that numpy has not."""
    if value.layout != torch.strided:
        value = value.to_dense()
    head = str(value.dtype).removeprefix("torch."), *value.shape
    raw = value.contiguous().reshape(-1).view(torch.uint8).numpy()
    yield repr(head).encode()
    yield raw.tobytes()


def of_array(value: NDArray[Any]) -> Iterator[bytes]:
    """Of an array: dtype, shape and numbers; of objects one after another."""
    if value.dtype.hasobject:
        yield from parts_of(value.tolist())
        return
    yield repr((str(value.dtype), *value.shape)).encode()
    yield np.ascontiguousarray(value).tobytes()


def of_frame(value: Any) -> Iterator[bytes]:
    """Of a data frame of pandas or polars: names, dtypes and cells, without the index.

    Raises:
        TypeError: it is none.
    """
    room = type(value).__module__.split(".")[0]
    if room == "pandas" and hasattr(value, "columns"):
        for name, dtype in zip(value.columns, value.dtypes, strict=True):
            yield f"{name!r}:{dtype};".encode(errors="backslashreplace")
        yield from of_array(sys.modules["pandas"].util.hash_pandas_object(value, index=False).to_numpy())
    elif room == "polars" and hasattr(value, "columns"):
        for name, dtype in value.schema.items():
            yield f"{name!r}:{dtype};".encode(errors="backslashreplace")
            cells = value[name]  # hash_rows would depend on the version of polars
            yield from parts_of(
                cells.to_numpy() if dtype.is_numeric() and not cells.null_count() else cells.to_list()
            )
    else:
        raise TypeError(f"nobody knows what {type(value).__name__} holds")


def of_file(path: Path) -> Iterator[bytes]:
    """Of a file: its size and its content, of a large one in parts.

    Raises:
        OSError: it cannot be read.
    """
    with open_binary(path, 0) as file:
        size = os.fstat(file.fileno()).st_size
        yield f"{size} bytes;".encode()
        for begin, end in spans(size):
            file.seek(begin)
            yield file.read(end - begin)


def of_files(container: Container, members: Indices) -> Iterator[bytes]:
    """Of files in a folder or an archive: all names and sizes, and what some of them begin with."""
    names = "\0".join(container.names[i] for i in members.tolist())
    yield names.encode(errors="backslashreplace")
    yield np.ascontiguousarray(container.sizes[members], np.int64).tobytes()
    for i in np.unique(np.linspace(0, len(members) - 1, min(FILES, len(members))).astype(np.int64)).tolist():
        try:
            yield container.read(int(members[i]), START)
        except (OSError, ValueError):  # a damaged file is named elsewhere
            yield b"damaged"


def spans(size: int) -> Iterable[tuple[int, int]]:
    """Where to look at so many bytes: all of them, or ``PARTS`` parts of ``MOST`` in all."""
    if size <= MOST:
        return [(0, size)]
    length = MOST // PARTS
    begins = np.linspace(0, size - length, PARTS).astype(np.int64)
    return [(int(begin), int(begin) + length) for begin in begins]


def joined(parts: Iterable[bytes]) -> str:
    """The digest of what is made of such parts."""
    found = hashlib.blake2b(digest_size=SIZE)
    for part in parts:
        found.update(part)
    return found.hexdigest()
