"""What the rows of a table can be conditioned on: that columns have values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.core.missing import is_missing
from ptarmigan.modalities.table.cells import moment
from ptarmigan.modalities.table.column import Column, Floats, raw_number
from ptarmigan.modalities.table.dtypes import family, times

LISTED = 8
"""Values that an error names, at most."""


@dataclass(frozen=True, eq=False)
class Conditions:
    """That a column has a value: every such pair, the columns one after another.

    A condition is a vector of ``size`` numbers: the one-hot vectors of all columns that are learnt by value,
    in which those of the columns that are asked for are set.

    Attributes:
        all: the columns of the table.
        size: of the vector.
        names: the columns that are learnt by value.
        columns: for every pair, which of them it is about, ``(pairs,)``.
        counts: how many rows have the value.
        hot: where its ones are in the vector, ``(pairs, 2)``; twice the same where it has one digit.
        at: where the vector's numbers are in an encoded row, ``(size,)``.
    """

    all: tuple[Column, ...]
    size: int
    names: tuple[str | int, ...]
    columns: NDArray[np.int64]
    counts: NDArray[np.int64]
    hot: NDArray[np.int64]
    at: NDArray[np.int64]

    @staticmethod
    def of(columns: tuple[Column, ...]) -> Conditions:
        """The conditions on rows with these columns."""
        which: list[NDArray[np.int64]] = []
        counts, hot, at = [], [], []
        size = place = 0
        asked = [c for c in columns if c.by_value]
        for column in columns:
            if column.by_value:
                several = len(column.counts)
                digits = column.digits(np.arange(several))
                which.append(np.full(several, len(which)))
                counts.append(np.array(column.counts))
                hot.append(size + digits[:, [0, -1]])
                at.append(place + np.arange(column.width))
                size += column.width
            place += column.width
        empty = np.zeros(0, np.int64)
        return Conditions(
            columns,
            size,
            tuple(c.name for c in asked),
            np.concatenate([empty, *which]),
            np.concatenate([empty, *counts]),
            np.concatenate([empty.reshape(0, 2), *hot]),
            np.concatenate([empty, *at]),
        )

    def ends(self, weights: Floats) -> Floats:
        """Where the share of every pair ends, if each column has a share of 1 that its pairs divide."""
        found = np.empty(len(weights))
        for i in range(len(self.names)):
            mine = self.columns == i
            found[mine] = i + np.cumsum(weights[mine]) / weights[mine].sum()
        return found

    def vectors(self, pairs: NDArray[np.int64]) -> NDArray[np.float32]:
        """The vectors of conditions by number, ``(n, size)``."""
        out = np.zeros((len(pairs), self.size), np.float32)
        np.put_along_axis(out, self.hot[pairs], 1, 1)
        return out

    def vector(self, where: Mapping[Any, Any]) -> NDArray[np.float32]:
        """The vector of what columns are asked to hold, ``(size,)``; None, NaN and NA are missing values.

        A value may be spelt as text.

        Raises:
            ValueError: there is no such column or value, or it is not learnt value by value.
        """
        out = np.zeros(self.size, np.float32)
        for name, value in where.items():
            found = self._pair(name, value)
            if found is not None:
                out[self.hot[found]] = 1
        return out

    def _pair(self, name: Any, value: Any) -> int | None:
        column = self._column(name)
        if column.kind == "constant" and (code_of(column, value) is not None):
            return None  # always so
        if column.kind == "constant":
            raise ValueError(f"--where {name}={value}: the column is always {shown(column)}")
        if not column.by_value:
            raise ValueError(
                f"--where {name}={value}: the column is learnt as {column.kind}, and only columns of "
                f"categories, booleans or few whole numbers can be asked for"
            )
        return int(self.pairs(column.name, np.array([requested_code(column, name, value)]))[0])

    def pairs(self, name: str | int, codes: NDArray[np.int64]) -> NDArray[np.int64]:
        """The conditions that a column has the values of these codes."""
        return np.flatnonzero(self.columns == self.names.index(name))[codes]

    def _column(self, name: Any) -> Column:
        found = next((c for c in self.all if c.name == name or str(c.name) == str(name)), None)
        if found is None:
            names = [str(c.name) for c in self.all]
            near = get_close_matches(str(name), names, 1) or names
            raise ValueError(f"--where {name}: there is no such column; perhaps {', '.join(near[:LISTED])}")
        return found


def by_column(words: Sequence[str]) -> dict[str, str | None]:
    """Columns and values from ``column=value``; nothing after the sign is a missing value.

    Raises:
        ValueError: a word is not of that form.
    """
    for word in words:
        if "=" not in word:
            raise ValueError(f"--where {word}: expected column=value, such as --where sex=Female")
    pairs = (word.split("=", 1) for word in words)
    return {name: value or None for name, value in pairs}


def code_of(column: Column, value: Any) -> int | None:
    """The place of a value, or of the missing one, in what the column holds; None where it does not."""
    if is_missing(value):
        return len(column.values) if column.missing else None
    number = number_of(column, value)
    for same in (
        lambda v: type(v) is type(value) and v == value,
        lambda v: str(v) == str(value),
        lambda v: not isinstance(v, str | bool) and v == number,
    ):
        found = [i for i, v in enumerate(column.values) if same(v)]
        if found:
            return found[0]
    return None


def number_of(column: Column, value: Any) -> Any:
    """A value, or what is written of it, as a number, or as a column of dates counts it; or None."""
    with suppress(ValueError, TypeError, OverflowError):
        return exactly(value) if family(column) == "number" else moment(value, column.dtype)
    return None


def requested_code(column: Column, name: Any, value: Any) -> int:
    """The place of a value that is asked for.

    Raises:
        ValueError: the column does not hold it.
    """
    code = code_of(column, value)
    if code is None:
        raise ValueError(f"--where {name}={value}: the column holds {shown(column)}")
    return code


def raw_of(column: Column, name: Any, value: Any) -> float:
    """The raw cell that is asked for, also of a column of numbers.

    Raises:
        ValueError: the column does not hold it.
    """
    if column.by_value:
        code = requested_code(column, name, value)
        return np.nan if code == len(column.values) else float(code)
    if is_missing(value):
        return np.nan
    number = number_of(column, value)
    if number is None:
        raise ValueError(f"--where {name}={value}: the column is learnt as {column.kind}")
    return raw_number(column, number)


def exactly(value: Any) -> Any:
    """A number, or what is written of it; whole ones of any size as they are."""
    return float(value) if not re.fullmatch(r"[+-]?\d+", str(value)) else int(value)


def shown(column: Column) -> str:
    """What a column holds, in words."""
    some: Any = column.values[:LISTED]
    if family(column) != "number":
        some = times(np.array(some, np.int64), column.dtype)
    several = [str(v) for v in some] + ["nothing"] * column.missing
    more = len(column.values) - LISTED
    return ", ".join(several) + (f" and {more:,} more" if more > 0 else "")
