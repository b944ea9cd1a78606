"""Values of few rows: which a trained file has to name, and the table without them (``--rare``).

A file that makes rows names what their cells can be: every value of a column of categories, and of numbers
the smallest, the largest, and the middle of each cluster. What only one row has says something of that row.
``without_rare`` is the rule of smallest counts of statistical offices (Hundepool et al. 2012, "Statistical
Disclosure Control", chapter 3: recoding, top and bottom coding), in a form that keeps dtypes and makes no new
values: categories of fewer rows are replaced by others, drawn as often as these occur, and numbers by the
nearest that so many rows reach.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.core.noise import key
from ptarmigan.data.dataset import FEW
from ptarmigan.modalities.table.column import Column, Floats, Mode, is_number, numbers
from ptarmigan.modalities.table.constraints import Constraints, plainly
from ptarmigan.modalities.table.describe_columns import by_mode, unlike
from ptarmigan.modalities.table.frames import restored
from ptarmigan.modalities.table.grid import few
from ptarmigan.modalities.table.parse_constraints import SIGN, compared, group
from ptarmigan.modalities.table.whole import based, raw_numbers, whole_numbers

SHOWN = 5
"""Columns that are named to people, at most."""

Columns = tuple[Column, ...]


def without_rare(
    columns: Columns, raw: Floats, k: int, constraints: Sequence[str] = ()
) -> tuple[Columns, Floats, list[str]]:
    """A table whose values, ends of ranges and combinations are in ``k`` rows or more; and what was left out.

    Args:
        columns: what the rows hold.
        raw: the rows.
        k: of how many rows a value may be told; of any when 0.
        constraints: as ``constrained`` takes them; of these the combinations, such as ``city+country``.

    Raises:
        ValueError: a column has no value that so many rows share, or nothing is left to learn.
    """
    if not k:
        return columns, raw, []
    found = [common(column, raw[:, i], k) for i, column in enumerate(columns)]
    kept, raw = tuple(column for column, _ in found), np.stack([cells for _, cells in found], 1)
    if not any(column.width for column in kept):
        raise ValueError(f"--rare {k}: there is nothing left to learn, as hardly any value is in {k} rows")
    for text in constraints:
        if SIGN.search(text):
            raw = kept_apart(kept, raw, text)
        else:
            places = list(group(text, kept))
            raw[:, places] = common_combinations(raw[:, places], k, text)
    return kept, raw, left_out(columns, kept, k)


def common(column: Column, cells: Floats, k: int) -> tuple[Column, Floats]:
    """A column of which every value is in ``k`` rows or more, and its cells."""
    if column.kind in ("id", "constant"):
        return rounded_up(column), cells
    gone = np.isnan(cells)
    if column.missing and gone.sum() < k:
        cells = drawn(cells, gone, column, k)
        column = replace(column, missing=False, counts=column.counts[:-1])
    if column.by_value:
        return common_values(column, cells, k)
    if (~np.isnan(cells)).sum() < 2 * k:
        raise refused(column, k)
    return bounded(column, cells, k)


def common_values(column: Column, codes: Floats, k: int) -> tuple[Column, Floats]:
    """The same, of a column that is learnt value by value."""
    there = ~np.isnan(codes)
    counts = np.bincount(codes[there].astype(np.int64), minlength=len(column.values))
    kept = np.flatnonzero(counts >= k)
    if not len(kept):
        if column.dtype == "category" or not all(isinstance(value, str) for value in column.values):
            raise refused(column, k)
        made_anew = replace(column, kind="id", values=(), counts=(), missing=False)
        return replace(made_anew, written=(unlike(column.values),)), np.zeros(len(codes))
    rare = there & ~np.isin(codes, kept)
    if is_number(column):
        known = numbers(column, np.arange(len(column.values), dtype=np.float64))
        codes = np.where(rare, kept[nearest(known[kept], numbers(column, codes))], codes)
    else:
        codes = drawn(codes, rare, column, k)
    counts = np.bincount(codes[there].astype(np.int64), minlength=len(column.values))
    kept = kept[np.argsort(-counts[kept], kind="stable")]
    place = np.zeros(len(counts))
    place[kept] = np.arange(len(kept))
    codes = np.where(there, place[np.where(there, codes, 0).astype(np.int64)], np.nan)
    values = tuple(column.values[i] for i in kept)
    order = tuple(value for value in column.categories if value in values)
    column = replace(column, values=values, categories=order)
    if len(values) == 1 and not column.missing:
        return replace(column, kind="constant", counts=()), np.zeros(len(codes))
    missing = [int((~there).sum())] * column.missing
    return replace(column, counts=(*counts[kept].tolist(), *missing)), codes


def bounded(column: Column, cells: Floats, k: int) -> tuple[Column, Floats]:
    """The same, of a column of numbers: its ends are the ``k``-th numbers from either end."""
    gone = np.isnan(cells)
    there = np.sort(cells[~gone])
    cells = np.clip(cells, there[k - 1], there[-k])
    distinct, counts = np.unique(cells[~gone], return_counts=True)
    if few(distinct, len(there)):
        known = distinct[counts >= k]
        cells = np.where(gone, np.nan, known[nearest(known, np.nan_to_num(cells))])
    if column.origin:
        whole = whole_numbers(column, cells[~gone])
        column = based(replace(column, origin=0, unit=1, exact=()), whole)
        cells[~gone] = raw_numbers(column, whole)
    plain = replace(column, modes=(), counts=(), only=())
    found = by_mode(plain, cells, gone, np.unique(cells[~gone]))
    return common_modes(found, cells, k), cells


def common_modes(column: Column, cells: Floats, k: int) -> Column:
    """A column of numbers whose modes are each of ``k`` rows or more, and say no more than their moments."""
    there = cells[~np.isnan(cells)]
    column = many(column, there, k)
    at = column.nearest(there)[0]
    modes: list[Mode] = []
    for i, (weight, mean, deviation) in enumerate(column.modes):
        mine = there[at == i]
        modes.append((weight, float(mine.mean()), float(mine.std())) if deviation else (weight, mean, 0.0))
    column = many(replace(column, modes=tuple(modes)), there, k)
    missing = [len(cells) - len(there)] * column.missing
    counts = np.bincount(column.nearest(there)[0], minlength=len(column.modes))
    return replace(column, counts=(*counts.tolist(), *missing))


def many(column: Column, there: Floats, k: int) -> Column:
    """A column without modes of fewer than ``k`` rows; with one of all where none has so many."""
    while len(column.modes) > 1:
        counts = np.bincount(column.nearest(there)[0], minlength=len(column.modes))
        kept = tuple(mode for mode, n in zip(column.modes, counts, strict=True) if n >= k)
        if len(kept) == len(column.modes):
            return column
        column = replace(column, modes=kept or ((1.0, float(there.mean()), float(there.std())),))
    return column


def common_gaps(constraints: Constraints, columns: Columns, raw: Floats, k: int) -> Constraints:
    """Constraints whose distances between columns are bounded as numbers are."""
    if not k:
        return constraints
    seen, places = constraints.transform(raw, columns), constraints.places(len(columns))
    gaps = {gap.column for gap in constraints.gaps}
    learnt = [
        bounded(column, seen[:, i], k)[0] if place in gaps else column
        for i, (place, column) in enumerate(zip(places, constraints.learnt, strict=True))
    ]
    return replace(constraints, learnt=tuple(learnt))


def common_combinations(cells: Floats, k: int, text: str) -> Floats:
    """Cells of several columns, where combinations of fewer than ``k`` rows are replaced by others."""
    _, which, counts = np.unique(plainly(cells), axis=0, return_inverse=True, return_counts=True)
    rare = counts[which.ravel()] < k
    if rare.all():
        raise ValueError(f"--rare {k}: no combination of {text} is in {k} rows: leave that constraint out")
    found = cells.copy()
    found[rare] = cells[some(~rare, int(rare.sum()), text)]
    return found


def kept_apart(columns: Columns, raw: Floats, text: str) -> Floats:
    """Rows that still fulfil an inequality: where a column moved too far, both have another row's cells."""
    found = raw.copy()
    for one in compared(text, columns):
        if not isinstance(one.low, int) or not isinstance(one.high, int):
            continue
        low, high = (numbers(columns[i], found[:, i]) for i in (one.low, one.high))
        wrong = np.asarray((low >= high) if one.strict else (low > high))
        fit = ~wrong & ~np.isnan(low) & ~np.isnan(high)
        if wrong.any() and fit.any():
            both = np.array([one.low, one.high])
            found[np.ix_(wrong, both)] = found[np.ix_(some(fit, int(wrong.sum()), text), both)]
    return found


def drawn(cells: Floats, rare: NDArray[np.bool_], column: Column, k: int) -> Floats:
    """Cells, of which the rare ones are replaced by those of other rows."""
    others, found = ~rare & ~np.isnan(cells), cells.copy()
    if not rare.any():
        return found
    if not others.any():
        raise refused(column, k)
    found[rare] = cells[some(others, int(rare.sum()), str(column.name))]
    return found


def some(rows: NDArray[np.bool_], n: int, stream: str) -> NDArray[np.int64]:
    """``n`` of these rows by chance, the same for every table with as many."""
    found: Any = np.random.default_rng(key("rare", stream)).choice(np.flatnonzero(rows), n)
    return np.asarray(found, np.int64)


def nearest(known: Floats, wanted: Floats) -> NDArray[np.int64]:
    """The place of the nearest of some numbers."""
    order = np.argsort(known)
    middles = (known[order][1:] + known[order][:-1]) / 2
    return np.asarray(order[np.searchsorted(middles, wanted)])


def rounded_up(column: Column) -> Column:
    """A column of numbered ids that ends at a round number, as its last one is a row's."""
    if column.kind != "id" or not (column.high or column.origin):
        return column
    last = column.origin or int(column.high)
    unit = 10 ** max(0, len(str(abs(last))) - 2)
    last = -(-last // unit) * unit
    return replace(column, high=float(last), origin=last)


def refused(column: Column, k: int) -> ValueError:
    """An error that names a column of which nothing is left."""
    return ValueError(
        f"--rare {k}: the column {column.name!r} has no value that {k} rows share: leave the column out"
    )


def rare_values(columns: Columns, raw: Floats) -> dict[str, list[tuple[Any, int]]]:
    """The values of fewer than ``FEW`` rows that a trained file names, and how many rows have each."""
    found = {}
    for i, column in enumerate(columns):
        cells = raw[:, i]
        codes, counts = np.unique(cells[~np.isnan(cells)], return_counts=True)
        rare = codes[(counts < FEW) & is_named(column, codes)]
        values = restored(column, rare, 0).tolist() if column.width and len(rare) else []
        found[str(column.name)] = list(zip(values, counts[np.isin(codes, rare)].tolist(), strict=True))
    return {name: values for name, values in found.items() if values}


def is_named(column: Column, distinct: Floats) -> NDArray[np.bool_]:
    """Which raw cells can be read off a column: its values, its ends, and modes of hardly any row."""
    if not column.modes:
        return np.full(len(distinct), column.by_value)
    named = np.isin(distinct, (column.low, column.high, *column.only))
    alone = np.array(column.counts[: len(column.modes)]) < FEW
    return named | alone[column.nearest(distinct)[0]] if alone.any() else named


def left_out(before: Columns, after: Columns, k: int) -> list[str]:
    """What ``without_rare`` left out, in a line; none where that is nothing."""
    said = []
    for old, new in zip(before, after, strict=True):
        gone = len(old.values or old.only) - len(new.values or new.only)
        if gone:
            said.append(f"{gone:,} value{'s' * (gone > 1)} of {new.name}")
        elif (old.low, old.high, old.origin) != (new.low, new.high, new.origin) and new.modes:
            said.append(f"ends of {new.name}")
        if old.missing and not new.missing and new.kind != "id":
            said.append(f"missing cells of {new.name}")
    return [f"left out, as fewer than {k} rows have them: {', '.join(said)}"] if said else []


def to_name(rare: Mapping[str, Sequence[Any]]) -> tuple[str, ...]:
    """What to say of them once a file that names them is written."""
    if not rare:
        return ()
    names = [f"{name} ({len(values):,})" for name, values in rare.items()]
    more = f" and {len(names) - SHOWN} columns more" if len(names) > SHOWN else ""
    return (
        f"it names values that fewer than {FEW} rows have, of {', '.join(names[:SHOWN])}{more}: "
        f"'ptarmigan data' lists them, and --rare {FEW} leaves them out",
    )
