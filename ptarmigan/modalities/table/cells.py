"""Cells of a data frame: of what kind a column is, and its cells as numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.modalities.table.column import Column, Floats, Kind
from ptarmigan.modalities.table.dtypes import NOTHING, counts_of, spelling, time_of

if TYPE_CHECKING:
    import pandas as pd

MAKE_IT = "make it text, numbers, booleans, dates or durations"
INFERRED: dict[str, Kind] = {
    "string": "categorical",
    "empty": "categorical",
    "boolean": "boolean",
    "integer": "integer",
    "floating": "continuous",
    "mixed-integer-float": "continuous",
    "date": "date",
    "timedelta64": "duration",
}


def kind_of(name: str | int, series: pd.Series[Any]) -> Kind:
    """What a column holds, by its dtype, or by its cells where that says nothing.

    Raises:
        ValueError: it holds several types, or something else.
    """
    from pandas.api import types

    dtype = series.dtype
    if str(dtype) == "category":
        return "categorical"
    if types.is_bool_dtype(dtype):
        return "boolean"
    if types.is_datetime64_any_dtype(dtype):
        return "date"
    if types.is_timedelta64_dtype(dtype):
        return "duration"
    if types.is_integer_dtype(dtype):
        return "integer"
    if types.is_float_dtype(dtype):
        return "continuous"
    inferred = types.infer_dtype(series, skipna=True)
    if inferred not in INFERRED:
        mixed = "several types" if inferred.startswith("mixed") else inferred
        raise ValueError(
            f"the column {name!r} holds {mixed}: make it one of text, numbers, booleans, dates or durations"
        )
    return INFERRED[inferred]


def objects(series: pd.Series[Any]) -> NDArray[Any]:
    """Cells as objects, the whole numbers among categories as such, also where cells are missing."""
    if str(series.dtype) != "category":
        return series.to_numpy(object)
    known = np.empty(len(series.cat.categories) + 1, object)
    known[:] = [*series.cat.categories.tolist(), None]
    found: NDArray[Any] = known[series.cat.codes.to_numpy(np.int64)]  # -1 where missing
    return found


def dtype_of(series: pd.Series[Any]) -> str:
    """How a column's dtype is spelt; ``date`` for Python's own dates."""
    from pandas.api import types

    dates = str(series.dtype) == "object" and types.infer_dtype(series, skipna=True) == "date"
    return "date" if dates else spelling(series.dtype)


def counted(series: pd.Series[Any]) -> Floats:
    """Dates and durations as counts of their dtype's units, NaN where missing."""
    counts = counts_of(series, dtype_of(series))
    return np.where(counts == NOTHING, np.nan, counts.astype(np.float64))


def moment(text: Any, dtype: str) -> int:
    """A date or a duration as text or an object, as a column of that dtype counts it.

    Raises:
        ValueError: it is none.
    """
    import pandas

    name, unit, zone = time_of(dtype) or ("", "", None)
    if name in ("timedelta64", "duration"):
        return int(pandas.Timedelta(text).to_timedelta64().astype(f"timedelta64[{unit}]").astype(np.int64))
    stamp = pandas.Timestamp(text)
    if zone and stamp.tzinfo is None:
        stamp = stamp.tz_localize(zone)
    if stamp.tzinfo is not None:
        stamp = stamp.tz_convert("UTC").tz_localize(None)
    return int(stamp.to_datetime64().astype(f"datetime64[{unit}]").astype(np.int64))


def whole_cells(series: pd.Series[Any], column: Column) -> NDArray[Any]:
    """Whole numbers, or dates and durations as counts of their dtype's units, as Python's integers."""
    timed = time_of(column.dtype) is not None
    cells = np.empty(len(series), object)
    cells[:] = counts_of(series, column.dtype).tolist() if timed else [int(v) for v in series.tolist()]
    return cells


def largest(dtype: str) -> int:
    """The largest whole number of a dtype, as pandas spells it."""
    plain = dtype.lower().removesuffix("[pyarrow]").removeprefix("sparse[").split(",")[0].rstrip("]")
    known = [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]
    return int(np.iinfo(plain if plain in known else "int64").max)


def refused(name: Any, dtype: Any) -> ValueError:
    """An error that names the column and what it holds."""
    return ValueError(f"the column {name!r} holds {dtype}: {MAKE_IT}")
