"""Numpy's own format, read without running anything that it holds, and without believing what it promises."""

from __future__ import annotations

import io
import math
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from ptarmigan.core.memory import check_memory

LONGEST_HEADER = 1 << 16
"""Bytes of a header: shapes and names of fields take a few hundred."""
MOST_AXES, LONGEST = 32, 1 << 62


def npy_header(file: IO[bytes], where: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, whether in Fortran order, and dtype of the array that begins where the file is read.

    The file is then at its numbers.

    Raises:
        ValueError: it is no readable array.
    """
    try:
        version = npy.read_magic(file)
        size = 2 if version == (1, 0) else 4
        count = file.read(size)
        length = int.from_bytes(count, "little")
        text = file.read(min(length, LONGEST_HEADER))
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, fortran, dtype = read(io.BytesIO(count + text))
    except Exception:  # numpy parses the header as Python source, which fails in many ways
        raise ValueError(f"{where} is not a readable .npy array") from None
    if not dtype.itemsize:
        raise ValueError(f"{where} holds values of no bytes")
    if len(shape) > MOST_AXES or not all(0 <= n <= LONGEST for n in (*shape, math.prod(shape))):
        raise ValueError(f"{where} is not a readable .npy array: its shape is {npy_shape(shape)}")
    return shape, fortran, dtype


def npy_array(file: IO[bytes], size: int, where: str) -> NDArray[Any]:
    """The array of plain values that begins where the file is read.

    Args:
        file: at the beginning of the array.
        size: bytes that there are of it in all, or promised to be.
        where: what people call it.

    Raises:
        ValueError: it is no readable array, holds Python objects, ends too soon, or does not go into memory.
    """
    shape, fortran, dtype = npy_header(file, where)
    if dtype.hasobject:
        raise ValueError(f"{where} holds Python objects, which could run code: save plain numbers")
    need = math.prod(shape) * dtype.itemsize
    if need > size:
        raise ValueError(f"{where} ends before the {npy_shape(shape)} values that its header promises")
    check_memory(need, f"the array of shape {npy_shape(shape)} in {where}")
    parts, left = [], need
    while left and (part := file.read(min(left, 1 << 24))):
        parts.append(part)
        left -= len(part)
    if left:
        raise ValueError(f"{where} ends before the {npy_shape(shape)} values that its header promises")
    flat = np.frombuffer(bytearray().join(parts), dtype, math.prod(shape))
    return flat.reshape(shape, order="F" if fortran else "C")


def npy_shape(shape: tuple[int, ...]) -> str:
    """A shape in words, short."""
    words = "×".join(map(str, shape[:8])) or "no axes"
    return words if len(words) <= 80 else f"{words[:80]}…"
