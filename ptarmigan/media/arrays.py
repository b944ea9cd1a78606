"""Arrays as ``.npy`` and ``.npz``, a part at a time: memory does not grow with their length."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray


def write_npy(file: IO[bytes], parts: Iterable[NDArray[Any]], n: int) -> None:
    """Write arrays, one after another along the first axis, as one ``.npy``.

    Args:
        file: where to.
        parts: of one dtype, and of one shape but for the first axis.
        n: their total length.

    Raises:
        ValueError: they are longer or shorter.
    """
    written = 0
    for part in parts:  # a memory map would count as memory
        if written == 0:
            header = {
                "descr": np.lib.format.dtype_to_descr(part.dtype),
                "fortran_order": False,
                "shape": (n, *part.shape[1:]),
            }
            np.lib.format.write_array_header_1_0(file, header)
        file.write(part.tobytes())
        written += len(part)
    if written != n:
        raise ValueError(f"{written} samples were given, and {n} were expected")


def write_npz(file: IO[bytes], parts: Iterable[NDArray[Any]], n: int) -> None:
    """Write arrays, one after another, as an ``.npz`` with one array, named ``arr_0`` as by numpy.

    Raises:
        ValueError: they are longer or shorter.
    """
    with zipfile.ZipFile(file, "w") as archive, archive.open("arr_0.npy", "w", force_zip64=True) as member:
        write_npy(member, parts, n)
