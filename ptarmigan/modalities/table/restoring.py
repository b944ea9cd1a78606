"""Whether the cells of a column come back as themselves: else it is refused before anything is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ptarmigan.modalities.table.cells import objects, refused
from ptarmigan.modalities.table.column import Column, Floats
from ptarmigan.modalities.table.frames import restored
from ptarmigan.modalities.table.grid import EXACT

if TYPE_CHECKING:
    import pandas as pd


def check_restored(column: Column, raw: Floats, series: pd.Series[Any]) -> None:
    """Refuse a column of a dtype that is not given back, or with other cells; ids are new.

    Raises:
        ValueError: it is such a column.
    """
    try:
        again = restored(column, raw, 0)
    except (TypeError, ValueError, OverflowError, AttributeError, NotImplementedError) as error:
        raise refused(column.name, series.dtype) from error
    if again.dtype != series.dtype or not (column.kind == "id" or same(column, raw, again, series)):
        raise refused(column.name, series.dtype)


def same(column: Column, raw: Floats, again: Any, series: pd.Series[Any]) -> bool:
    """Whether the same cells are missing and the others are equal, but for whole numbers too far apart."""
    gone, lost = series.isna().to_numpy(bool), again.isna().to_numpy(bool)
    if not np.array_equal(gone, lost):
        return False
    beyond = np.abs(raw) > EXACT if column.kind == "integer" and column.modes else np.zeros(len(raw), bool)
    sure = ~gone & ~beyond
    one, other = objects(series)[sure], objects(again)[sure]
    return all(bool(a == b) for a, b in zip(one, other, strict=True))
