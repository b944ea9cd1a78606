"""Whole numbers beyond 2⁵³, which float64 cannot hold: as how far they are from the smallest."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.modalities.table.column import MOST, Column, Floats, raw_number
from ptarmigan.modalities.table.grid import ordinary
from ptarmigan.modalities.table.modes import REPEATED


def based(column: Column, cells: NDArray[Any]) -> Column:
    """A column that holds such numbers exactly, or as exactly as can be; as it is where float64 does.

    Args:
        column: of whole numbers or dates.
        cells: what it holds, without what is missing: Python's integers.
    """
    if ordinary(cells):
        return column
    low = int(cells.min())
    unit = math.gcd(*(int(v) - low for v in cells)) or 1
    found = replace(column, origin=low, unit=unit)
    often = [v for v, n in Counter(cells.tolist()).most_common(MOST) if n >= REPEATED]
    lost = {int(v) for v in (low, cells.max(), *often) if whole_number(found, raw_number(found, v)) != v}
    return replace(found, exact=tuple(sorted(lost)))


def raw_numbers(column: Column, cells: NDArray[Any]) -> Floats:
    """Python's integers as the column has them raw."""
    if column.origin == 0 and column.unit == 1:
        return cells.astype(np.float64)
    return np.array([(int(v) - column.origin) / column.unit for v in cells], np.float64)


def whole_number(column: Column, raw: float) -> int:
    """The whole number that is meant, as if none had to be remembered."""
    return column.origin + int(column.unit) * int(raw)


def whole_numbers(column: Column, raw: Floats) -> NDArray[Any]:
    """Raw numbers, none of them missing, as Python's integers."""
    known = {raw_number(column, v): v for v in column.exact}
    cells = np.empty(len(raw), object)
    cells[:] = [known.get(v, whole_number(column, v)) for v in raw.tolist()]
    return cells
