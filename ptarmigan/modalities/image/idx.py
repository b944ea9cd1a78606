"""The idx format of MNIST and its relatives: a big-endian header with the shape, then the bytes."""

from __future__ import annotations

import gzip
import math
import os
import re
import struct
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from ptarmigan.media.foreign import check_unpacked, open_binary

UINT8 = 0x08
MOST_DIMENSIONS = 8
DEFLATE_RATIO = 1032
"""No deflate stream expands by more (zlib's technical details): what a gzip file can hold at most."""


def looks_like_idx(path: Path) -> bool:
    """Whether a file is called as idx files are."""
    return bool(re.search(r"idx|ubyte", path.name.lower()))


def read_idx(path: Path) -> NDArray[np.uint8]:
    """The array in an idx file, plain or gzipped, in the shape its header names.

    The header is held against the size of the file before any memory is taken, and no more than what it
    promises is ever unpacked.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no idx file of bytes, or holds less or more than its header says.
    """
    with open_binary(path) as raw:
        held = os.fstat(raw.fileno()).st_size
        packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        if not packed:
            return _read(raw, path, held)
        try:
            with gzip.open(raw) as unpacked:
                return _read(unpacked, path, held, packed=True)  # type: ignore[arg-type]
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise ValueError(f"{path} is a damaged gzip file ({error}): fetch it again") from None


def _read(file: BinaryIO, path: Path, held: int, packed: bool = False) -> NDArray[np.uint8]:
    shape = _shape(file, path)
    size = math.prod(shape)
    if size == 0:
        raise ValueError(f"{path} holds nothing: its shape is {_times(shape)}")
    if size > held * (DEFLATE_RATIO if packed else 1):
        raise ValueError(f"{path} promises {_times(shape)} bytes, more than the file can hold")
    check_unpacked(size, held, str(path))
    out = np.empty(size, np.uint8)
    if _fill(file, out) < size:
        raise ValueError(f"{path} ends before the {_times(shape)} bytes that its header promises")
    if file.read(1):
        raise ValueError(f"{path} goes on after the {_times(shape)} bytes that its header promises")
    return out.reshape(shape)


def _shape(file: BinaryIO, path: Path) -> tuple[int, ...]:
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or not 1 <= magic[3] <= MOST_DIMENSIONS:
        raise ValueError(f"{path} is not an idx file")
    if magic[2] != UINT8:
        raise ValueError(f"{path} holds numbers of idx type 0x{magic[2]:02x}; only bytes (0x08) are read")
    sizes = file.read(4 * magic[3])
    if len(sizes) < 4 * magic[3]:
        raise ValueError(f"{path} ends within its header")
    return struct.unpack(f">{magic[3]}I", sizes)


def _fill(file: BinaryIO, out: NDArray[np.uint8]) -> int:
    filled = 0
    while filled < len(out):
        chunk = file.read(min(len(out) - filled, 1 << 20))
        if not chunk:
            break
        out[filled : filled + len(chunk)] = np.frombuffer(chunk, np.uint8)
        filled += len(chunk)
    return filled


def _times(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))
