"""Raw rows of a table as pandas columns of the dtypes that they came from."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.media.optional import needs
from ptarmigan.modalities.table.cells import largest
from ptarmigan.modalities.table.column import Column, Floats
from ptarmigan.modalities.table.dtypes import NOTHING, dtype_from, time_of, times
from ptarmigan.modalities.table.whole import whole_numbers


def pandas_or_error() -> Any:
    """The pandas module.

    Raises:
        ValueError: it is missing.
    """
    return needs("pandas", extra="table", why="tables need pandas")


def restored(column: Column, raw: Floats, first: int) -> Any:
    """A raw column as a series of its own dtype; ids are new and numbered from ``first``."""
    if column.kind == "id":
        return ids(column, first + np.arange(len(raw)))
    if time_of(column.dtype):
        return counted(whole(column, raw) if column.modes else looked_up(column, raw), column.dtype)
    if column.modes:
        return numbers(raw, column)
    return typed(looked_up(column, raw), column)


def looked_up(column: Column, raw: Floats) -> NDArray[Any]:
    """The values that codes stand for, None where missing, as objects."""
    values = np.empty(len(column.values) + 1, object)
    values[:] = [*column.values, None]
    found: NDArray[Any] = values[np.where(np.isnan(raw), len(column.values), raw).astype(np.int64)]
    return found


def typed(cells: NDArray[Any], column: Column) -> Any:
    """Objects as a series of the column's dtype."""
    pandas = pandas_or_error()
    if column.dtype.startswith("category"):
        within = dtype_from(column.dtype) if column.dtype != "category" else None
        known = pandas.CategoricalDtype(pandas.Index(list(column.categories), dtype=within), column.ordered)
        return pandas.Series(cells, dtype=object).astype(known)
    return pandas.Series(cells, dtype=object).astype(dtype_from(column.dtype))


def whole(column: Column, raw: Floats) -> NDArray[Any]:
    """Raw numbers as Python's integers, None where missing."""
    cells, gone = np.full(len(raw), None, object), np.isnan(raw)
    cells[~gone] = whole_numbers(column, raw[~gone])
    return cells


def numbers(raw: Floats, column: Column) -> Any:
    """Numbers as a series; what is missing is so in the dtype's own way."""
    if column.kind == "integer":
        beyond = column.dtype == "object" or column.origin or column.unit != 1 or column.exact
        if beyond:
            return typed(whole(column, raw), column)
    scaled = raw if column.unit == 1 or column.kind == "integer" else raw * column.unit
    if column.dtype != "object":
        return pandas_or_error().Series(scaled).astype(dtype_from(column.dtype))
    cells = np.empty(len(raw), object)
    cells[:] = [None if np.isnan(v) else float(v) for v in scaled]
    return typed(cells, column)


def counted(cells: NDArray[Any], dtype: str) -> Any:
    """Counts of a dtype's units, None where missing, as a series of dates or durations."""
    gone = np.array([cell is None for cell in cells], bool)
    return times(np.where(gone, NOTHING, cells).astype(np.int64), dtype)


def ids(column: Column, places: NDArray[np.int64]) -> Any:
    """New ids: whole numbers after the largest, or ``new-0``, ``new-1``, ..."""
    pandas = pandas_or_error()
    begin = column.written[0] if column.written else "new-"
    if not (column.high or column.origin):
        return pandas.Series([f"{begin}{i}" for i in places]).astype(dtype_from(column.dtype))
    last = column.origin or int(column.high)
    if len(places) and last + 1 + int(places[-1]) > largest(column.dtype):
        raise ValueError(
            f"the column {column.name!r} ({column.dtype}) has no room for so many new ids: ask for fewer rows"
        )
    return pandas.Series(np.array([last + 1 + i for i in places.tolist()], object)).astype(
        dtype_from(column.dtype)
    )
