"""Dtypes of columns as text, from which they are found again: those of pandas and those of Arrow."""

from __future__ import annotations

import re
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ptarmigan.media.optional import needs
from ptarmigan.modalities.table.column import Column

TIMES = r"(datetime64|timedelta64|timestamp|duration|date32|date64)\[(s|ms|us|ns|day)(?:, (?:tz=)?([^]]+))?\]"
"""What counts units of time, the unit, and a zone."""
ARROW = "[pyarrow]"
NOTHING = np.iinfo(np.int64).min
"""What numpy counts a missing time as."""


def spelling(dtype: Any) -> str:
    """How a dtype is spelt: as pandas does, and where that says too little, with what is kept how.

    ``string[python]`` is text that is kept otherwise than pandas would itself, ``category[uint8]`` are
    categories of another dtype than their values would have.
    """
    import pandas

    if isinstance(dtype, pandas.StringDtype) and dtype != pandas.StringDtype(na_value=dtype.na_value):
        return f"{dtype}[{dtype.storage}]"
    if isinstance(dtype, pandas.CategoricalDtype) and dtype.categories is not None:
        plain = pandas.Index(dtype.categories.tolist()).dtype
        known = dtype.categories.dtype
        return "category" if known in (plain, object) else f"category[{spelling(known)}]"
    return str(dtype)


def dtype_from(spelt: str) -> Any:
    """The dtype that is spelt so; of categories, that of these.

    Raises:
        TypeError: there is no such dtype.
        ValueError: alike, or pyarrow is missing.
    """
    import pandas

    if spelt.startswith("category["):
        return dtype_from(spelt.removeprefix("category[").removesuffix("]"))
    if spelt in ("str[python]", "string[python]"):
        return pandas.StringDtype("python", na_value=np.nan if spelt.startswith("str[") else pandas.NA)
    if spelt.endswith(ARROW):
        return pandas.ArrowDtype(arrow_type(spelt.removesuffix(ARROW)))
    return pandas.api.types.pandas_dtype(spelt)


def arrow_type(spelt: str) -> Any:
    """The type of Arrow's that is spelt so.

    Raises:
        ValueError: there is none, or pyarrow is missing.
    """
    arrow = needs("pyarrow", extra="parquet", why=f"a column of {spelt} needs pyarrow")
    _, unit, zone = time_of(spelt) or ("", "", None)
    return arrow.timestamp(unit, zone) if zone else arrow.type_for_alias(spelt)


def time_of(dtype: str) -> tuple[str, str, str | None] | None:
    """What counts units of time: its name, unit as numpy spells it, and zone; None of other dtypes."""
    if dtype == "date":
        return "date", "D", None
    found = re.match(TIMES, dtype)
    return (found[1], found[2].replace("day", "D"), found[3]) if found else None


def unit_of(dtype: str) -> str:
    """The unit of such a dtype, as numpy spells it."""
    found = time_of(dtype)
    assert found is not None
    return found[1]


def family(column: Column) -> Literal["date", "duration", "number"]:
    """With what the numbers of a column can be compared, be they always the same."""
    found = time_of(column.dtype)
    if found is None:
        return "number"
    return "duration" if found[0] in ("timedelta64", "duration") else "date"


def counts_of(series: Any, dtype: str) -> NDArray[np.int64]:
    """Times as counts of their units, since 1970 where they are dates; ``NOTHING`` where missing."""
    if dtype.endswith(ARROW):
        cells = series.array.__arrow_array__()
        cells = cells.cast("int32") if dtype.startswith("date32") else cells
        return np.asarray(cells.cast("int64").fill_null(int(NOTHING)).to_numpy())
    unit = unit_of(dtype)
    if dtype == "date":
        return np.asarray(series.to_numpy(object), "datetime64[D]").astype(np.int64)
    kind = "timedelta64" if dtype.startswith("timedelta64") else "datetime64"
    return np.asarray(series.to_numpy(f"{kind}[{unit}]").astype(np.int64))


def times(counts: NDArray[np.int64], dtype: str) -> Any:
    """The inverse of ``counts_of``, as a series of pandas."""
    import pandas

    gone = counts == NOTHING
    if dtype == "date":
        cells = np.empty(len(counts), object)
        cells[~gone] = counts[~gone].astype("datetime64[D]").tolist()
        return pandas.Series(cells, dtype=object)
    if dtype.endswith(ARROW):
        kind = arrow_type(dtype.removesuffix(ARROW))
        import pyarrow

        cells = pyarrow.array(np.where(gone, 0, counts), mask=gone)
        cells = cells.cast("int32") if dtype.startswith("date32") else cells
        return pandas.Series(pandas.arrays.ArrowExtensionArray(cells.cast(kind)))
    name, unit, zone = time_of(dtype) or ("", "", None)
    series: Any = pandas.Series(counts.view(f"{name}[{unit}]"))
    return series.dt.tz_localize("UTC").astype(dtype) if zone else series
