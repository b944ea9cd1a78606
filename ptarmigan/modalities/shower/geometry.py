"""Calorimeters: layers of cells, in rows and columns or in rings and sectors."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Layer:
    """One layer of cells, of which the last axis is the fastest.

    Attributes:
        rows: edges along the first axis, in mm; of sectors, angles in radians.
        columns: edges along the second axis, in mm; of rings, radii.
        polar: the cells are rings and sectors.
    """

    rows: tuple[float, ...]
    columns: tuple[float, ...]
    polar: bool = False

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of cells."""
        return len(self.rows) - 1, len(self.columns) - 1

    @property
    def cells(self) -> int:
        """How many cells there are."""
        return math.prod(self.shape)

    @cached_property
    def centres(self) -> Floats:
        """The coordinates x and y of the middle of every cell, ``(cells, 2)``."""
        first, second = np.meshgrid(middles(self.rows), middles(self.columns), indexing="ij")
        if self.polar:
            return np.stack([second * np.cos(first), second * np.sin(first)], 2).reshape(-1, 2)
        return np.stack([second, first], 2).reshape(-1, 2)


def middles(edges: Iterable[float]) -> Floats:
    """The middle of every two neighbouring edges."""
    return np.array([(low + high) / 2 for low, high in pairwise(edges)])


def grid(rows: int, columns: int, side: float = 480.0) -> Layer:
    """A square layer, ``side`` mm wide, centred where the particle enters."""
    first, second = (np.linspace(-side / 2, side / 2, n + 1).tolist() for n in (rows, columns))
    return Layer(tuple(first), tuple(second))


CALOGAN: tuple[Layer, ...] = (grid(3, 96), grid(12, 12), grid(12, 6))
"""The calorimeter of CaloGAN (arXiv 1705.02355): lead and liquid argon, 504 cells, 480 mm wide."""
DEPTHS = (90.0, 347.0, 43.0)
"""Of its layers, in mm."""


def parts(layers: tuple[Layer, ...]) -> tuple[slice, ...]:
    """Where every layer's cells are among all."""
    ends = (0, *accumulate(layer.cells for layer in layers))
    return tuple(slice(a, b) for a, b in pairwise(ends))


def layer_from_plain(fields: Mapping[str, Any]) -> Layer:
    """A layer from what JSON keeps of it.

    Raises:
        TypeError: there is no such value, or one is missing.
    """
    found = Layer(**fields)
    return Layer(tuple(map(float, found.rows)), tuple(map(float, found.columns)), bool(found.polar))
