"""Polars frames as pandas ones, of which tables are learnt, and back: dtypes are kept, and nulls."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ptarmigan.media.optional import needs
from ptarmigan.modalities.table.cells import refused
from ptarmigan.modalities.table.column import Column
from ptarmigan.modalities.table.frames import pandas_or_error

if TYPE_CHECKING:
    import pandas as pd


def is_polars(data: Any) -> bool:
    """Whether data is a polars frame.

    Raises:
        ValueError: it is a lazy one.
    """
    polars = sys.modules.get("polars")  # where there is a frame, it is imported
    if polars is not None and isinstance(data, polars.LazyFrame):
        raise ValueError("the table is a lazy frame: collect() it first")
    return polars is not None and isinstance(data, polars.DataFrame)


def polars_or_error() -> Any:
    """The polars module.

    Raises:
        ValueError: it is missing.
    """
    return needs("polars", extra="polars", why="this table was learnt from polars")


def from_polars(frame: Any) -> pd.DataFrame:
    """A polars frame as a pandas one, from whose dtypes ``to_polars`` finds back.

    Raises:
        ValueError: a column holds what no table is learnt from.
    """
    columns = {i: as_pandas(frame.to_series(i)) for i in range(frame.width)}
    found: pd.DataFrame = pandas_or_error().DataFrame(columns)
    found.columns = pandas_or_error().Index(frame.columns)
    return found


def as_pandas(series: Any) -> Any:
    """One column."""
    import polars as pl

    pandas, dtype = pandas_or_error(), series.dtype
    cells = series.to_list
    if dtype.is_integer() or dtype == pl.Boolean:
        name = "boolean" if dtype == pl.Boolean else str(dtype)
        return pandas.Series(cells(), dtype=name) if series.null_count() else pandas.Series(series.to_numpy())
    if dtype.is_float():
        return pandas.Series(series.to_numpy())
    if dtype == pl.String:
        return pandas.Series(cells(), dtype="string")
    if dtype in (pl.Categorical, pl.Enum):
        ordered = dtype == pl.Enum
        known = dtype.categories if ordered else series.drop_nulls().unique().sort()
        return pandas.Series(pandas.Categorical(cells(), [str(v) for v in known], ordered=ordered))
    if dtype in (pl.Date, pl.Null):
        return pandas.Series(cells(), dtype=object)
    if dtype == pl.Duration:
        return pandas.Series(series.to_numpy())
    if dtype == pl.Datetime:
        if dtype.time_zone is None:
            return pandas.Series(series.to_numpy())
        plain = series.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        return pandas.Series(plain.to_numpy()).dt.tz_localize("UTC").dt.tz_convert(dtype.time_zone)
    raise refused(series.name, dtype)


def to_polars(frame: pd.DataFrame, columns: Sequence[Column]) -> Any:
    """A pandas frame of these columns as a polars one; what is missing is null.

    Raises:
        ValueError: polars is missing.
    """
    polars = polars_or_error()
    return polars.DataFrame([as_polars(column, frame.iloc[:, i]) for i, column in enumerate(columns)])


def as_polars(column: Column, series: Any) -> Any:
    """One column."""
    import polars as pl

    name, dtype = str(column.name), column.dtype
    if dtype.startswith("timedelta64"):
        return pl.Series(name, series.to_numpy())
    if dtype.startswith("datetime64"):
        naive = series.dt.tz_convert("UTC").dt.tz_localize(None) if "," in dtype else series
        found = pl.Series(name, naive.to_numpy())
        if "," not in dtype:
            return found
        zone = dtype.split(",")[1].strip(" ]")
        return found.dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
    if dtype == "category":
        kind: Any = pl.Enum(list(map(str, column.categories))) if column.ordered else pl.Categorical
    else:
        kinds = {"string": pl.String, "date": pl.Date, "object": pl.Null, "bool": pl.Boolean}
        kinds |= {"boolean": pl.Boolean, "float32": pl.Float32, "float64": pl.Float64}
        kind = kinds.get(dtype) or getattr(pl, dtype.capitalize().replace("Uint", "UInt"))
    return pl.Series(name, series.astype(object).where(series.notna(), None).tolist(), kind)
