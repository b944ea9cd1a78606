"""Rows of one table as rows of another: the same cells, in the other's codes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ptarmigan.modalities.table.column import Column, Floats, columns_differ


def recoded(raw: Floats, theirs: Sequence[Column], mine: Sequence[Column]) -> Floats:
    """Raw rows of the columns ``theirs`` as raw rows of the columns ``mine``.

    Columns that are not learnt (ids, constants) are 0.

    Raises:
        ValueError: the columns are others, or hold a value that ``mine`` do not know.
    """
    if [str(column.name) for column in theirs] != [str(column.name) for column in mine]:
        raise ValueError(columns_differ(theirs, mine))
    cells = [_cells(raw[:, i], *pair) for i, pair in enumerate(zip(theirs, mine, strict=True))]
    return np.stack(cells, 1)


def _cells(raw: Floats, theirs: Column, mine: Column) -> Floats:
    """The cells of one column."""
    if not mine.width:
        return np.zeros(len(raw))
    if theirs.by_value or theirs.kind == "constant":
        known = [_place(value, mine) for value in theirs.values]
        gone = np.isnan(raw)
        out = np.array([*known, np.nan])[np.where(gone, len(known), raw).astype(np.int64)]
        strange = np.isnan(out) & ~gone
        if strange.any():
            value = theirs.values[int(raw[strange][0])]
            raise ValueError(f"the column {mine.name!r} holds {value!r}, which was not trained on")
        return out
    if mine.by_value or (theirs.origin, theirs.unit) != (mine.origin, mine.unit):
        raise ValueError(f"the column {mine.name!r} is {theirs.kind}, and was trained on as {mine.kind}")
    return raw


def _place(value: object, mine: Column) -> float:
    """The code of a value, or its number; NaN where the column does not know it."""
    if mine.by_value:
        return float(mine.values.index(value)) if value in mine.values else np.nan
    return float(value) if isinstance(value, int | float) else np.nan
