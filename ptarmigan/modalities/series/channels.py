"""What the numbers of a channel are, so that those that are made could have stood there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.modalities.table.column import Column, Floats, nearest_of, on_grid
from ptarmigan.modalities.table.constraints import stored
from ptarmigan.modalities.table.grid import few, grid_of, ordinary
from ptarmigan.modalities.table.restoring import check_restored

if TYPE_CHECKING:
    import pandas as pd


def channel_of(name: str | int, cells: NDArray[Any], dtype: str) -> Column:
    """What a channel holds: its dtype, of what its numbers are multiples, and those that occur where few do.

    Args:
        name: of the channel.
        cells: its numbers, without what is after the end of a series.
        dtype: as pandas spells it.

    Raises:
        ValueError: they are whole numbers that float64 does not hold.
    """
    if cells.dtype.kind in "iu" and not ordinary(cells):
        raise ValueError(
            f"the channel {name!r} has whole numbers beyond 2**53: leave it out, or subtract the smallest"
        )
    numbers = cells.astype(np.float64)
    distinct = np.unique(numbers)
    low, high = float(distinct[0]), float(distinct[-1])
    if cells.dtype.kind == "b":
        counts = (int((numbers == 0).sum()), int((numbers == 1).sum()))
        only = tuple(distinct.tolist())
        return Column(name, "boolean", dtype, (False, True), counts, low=low, high=high, only=only)
    step, offset = grid_of(distinct, dtype)
    whole = cells.dtype.kind in "iu"
    return Column(
        name,
        "integer" if whole else "continuous",
        dtype,
        modes=((1.0, low, 0.0),),
        low=low,
        high=high,
        step=max(step, 1.0) if whole else step,
        offset=offset if step >= 1 or not whole else 0.0,
        only=few(distinct, len(numbers)),
    )


def channel_in(name: str | int, series: pd.Series[Any]) -> Column:
    """The same of a column of a frame.

    Raises:
        ValueError: it holds no finite numbers, or would not come back as itself.
    """
    kind = getattr(series.dtype, "kind", "O")
    if kind not in "fiub":
        raise ValueError(
            f"the column {name!r} holds no numbers: leave it out, or say what it is with --time, --id "
            "or --metadata"
        )
    there = series.dropna()
    if not len(there):
        raise ValueError(f"the column {name!r} is empty: leave it out")
    cells = there.to_numpy({"f": np.float64, "i": np.int64, "u": np.uint64, "b": np.bool_}[kind])
    found = channel_of(name, cells, str(series.dtype))
    if np.isfinite(cells).all():
        check_restored(found, cells.astype(np.float64), there.reset_index(drop=True))
    return found


def as_they_were(raw: Floats, channels: tuple[Column, ...]) -> Floats:
    """Numbers ``(..., channels)`` rounded to what each channel can hold; NaN stays."""
    return np.stack([rounded(raw[..., i], channel) for i, channel in enumerate(channels)], -1)


def rounded(numbers: Floats, channel: Column) -> Floats:
    """Numbers that one channel can hold."""
    if channel.kind != "continuous":
        numbers = np.clip(numbers, channel.low, channel.high)
    return stored(nearest_of(channel.only, on_grid(numbers, channel)), channel.dtype)
