"""What rows of a table always fulfil, as people write it: ``18 <= age``, ``start <= end``, ``city+zip``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fractions import Fraction
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np

from ptarmigan.modalities.table.cells import moment
from ptarmigan.modalities.table.column import Column, Floats, float_type, is_number, numbers, raw_number
from ptarmigan.modalities.table.constraints import Constraints, Fixed, Gap, plainly
from ptarmigan.modalities.table.describe_columns import by_mode
from ptarmigan.modalities.table.dtypes import family, time_of
from ptarmigan.modalities.table.scale import extremes, on_one_scale

Columns: TypeAlias = tuple[Column, ...]
Side: TypeAlias = int | Fraction
"""A column's place, or a number."""
SIGN = re.compile(r"(<=|>=|<|>)")
FORM = "expected 'start <= end', '18 <= age < 100' or 'city+country'"


@dataclass(frozen=True)
class Below:
    """That one side is never above the other.

    Attributes:
        low: a column's place, or a number.
        high: alike.
        strict: they are never equal.
        text: the words of it.
    """

    low: Side
    high: Side
    strict: bool
    text: str


def constrained(
    columns: Columns, raw: Floats, wanted: Sequence[str]
) -> tuple[Columns, Floats, Constraints | None]:
    """The columns and raw rows of a table, and what is learnt so that rows always fulfil what is wanted.

    Rows never leave the range of their column that was seen, so a bound is checked, and holds. Of two columns
    of numbers or dates one is learnt as how far it is from the other. Columns of which only combinations that
    were seen are to be made are learnt as one.

    Args:
        columns: what the rows hold.
        raw: the rows.
        wanted: such as ``age >= 18``, ``start <= end`` or ``city+country``.

    Raises:
        ValueError: the rows do not fulfil it themselves, or it cannot be meant; in one line.
    """
    if isinstance(wanted, str):
        raise refused(wanted, "give a list of constraints")
    below: list[Below] = []
    groups: list[tuple[int, ...]] = []
    for text in wanted:
        if SIGN.search(text):
            below += compared(text, columns)
        else:
            groups.append(group(text, columns))
    edges = [one for one in below if isinstance(one.low, int) and isinstance(one.high, int)]
    for some in joined(edges):
        columns, raw = scaled(some, edges, columns, raw)
    for one in below:
        check(one, columns, raw)
    groups = [some for some in groups if len(some) > 1]  # what is constant goes with everything
    twice = [i for k, some in enumerate(groups) for other in groups[:k] for i in some if i in other]
    if twice:
        raise refused(f"{columns[twice[0]].name}", "the column is in two combinations: make them one")
    if not edges and not groups:
        return columns, raw, None
    gaps = tree(edges, columns, raw, [i for some in groups for i in some])
    for gap in gaps:
        columns, raw = as_numbers(gap.column, columns, raw)
    fixed = tuple(Fixed(some, combinations(raw[:, some])) for some in groups)
    return columns, raw, with_learnt_columns(columns, raw, gaps, fixed)


def refused(text: str, why: str) -> ValueError:
    """An error that names the constraint."""
    return ValueError(f"--constraints {text!r}: {why}")


def compared(text: str, columns: Columns) -> list[Below]:
    """What a line of columns and numbers with signs between them says, pair by pair."""
    parts = [part.strip() for part in SIGN.split(text)]
    if "" in parts:
        raise refused(text, FORM)
    places = [place(part, columns) for part in parts[::2]]
    about = next((columns[i] for i in places if i is not None), None)
    sides = [side(text, part, columns, about) for part in parts[::2]]
    if about is None:
        raise refused(text, f"there is no column in it; {FORM}")
    same_kind(text, [columns[i] for i in places if i is not None])
    found = []
    for (a, b), sign in zip(pairwise(sides), parts[1::2], strict=True):
        low, high = (a, b) if sign.startswith("<") else (b, a)
        if low is not None and high is not None:
            found.append(Below(low, high, "=" not in sign, text))
    return found


def place(name: str, columns: Columns) -> int | None:
    """Where the column of that name is."""
    return next((i for i, column in enumerate(columns) if str(column.name) == name), None)


def side(text: str, part: str, columns: Columns, about: Column | None) -> Side | None:
    """A column's place, or a number as the column ``about`` counts; None of an empty column."""
    found = place(part, columns)
    if found is None:
        return bound(text, part, columns, about)
    column = columns[found]
    if column.kind == "constant" and not column.values:
        return None
    if column.kind == "constant" and not isinstance(column.values[0], str):
        return Fraction(column.values[0])
    if not is_number(column):
        said = "only numbers, dates and durations are compared"
        raise refused(text, f"the column {part!r} is {column.kind}, and {said}")
    return found


def bound(text: str, part: str, columns: Columns, about: Column | None) -> Fraction:
    """A number or a date, as a column counts."""
    try:
        if about is not None and family(about) != "number":
            return Fraction(moment(part, about.dtype))
        if re.fullmatch(r"[+-]?\d+", part):
            return Fraction(int(part))
        return Fraction(float(float_type(about.dtype if about else "")(part)))
    except (ValueError, OverflowError):
        near = get_close_matches(part, [str(column.name) for column in columns], 1)
        hint = f"; perhaps {near[0]!r}" if near else ""
        raise refused(text, f"{part!r} is no column and no number{hint}") from None


def same_kind(text: str, compared: Sequence[Column]) -> None:
    """Refuse to compare a column with itself, dates with numbers, or with dates of another unit."""
    for a, b in pairwise(compared):
        if a is b:
            raise refused(text, "a column is compared with itself")
        if family(a) != family(b):
            raise refused(text, f"{a.name!r} is {a.kind} and {b.name!r} is {b.kind}")
        if kept(a) != kept(b):
            raise refused(text, f"{a.name!r} is {a.dtype} and {b.name!r} is {b.dtype}: make them one dtype")


def kept(column: Column) -> tuple[str, bool]:
    """The unit of dates and durations, and whether they have a zone."""
    _, unit, zone = time_of(column.dtype) or ("", "", None)
    return unit, bool(zone)


def joined(edges: Sequence[Below]) -> list[set[int]]:
    """The places of columns that are compared with one another, directly or by way of others."""
    found: list[set[int]] = []
    for edge in edges:
        ends = {int(edge.low), int(edge.high)}
        near = [some for some in found if some & ends]
        found = [some for some in found if not some & ends] + [ends.union(*near)]
    return found


def scaled(some: set[int], edges: Sequence[Below], columns: Columns, raw: Floats) -> tuple[Columns, Floats]:
    """The table with columns that are compared on one scale."""
    places = sorted(some)
    try:
        found = on_one_scale([columns[i] for i in places], raw[:, places])
    except ValueError as error:
        raise refused(next(e.text for e in edges if e.low in some), str(error)) from None
    if found is None:
        return columns, raw
    changed, mine = raw.copy(), dict(zip(places, found[0], strict=True))
    changed[:, places] = found[1]
    return tuple(mine.get(i, column) for i, column in enumerate(columns)), changed


def group(text: str, columns: Columns) -> tuple[int, ...]:
    """The places of columns whose names have a plus between them."""
    names = [name.strip() for name in text.split("+")]
    if len(names) < 2 or "" in names:
        raise refused(text, FORM)
    found = []
    for name in names:
        i = place(name, columns)
        if i is None:
            near = get_close_matches(name, [str(column.name) for column in columns], 1)
            raise refused(text, f"there is no column {name!r}" + (f"; perhaps {near[0]!r}" if near else ""))
        if columns[i].kind == "id":
            raise refused(text, f"the column {name!r} is an id, which is made anew")
        if i in found:
            raise refused(text, f"the column {name!r} is in it twice")
        if columns[i].width:
            found.append(i)
    return tuple(sorted(found))


def check(one: Below, columns: Columns, raw: Floats) -> None:
    """Refuse what the rows do not fulfil themselves."""
    if not isinstance(one.low, int) or not isinstance(one.high, int):
        largest = one.low if isinstance(one.low, Fraction) else extremes(columns[one.low])[1]
        least = one.high if isinstance(one.high, Fraction) else extremes(columns[one.high])[0]
        if largest < least or (largest == least and not one.strict):
            return
    low, high = (sided(side, one, columns, raw) for side in (one.low, one.high))
    broken = np.asarray((low >= high) if one.strict else (low > high))
    several = int(broken.sum())
    rows = f"{several:,} rows break it, first row {int(broken.argmax()) + 1}"
    if several < 2:
        rows = f"row {int(np.nanargmin(high - low)) + 1} breaks it"
    if several or not isinstance(one.low, int) or not isinstance(one.high, int):
        raise refused(one.text, f"{rows}: mend them or leave them out")


def sided(side: Side, one: Below, columns: Columns, raw: Floats) -> Floats:
    """One side of every row, as the column counts that it is about."""
    if isinstance(side, int):
        return numbers(columns[side], raw[:, side])
    about = next((columns[i] for i in (one.low, one.high) if isinstance(i, int)), None)
    return np.full(len(raw), float(side) if about is None else raw_number(about, side))


def tree(edges: Sequence[Below], columns: Columns, raw: Floats, firm: Sequence[int]) -> tuple[Gap, ...]:
    """Every column of inequalities by its distance from another, from those that stay as they are outwards.

    Args:
        edges: inequalities between two columns.
        columns: what rows hold.
        raw: the rows.
        firm: places of columns that have to stay as they are.

    Raises:
        ValueError: two of these are compared, or columns are compared in a circle.
    """
    left, found, known = list(edges), list[Gap](), set[int]()
    while left:
        near = [e for e in left if e.low in known or e.high in known]
        if not near:
            ends = [int(i) for e in left for i in (e.low, e.high)]
            known.add(min(ends, key=lambda i: (i not in firm, not columns[i].by_value, ends.index(i))))
            continue
        edge = near[0]
        left.remove(edge)
        low, high = int(edge.low), int(edge.high)
        if low in known and high in known:
            raise refused(edge.text, "the columns are compared in a circle: leave one of the constraints out")
        base, column, sign = (low, high, 1) if low in known else (high, low, -1)
        if column in firm:
            raise refused(
                edge.text, f"the column {columns[column].name!r} is in a combination: leave one of both out"
            )
        known.add(column)
        there = numbers(columns[base], raw[:, base])
        found.append(Gap(column, base, sign, edge.strict, float(np.nanmin(there))))
    return tuple(found)


def as_numbers(i: int, columns: Columns, raw: Floats) -> tuple[Columns, Floats]:
    """The table with a column of few numbers learnt as any numbers."""
    if not columns[i].by_value:
        return columns, raw
    cells = numbers(columns[i], raw[:, i])
    plain = replace(columns[i], values=(), counts=())
    changed = raw.copy()
    changed[:, i] = cells
    return (*columns[:i], of_numbers(plain, cells), *columns[i + 1 :]), changed


def of_numbers(plain: Column, cells: Floats) -> Column:
    """A column of numbers that is learnt by what they are near."""
    gone = np.isnan(cells)
    return by_mode(plain, cells, gone, np.unique(cells[~gone]))


def combinations(cells: Floats) -> tuple[tuple[float | None, ...], ...]:
    """The combinations of cells that rows have, the most frequent first."""
    _, first, counts = np.unique(plainly(cells), axis=0, return_index=True, return_counts=True)
    order = np.lexsort((first, -counts))
    found: Any = cells[first[order]].tolist()
    return tuple(tuple(None if v != v else v for v in row) for row in found)


def with_learnt_columns(
    columns: Columns, raw: Floats, gaps: tuple[Gap, ...], fixed: tuple[Fixed, ...]
) -> Constraints:
    """The constraints with the columns that are learnt."""
    bare = Constraints((), gaps, fixed)
    rows = bare.transform(raw, columns)
    by_gap, joined = {gap.column for gap in gaps}, {one.columns[0]: one for one in fixed}

    def column(i: int, cells: Floats) -> Column:
        known = columns[i]
        if i in by_gap:
            return of_numbers(Column(known.name, "continuous", "float64", missing=known.missing), cells)
        if i in joined:
            name = "+".join(str(columns[k].name) for k in joined[i].columns)
            counts = np.bincount(cells.astype(np.int64))
            values = tuple(range(len(counts)))
            return Column(name, "categorical", "int64", values=values, counts=tuple(counts.tolist()))
        return known

    places = bare.places(len(columns))
    return replace(bare, learnt=tuple(column(i, cells) for i, cells in zip(places, rows.T, strict=True)))
