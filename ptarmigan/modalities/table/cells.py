"""Cells of a data frame: of what kind a column is, and its cells as numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.modalities.table.column import Column, Floats, Kind

if TYPE_CHECKING:
    import pandas as pd

INFERRED: dict[str, Kind] = {
    "string": "categorical",
    "empty": "categorical",
    "boolean": "boolean",
    "integer": "integer",
    "floating": "continuous",
    "mixed-integer-float": "continuous",
    "date": "date",
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
    if types.is_integer_dtype(dtype):
        return "integer"
    if types.is_float_dtype(dtype):
        return "continuous"
    inferred = types.infer_dtype(series, skipna=True)
    if inferred not in INFERRED:
        mixed = "several types" if inferred.startswith("mixed") else inferred
        raise ValueError(
            f"the column {name!r} holds {mixed}: make it one of text, numbers, booleans, or dates"
        )
    return INFERRED[inferred]


def dtype_of(series: pd.Series[Any]) -> str:
    """How a column's dtype is spelt; ``date`` for Python's own dates."""
    from pandas.api import types

    dates = str(series.dtype) == "object" and types.infer_dtype(series, skipna=True) == "date"
    return "date" if dates else str(series.dtype)


def counted(series: pd.Series[Any]) -> Floats:
    """Dates as counts of their dtype's units since 1970, NaN where missing."""
    dtype = dtype_of(series)
    unit = "D" if dtype == "date" else unit_of(dtype)
    counts = series.to_numpy(object) if dtype == "date" else series.to_numpy(f"datetime64[{unit}]")
    gone = series.isna().to_numpy(bool)
    out = np.full(len(gone), np.nan)
    out[~gone] = counts[~gone].astype(f"datetime64[{unit}]").astype(np.int64)
    return out


def is_date(column: Column) -> bool:
    """Whether a column holds dates, be it always the same."""
    return column.dtype.startswith("date")


def moment(text: Any, dtype: str) -> int:
    """A date as text or an object, as a column of that dtype counts it.

    Raises:
        ValueError: it is no date.
    """
    import pandas

    stamp = pandas.Timestamp(text)
    if "," in dtype and stamp.tzinfo is None:
        stamp = stamp.tz_localize(dtype.split(",")[1].strip(" ]"))
    if stamp.tzinfo is not None:
        stamp = stamp.tz_convert("UTC").tz_localize(None)
    unit = "D" if dtype == "date" else unit_of(dtype)
    return int(stamp.to_datetime64().astype(f"datetime64[{unit}]").astype(np.int64))


def unit_of(dtype: str) -> str:
    """The unit of a dtype such as ``datetime64[us, UTC]``."""
    return dtype.removeprefix("datetime64[").rstrip("]").split(",")[0]


def whole_cells(series: pd.Series[Any], column: Column) -> NDArray[Any]:
    """Whole numbers, or dates as counts of their dtype's units since 1970, as Python's integers."""
    cells = np.empty(len(series), object)
    if column.kind == "date":
        unit = "D" if column.dtype == "date" else unit_of(column.dtype)
        days = column.dtype == "date"
        counts = series.to_numpy(object) if days else series.to_numpy(f"datetime64[{unit}]")
        cells[:] = counts.astype(f"datetime64[{unit}]").astype(np.int64).tolist()
    else:
        cells[:] = [int(v) for v in series.tolist()]
    return cells


def largest(dtype: str) -> int:
    """The largest whole number of a dtype, as pandas spells it."""
    plain = dtype.lower().removesuffix("[pyarrow]").removeprefix("sparse[").split(",")[0].rstrip("]")
    known = [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]
    return int(np.iinfo(plain if plain in known else "int64").max)


def refused(name: Any, dtype: Any) -> ValueError:
    """An error that names the column and what it holds."""
    return ValueError(f"the column {name!r} holds {dtype}: make it text, numbers, booleans or dates")
