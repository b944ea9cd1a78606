"""What rows of a table always fulfil, as a change of columns: what is learnt cannot break it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ptarmigan.modalities.table.column import (
    Column,
    Floats,
    column_of,
    float_type,
    nearest_of,
    numbers,
    on_grid,
    tupled,
)


@dataclass(frozen=True)
class Gap:
    """A column that is never below another, or with ``sign`` -1 above: learnt is how far they are apart.

    Attributes:
        column: its place in the table.
        base: the place of the other.
        sign: 1 or -1.
        strict: they are never equal.
        fallback: stands for the other where that is missing.
    """

    column: int
    base: int
    sign: int
    strict: bool
    fallback: float

    def transform(self, column: Floats, base: Floats) -> Floats:
        """How far they are apart; NaN where the column is missing."""
        return self.sign * (column - np.where(np.isnan(base), self.fallback, base))

    def inverse_transform(self, gap: Floats, base: Floats, known: Column) -> Floats:
        """Numbers that the column can hold, on the right side of the other wherever that is not missing."""
        there = ~np.isnan(base)
        number = np.where(there, base, self.fallback) + self.sign * gap
        number = possible(np.clip(on_grid(number, known), known.low, known.high), known)
        wrong = there & self.wrong(number, base)
        number[wrong] = self.nearest_allowed(base[wrong], known)
        # rows in which no number fits are of a kind in which it was missing
        number[(number < known.low) | (number > known.high)] = np.nan
        return number

    def wrong(self, number: Floats, base: Floats) -> NDArray[np.bool_]:
        """Where numbers are on the wrong side of the other column."""
        apart = self.sign * (number - base)
        return np.asarray((apart <= 0) if self.strict else (apart < 0))

    def nearest_allowed(self, base: Floats, known: Column) -> Floats:
        """The nearest numbers that the column can hold, on the right side of the other."""
        if known.only:
            return next_of(np.array(known.only), base, self.sign, self.strict)
        near = possible(on_grid(base, known), known)
        for _ in range(2):
            near = np.where(self.wrong(near, base), self.next_allowed(near, known), near)
        return near

    def next_allowed(self, number: Floats, known: Column) -> Floats:
        """The next number that the column can hold."""
        if known.step:
            return on_grid(number + self.sign * known.step, known)
        kind = float_type(known.dtype)
        return np.asarray(np.nextafter(number.astype(kind), kind(self.sign * np.inf)), np.float64)


@dataclass(frozen=True)
class Fixed:
    """Columns of which only those combinations are made that were seen: they are learnt as one.

    Attributes:
        columns: their places in the table.
        rows: the combinations of raw cells, None where missing, the most frequent first.
    """

    columns: tuple[int, ...]
    rows: tuple[tuple[float | None, ...], ...]

    @cached_property
    def cells(self) -> Floats:
        """The combinations, ``(n, columns)``, NaN where missing."""
        return np.array(self.rows, np.float64)

    @cached_property
    def codes(self) -> dict[bytes, int]:
        """The place of every combination."""
        return {row.tobytes(): i for i, row in enumerate(plainly(self.cells))}

    def transform(self, raw: Floats) -> Floats:
        """The places of the combinations of rows ``(n, columns)``."""
        found = [self.codes[row.tobytes()] for row in plainly(raw)]
        return np.array(found, np.float64)


@dataclass(frozen=True)
class Constraints:
    """The columns that are learnt in place of a table's, and the way back.

    A gap is learnt in the place of its column, a combination in that of its first.

    Attributes:
        learnt: what networks see.
        gaps: inequalities, each after that of its other column.
        fixed: combinations.
    """

    learnt: tuple[Column, ...]
    gaps: tuple[Gap, ...]
    fixed: tuple[Fixed, ...]

    @staticmethod
    def of_plain(learnt: Any, gaps: Any, fixed: Any) -> Constraints:
        """The constraints from what JSON keeps of them."""
        return Constraints(
            tuple(map(column_of, learnt)),
            tuple(Gap(**gap) for gap in gaps),
            tuple(Fixed(tuple(one["columns"]), tupled(one["rows"])) for one in fixed),
        )

    def transform(self, raw: Floats, columns: tuple[Column, ...]) -> Floats:
        """Rows of the table as rows of what is learnt."""
        gaps = {gap.column: gap for gap in self.gaps}
        fixed = {one.columns[0]: one for one in self.fixed}

        def cells(i: int) -> Floats:
            if i in fixed:
                return fixed[i].transform(raw[:, fixed[i].columns])
            if i in gaps:
                base = gaps[i].base
                return gaps[i].transform(raw[:, i], numbers(columns[base], raw[:, base]))
            return raw[:, i]

        return np.stack([cells(i) for i in self.places(len(columns))], 1)

    def inverse_transform(self, learnt: Floats, columns: tuple[Column, ...]) -> Floats:
        """The inverse of ``transform``: rows that fulfil everything, whatever was learnt."""
        found = dict(zip(self.places(len(columns)), learnt.T, strict=True))
        for one in self.fixed:
            cells = one.cells[found[one.columns[0]].astype(np.int64)]
            found |= dict(zip(one.columns, cells.T, strict=True))
        for i in {gap.base for gap in self.gaps}:
            if not columns[i].by_value:
                found[i] = stored(found[i], columns[i].dtype)
        for gap in self.gaps:
            base = numbers(columns[gap.base], found[gap.base])
            found[gap.column] = gap.inverse_transform(found[gap.column], base, columns[gap.column])
        return np.stack([found[i] for i in range(len(columns))], 1)

    def places(self, columns: int) -> list[int]:
        """Of every column that is learnt, the place in the table."""
        hidden = {i for one in self.fixed for i in one.columns[1:]}
        return [i for i in range(columns) if i not in hidden]

    def combined(self, wanted: Mapping[int, float]) -> dict[str | int, NDArray[np.int64]]:
        """What is asked of combinations: by the names of the columns learnt for them, the codes that fit.

        Args:
            wanted: the raw cells that are asked for, by the place of their column.
        """
        places = self.places(sum(len(one.columns) - 1 for one in self.fixed) + len(self.learnt))
        found: dict[str | int, NDArray[np.int64]] = {}
        for one in self.fixed:
            mine = [i for i in one.columns if i in wanted]
            if mine:
                cells = one.cells[:, [one.columns.index(i) for i in mine]]
                same = plainly(cells) == plainly(np.array([[wanted[i] for i in mine]]))
                found[self.learnt[places.index(one.columns[0])].name] = np.flatnonzero(same.all(1))
        return found


def plainly(cells: Floats) -> NDArray[np.int64]:
    """Cells as numbers that are equal where these are, also where they are missing."""
    return np.ascontiguousarray(np.where(np.isnan(cells), np.nan, cells + 0.0)).view(np.int64)


def possible(number: Floats, known: Column) -> Floats:
    """Numbers as a column keeps them; of few numbers that occur, the nearest."""
    return stored(nearest_of(known.only, number), known.dtype)


def next_of(values: Floats, base: Floats, sign: int, strict: bool) -> Floats:
    """The first of these values on a side of every number; infinite where there is none."""
    side: Literal["left", "right"] = "right" if strict == (sign > 0) else "left"
    edged = np.concatenate([[-np.inf], values, [np.inf]])
    place = np.searchsorted(values, base, side)
    return np.asarray(edged[place + 1 if sign > 0 else place], np.float64)


def stored(number: Floats, dtype: str) -> Floats:
    """Numbers as a column of that dtype keeps them."""
    return number.astype(float_type(dtype)).astype(np.float64)
