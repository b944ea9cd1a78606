"""Rows of a raw array in a file, read one by one: memory holds only what is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.permutation import Indices
from ptarmigan.media.foreign import open_binary


@dataclass(frozen=True)
class Rows:
    """An array of ``shape`` in C order that begins at byte ``begin`` of the file ``path``.

    Not a memory map: mapped pages count as the process's own, and a file cut short would end it by a signal.
    """

    path: Path
    begin: int
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, indices: Indices) -> NDArray[Any]:
        """The rows at ``indices``, in memory of their own.

        Raises:
            ValueError: the file ends before them.
        """
        out = np.empty((len(indices), *self.shape[1:]), self.dtype)
        size = out[:1].nbytes
        with open_binary(self.path, 0) as file:
            for row, index in zip(out, indices, strict=True):
                file.seek(self.begin + int(index) * size)
                if file.readinto(row.reshape(-1).view(np.uint8)) != size:
                    raise ValueError(f"{self.path} became shorter while it was read")
        return out
