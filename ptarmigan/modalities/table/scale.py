"""Columns that are compared with one another, on one scale: the same origin and the same unit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.modalities.table.column import Column, Floats
from ptarmigan.modalities.table.describe_columns import LARGEST, by_mode
from ptarmigan.modalities.table.grid import EXACT, ordinary
from ptarmigan.modalities.table.whole import raw_numbers, whole_numbers


def on_one_scale(columns: Sequence[Column], raw: Floats) -> tuple[list[Column], Floats] | None:
    """Columns and their raw cells ``(n, columns)`` with one origin and one unit; None where that is so.

    Raises:
        ValueError: float64 does not hold all of their numbers on one scale.
    """
    if len({(c.origin, c.unit) for c in columns}) == 1 and not any(c.exact or is_beyond(c) for c in columns):
        return None
    floats = [column.kind == "continuous" for column in columns]
    if all(floats):
        parts = as_large(columns, raw)
    elif any(floats):
        raise ValueError(
            "the columns hold whole numbers and floats of very different sizes: make them one dtype"
        )
    else:
        parts = from_one_origin(columns, raw)
    return [column for column, _ in parts], np.stack([cells for _, cells in parts], 1)


def is_beyond(column: Column) -> bool:
    """Whether a column that is learnt by value holds whole numbers that are no float64."""
    return column.by_value and column.kind != "continuous" and not ordinary(np.array(column.values, object))


def as_large(columns: Sequence[Column], raw: Floats) -> list[tuple[Column, Floats]]:
    """Floats in the largest of their units."""
    unit = max(column.unit for column in columns)
    parts = []
    for column, cells in zip(columns, raw.T, strict=True):
        if column.by_value or column.unit == unit:
            parts.append((replace(column, unit=unit), cells))
            continue
        smaller = cells * (column.unit / unit)
        if np.nanmax(np.abs(smaller)) < 1 / LARGEST:
            raise ValueError("the columns differ too much in size to be compared")
        parts.append(again(replace(column, unit=unit), smaller))
    return parts


def from_one_origin(columns: Sequence[Column], raw: Floats) -> list[tuple[Column, Floats]]:
    """Whole numbers and dates as how far they are from the smallest of all."""
    cells = [whole(column, raw[:, i]) for i, column in enumerate(columns)]
    known = [int(v) for some in cells for v in some]
    low = min(known)
    unit = math.gcd(*(v - low for v in known)) or 1
    if (max(known) - low) // unit > EXACT:
        raise ValueError(
            "the columns span more than 2**53 whole numbers: round them, as times to microseconds"
        )
    parts = []
    for i, column in enumerate(columns):
        found, numbers = replace(column, origin=low, unit=unit, exact=()), raw[:, i].copy()
        if not column.by_value:
            numbers[~np.isnan(numbers)] = raw_numbers(found, cells[i])
            found, numbers = again(found, numbers)
        parts.append((found, numbers))
    return parts


def whole(column: Column, raw: Floats) -> NDArray[Any]:
    """The whole numbers of a column without what is missing, or those that occur."""
    return np.array(column.values, object) if column.by_value else whole_numbers(column, raw[~np.isnan(raw)])


def again(column: Column, raw: Floats) -> tuple[Column, Floats]:
    """A column of numbers by what these are near."""
    gone = np.isnan(raw)
    return by_mode(column, raw, gone, np.unique(raw[~gone])), raw


def extremes(column: Column) -> tuple[Fraction, Fraction]:
    """The smallest number of a column and the largest, as they are."""
    if column.by_value:
        values = [Fraction(v) for v in column.values]
        return min(values), max(values)
    ends = np.array([column.low, column.high])
    if column.kind == "continuous":
        low, high = (Fraction(float(v)) * Fraction(column.unit) for v in ends)
    else:
        low, high = map(Fraction, whole_numbers(column, ends))
    return low, high
