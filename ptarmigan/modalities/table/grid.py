"""Of what the numbers of a column are multiples: decimals, quarters of hours, hundreds, odd numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.modalities.table.column import DECIMALS, MOST, Floats, float_type

EXACT = 2.0**53
"""Up to which every whole number is a float64."""
DIGITS = {np.float16: 3, np.float32: 6, np.float64: 15}
"""Decimal digits that a float keeps, whatever they are."""
OFTEN = 5
"""Rows of a value, on average, where others are not to be expected."""


def grid_of(distinct: Floats, dtype: str) -> tuple[float, float]:
    """The step and the offset of numbers, of which all are ``offset + k · step``; 0 where there is no step.

    Args:
        distinct: the numbers, sorted.
        dtype: of their column, as pandas spells it.
    """
    decimals = shared_decimals(distinct, float_type(dtype))
    if decimals is None:
        return 0.0, 0.0
    scaled = np.rint(distinct * 10.0**decimals)
    if np.abs(scaled).max() > EXACT:
        return 10.0**-decimals, 0.0
    whole = scaled.astype(np.int64)
    step = int(np.gcd.reduce(whole - whole[0])) or 1
    offset = round(int(whole[0]) % step * 10.0**-decimals, decimals)
    return round(step * 10.0**-decimals, decimals) if decimals else float(step), offset


def shared_decimals(distinct: Floats, kind: Any) -> int | None:
    """The decimals with which all numbers are written; None where they have too many to mean it."""
    numbers, largest = distinct.astype(kind), float(np.abs(distinct).max())
    before = int(np.floor(np.log10(largest))) + 1 if largest else 1
    for decimals in range(max(0, min(DECIMALS, DIGITS[kind] - before)) + 1):
        if (np.round(distinct, decimals).astype(kind) == numbers).all():
            return decimals
    return None


def few(distinct: Floats, rows: int) -> tuple[float, ...]:
    """The numbers that occur, where each is in many rows; else nothing."""
    often = 1 < len(distinct) <= MOST and rows >= OFTEN * len(distinct)
    return tuple(distinct.tolist()) if often else ()


def power_of_two(numbers: Floats) -> float:
    """By what numbers are divided to be of a size that can be squared; 1 where they are."""
    largest = float(np.nanmax(np.abs(numbers)))
    if largest == 0 or 1e-100 < largest < 1e100:
        return 1.0
    size = int(np.frexp(largest)[1])
    return float(2.0 ** (max(size, -1074) if size < 0 else size - 332))  # 2³³² is about 1e100


def ordinary(whole: NDArray[Any]) -> bool:
    """Whether float64 holds all of these whole numbers."""
    return not len(whole) or max(abs(int(whole.max())), abs(int(whole.min()))) <= EXACT
