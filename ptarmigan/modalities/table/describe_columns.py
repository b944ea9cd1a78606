"""What the columns of a data frame hold, found from the frame itself."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.modalities.table.cells import dtype_of, kind_of, largest, objects, refused, whole_cells
from ptarmigan.modalities.table.column import Column, Floats
from ptarmigan.modalities.table.grid import EXACT, few, grid_of, power_of_two
from ptarmigan.modalities.table.modes import modes_of
from ptarmigan.modalities.table.names import check_names
from ptarmigan.modalities.table.restoring import check_restored
from ptarmigan.modalities.table.whole import based, raw_numbers

if TYPE_CHECKING:
    import pandas as pd

FEW = 20
"""Whole numbers with so few values are learnt value by value."""
IDS = 20
"""From so many rows on, a column of text without repetitions, or of consecutive numbers, is taken for ids."""
LARGEST = 1e100
"""What the squares of numbers, and of their ratios, can be had of."""
NEW = "new-"
"""What ids that are made begin with, as often as needed for none to begin so already."""


def described(frame: pd.DataFrame, categorical: Collection[str] = ()) -> tuple[tuple[Column, ...], Floats]:
    """The columns of a frame, and its rows as ``TableSpace`` has them raw.

    Args:
        frame: one sample a row; its index is not looked at.
        categorical: names of columns that are categories although they hold numbers, or look like ids.

    Raises:
        ValueError: there is no row or no column, two columns have one name, a column holds several types or
            infinity, or there is nothing to learn.
    """
    names = list(frame.columns)
    if not len(frame) or not names:
        raise ValueError(f"the table is empty: it has {len(frame)} rows and {len(names)} columns")
    check_names(frame.columns)
    unknown = [name for name in categorical if name not in map(str, names)]
    if unknown:
        raise ValueError(f"there is no column {unknown[0]!r} to take for categorical")
    found = [described_column(name, frame.iloc[:, i], categorical) for i, name in enumerate(names)]
    columns = tuple(column for column, _ in found)
    if not any(column.width for column in columns):
        raise ValueError("there is nothing to learn: every column of the table is constant or holds ids")
    return columns, np.stack([raw for _, raw in found], 1)


def described_column(
    name: str | int, series: pd.Series[Any], categorical: Collection[str] = ()
) -> tuple[Column, Floats]:
    """What one column holds, and its cells raw.

    Raises:
        ValueError: it holds what cannot be learnt, or what would not come back as itself.
    """
    try:
        column, raw = any_column(name, series, str(name) in categorical)
    except (TypeError, OverflowError, AttributeError, NotImplementedError) as error:  # of strange dtypes
        raise refused(name, series.dtype) from error
    check_restored(column, raw, series)
    return column, raw


def any_column(name: str | int, series: pd.Series[Any], as_asked: bool) -> tuple[Column, Floats]:
    """What one column holds, and its cells raw; ``as_asked`` it holds categories."""
    gone = series.isna().to_numpy(bool)
    plain = Column(name, kind_of(name, series), dtype_of(series), missing=bool(gone.any()))
    if plain.dtype.startswith("category"):
        order = tuple(checked(name, v) for v in series.cat.categories.tolist())
        plain = replace(plain, categories=order, ordered=bool(series.cat.ordered))
    if gone.all():
        return replace(plain, kind="constant"), np.full(len(gone), np.nan)
    if plain.kind in ("categorical", "boolean"):
        return by_value(plain, objects(series), gone, ids=not as_asked)
    if plain.kind == "continuous":
        return of_floats(plain, series.to_numpy(np.float64, na_value=np.nan), gone, as_asked)
    return of_whole(plain, whole_cells(series[~gone], plain), gone, as_asked)


def of_floats(
    plain: Column, numbers: Floats, gone: NDArray[np.bool_], as_asked: bool
) -> tuple[Column, Floats]:
    """A column of floats."""
    if np.isinf(numbers).any():
        row = int(np.isinf(numbers).argmax()) + 1
        raise ValueError(f"the column {plain.name!r} is infinite in row {row}: replace or drop such cells")
    distinct = np.unique(numbers[~gone])
    whole = bool((distinct == np.rint(distinct)).all()) and bool(np.abs(distinct).max() <= EXACT)
    if as_asked or (whole and len(distinct) <= FEW) or len(distinct) == 1:
        negative = bool(np.signbit(numbers[~gone][numbers[~gone] == 0]).all())
        cells = np.empty(len(numbers), object)
        as_int = whole and plain.dtype != "object"  # in which a float stays one
        cells[~gone] = [int(v) if as_int and (v or not negative) else float(v) for v in numbers[~gone]]
        return by_value(plain, cells, gone, ids=False)
    size = np.abs(distinct)
    if size.max() > LARGEST and np.median(size) < size.max() / LARGEST:
        raise ValueError(
            f"the column {plain.name!r} has {size.max():g} beside numbers about {np.median(size):g}, too far "
            "apart to be learnt: leave such cells empty"
        )
    plain = replace(plain, unit=power_of_two(numbers))
    raw = numbers if plain.unit == 1 else numbers / plain.unit
    return by_mode(plain, raw, gone, np.unique(raw[~gone])), raw


def of_whole(
    plain: Column, there: NDArray[Any], gone: NDArray[np.bool_], as_asked: bool
) -> tuple[Column, Floats]:
    """A column of whole numbers or dates, of which those that are not missing are ``there``."""
    column, raw = based(plain, there), np.full(len(gone), np.nan)
    raw[~gone] = raw_numbers(column, there)
    several = len(set(there.tolist()))
    few_numbers = plain.kind == "integer" and several <= FEW
    if as_asked or few_numbers or several == 1:
        cells = np.empty(len(gone), object)
        cells[~gone] = there
        return by_value(plain, cells, gone, ids=False)
    if plain.kind == "integer" and not plain.missing and consecutive(there, plain.dtype):
        return replace(plain, kind="id", high=float(there.max()), origin=int(there.max())), np.zeros(len(raw))
    return by_mode(column, raw, gone, np.unique(raw[~gone])), raw


def by_value(
    plain: Column, cells: NDArray[Any], gone: NDArray[np.bool_], *, ids: bool
) -> tuple[Column, Floats]:
    """A column that is learnt value by value, or not at all: one of a constant, or of ids."""
    import pandas

    there = cells.copy()
    there[gone] = None
    codes, distinct = pandas.factorize(there)
    values = [checked(plain.name, v) for v in distinct.tolist()]
    if (
        ids
        and not plain.dtype.startswith("category")
        and not plain.missing
        and len(values) == len(cells) >= IDS
    ):
        return replace(plain, kind="id", written=(unlike(values),)), np.zeros(len(cells))
    if len(values) == 1 and not plain.missing:
        return replace(plain, kind="constant", values=tuple(values)), np.zeros(len(cells))
    counts = np.bincount(codes[~gone], minlength=len(values))
    order = sorted(range(len(values)), key=lambda i: (-counts[i], str(values[i])))
    rank = np.empty(len(values) + 1)
    rank[order], rank[-1] = np.arange(len(values)), np.nan
    missing = [int(gone.sum())] * plain.missing
    known = replace(
        plain,
        values=tuple(values[i] for i in order),
        counts=(*(int(counts[i]) for i in order), *missing),
    )
    return known, rank[codes]


def by_mode(plain: Column, numbers: Floats, gone: NDArray[np.bool_], distinct: Floats) -> Column:
    """A column of numbers that is learnt by the Gaussians they are near."""
    there = numbers[~gone]
    step, offset = grid_of(distinct, "float64" if plain.unit != 1 else plain.dtype)
    if plain.kind != "continuous":
        step, offset = (step, offset) if step >= 1 else (1.0, 0.0)
    known = replace(
        plain,
        modes=modes_of(there),
        low=float(distinct[0]),
        high=float(distinct[-1]),
        step=step,
        offset=offset,
        only=few(distinct, len(there)),
    )
    counts = np.bincount(known.nearest(there)[0], minlength=len(known.modes))
    used = np.flatnonzero(counts)
    missing = [int(gone.sum())] * plain.missing
    return replace(
        known,
        modes=tuple(known.modes[i] for i in used),
        counts=(*(int(counts[i]) for i in used), *missing),
    )


def consecutive(there: NDArray[Any], dtype: str) -> bool:
    """Whether every row has a number of its own, none is left out, and there is room for as many more."""
    low, high = int(there.min()), int(there.max())
    return (
        len(set(there.tolist())) == len(there) >= IDS
        and high - low == len(there) - 1
        and (high + len(there) <= largest(dtype))
    )


def unlike(values: Collection[Any]) -> str:
    """What new ids begin with, as none of these does."""
    begin = NEW
    while any(str(value).startswith(begin) for value in values):
        begin += NEW
    return begin


def checked(name: str | int, value: Any) -> Any:
    """A value as JSON keeps it.

    Raises:
        ValueError: it is none that can be kept.
    """
    plain = value.item() if isinstance(value, np.generic) else value
    if not isinstance(plain, str | int | float | bool):
        raise ValueError(f"the column {name!r} holds {type(value).__name__}: make it text or numbers")
    return plain
