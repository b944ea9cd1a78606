"""Several tables in one space, to be compared: what is a value in one of them is a value in all."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ptarmigan.modalities.table.cells import kind_of
from ptarmigan.modalities.table.column import Floats
from ptarmigan.modalities.table.describe_columns import described
from ptarmigan.modalities.table.frames import pandas_or_error
from ptarmigan.modalities.table.space import TableSpace

if TYPE_CHECKING:
    import pandas as pd

NUMBERS = ("continuous", "integer")


def together(
    real: pd.DataFrame, others: Sequence[pd.DataFrame], categorical: Collection[str] = ()
) -> tuple[TableSpace, list[Floats]]:
    """The space of several frames, and the raw rows of each, the real ones first.

    Columns that are ids or constant in the real frame are left out.

    Args:
        real: decides which columns there are.
        others: frames with the same columns, in any order.
        categorical: columns that are categories although they hold numbers, or look like ids.

    Raises:
        ValueError: a frame has no rows or not these columns, or a column holds something else in another.
    """
    for other in others:
        comparable(real, other)
    columns, _ = described(real, categorical)
    learnt = [column.name for column in columns if column.width]
    frames = [frame[learnt] for frame in (real, *others)]
    values = [str(column.name) for column in columns if column.by_value]
    whole = pandas_or_error().concat(frames, ignore_index=True)
    known, raw = described(whole, values)
    return TableSpace(known), np.split(raw, np.cumsum([len(frame) for frame in frames])[:-1])


def comparable(real: pd.DataFrame, other: pd.DataFrame) -> None:
    """Refuse a frame that has not the columns of the real one.

    Raises:
        ValueError: its columns differ, or what they hold does, or it has no rows.
    """
    twice = other.columns[other.columns.duplicated()]
    if len(twice):
        raise ValueError(f"there are two columns {twice[0]!r}: give every column a name of its own")
    missing = [str(name) for name in real.columns if name not in other.columns]
    more = [str(name) for name in other.columns if name not in real.columns]
    if missing or more:
        said = (
            f"has no column {missing[0]!r}"
            if missing
            else f"has a column {more[0]!r}, which the real one has not"
        )
        raise ValueError(f"the tables cannot be compared: one {said}")
    if not len(other):
        raise ValueError("the tables cannot be compared: one has no rows")
    for name in real.columns:
        pair = [frame[name] for frame in (real, other)]
        infinite = np.flatnonzero(pair[1].isin([np.inf, -np.inf]))
        if len(infinite):
            raise ValueError(f"the column {name!r} of one table is infinite in row {infinite[0] + 1}")
        if any(column.isna().all() for column in pair):
            continue
        kinds = ["number" if k in NUMBERS else k for k in (kind_of(name, column) for column in pair)]
        if kinds[0] != kinds[1]:
            raise ValueError(
                f"the column {name!r} is {kinds[0]} in the real table and {kinds[1]} in the other"
            )
