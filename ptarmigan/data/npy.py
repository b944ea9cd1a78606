"""The header of numpy's own format, read without running anything that it holds."""

from __future__ import annotations

from typing import IO, Any

import numpy as np
from numpy.lib import format as npy


def npy_header(file: IO[bytes], where: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, whether in Fortran order, and dtype of the array that begins where the file is read.

    The file is then at its numbers.

    Raises:
        ValueError: it is no readable array.
    """
    try:
        version = npy.read_magic(file)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, fortran, dtype = read(file)
    except Exception:  # numpy parses the header as Python source, which fails in many ways
        raise ValueError(f"{where} is not a readable .npy array") from None
    return shape, fortran, dtype
