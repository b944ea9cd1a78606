"""The samples that detectors are asked about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

CHUNK = 1_024
"""Samples that are in memory at once."""


@dataclass(frozen=True, eq=False)
class Asked:
    """Samples that are read when they are wanted.

    Attributes:
        kind: what one of them is called.
        n: how many there are.
        read: raw samples by index.
        vectors: what detectors without a network see of them, one a row.
        name: what one is called, by index.
        truth: which are abnormal, where that is known.
        bad: files that could not be read, each with the reason.
    """

    kind: str
    n: int
    read: Callable[[NDArray[np.int64]], NDArray[Any]]
    vectors: NDArray[np.float64]
    name: Callable[[int], str] = str
    truth: NDArray[np.bool_] | None = None
    bad: tuple[str, ...] = ()

    def each(self, function: Callable[[NDArray[Any]], NDArray[Any]]) -> NDArray[Any]:
        """What a function says of raw samples, some at a time."""
        return np.concatenate([function(self.read(some)) for some in chunks(self.n)])


def chunks(n: int) -> list[NDArray[np.int64]]:
    """The numbers from 0 to ``n``, some at a time."""
    return np.split(np.arange(n), range(CHUNK, n, CHUNK))
