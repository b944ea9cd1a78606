"""One column of a table: what it holds, and how a cell becomes the numbers that networks see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Kind: TypeAlias = Literal[
    "continuous", "integer", "boolean", "date", "duration", "categorical", "id", "constant"
]
Value: TypeAlias = str | int | float | bool
Mode: TypeAlias = tuple[float, float, float]
Floats: TypeAlias = NDArray[np.float64]

MOST = 256
"""Values that have one number each; where there are more, a value is written as two digits."""
REACH = 4.0
"""Standard deviations from the mean of its mode at which a scaled number is 1."""
SLACK = 1e-6
"""What rounding may add to that."""
DECIMALS = 12
"""Of a number, at most: beyond, it has no step."""


@dataclass(frozen=True)
class Column:
    """What is known of a column.

    A column is learnt by its ``modes`` (numbers of many values), by its ``values`` (few numbers, booleans,
    categories), or not at all (an id, a constant).

    Attributes:
        name: as the frame has it.
        kind: what it holds.
        dtype: of the frame's column, as ``dtypes.spelling`` has it.
        values: what occurs, the most frequent first.
        counts: rows with each value, or of each mode; those without a value last, where there are such.
        missing: whether values are missing.
        modes: weight, mean and standard deviation of Gaussians that the numbers are near; of a number that
            many rows share, the standard deviation is 0.
        low: the smallest number.
        high: the largest.
        step: numbers are multiples of it; 0 where they are not.
        categories: of a categorical dtype, in its order, with those that do not occur.
        ordered: whether that order means something.
        offset: numbers are this beside multiples of ``step``.
        only: the numbers that occur, where they are few; no other is made.
        origin: of whole numbers that float64 cannot hold: raw ones are how far they are from this,
        unit: in so many. Of very large or small numbers, what raw ones are to be multiplied by.
        exact: whole numbers that are no such float64 even so, and come back as they are.
        written: how a text file spells it: a format of dates, false and true, what new ids begin with.
    """

    name: str | int
    kind: Kind
    dtype: str
    values: tuple[Value, ...] = ()
    counts: tuple[int, ...] = ()
    missing: bool = False
    modes: tuple[Mode, ...] = ()
    low: float = 0.0
    high: float = 0.0
    step: float = 0.0
    categories: tuple[Value, ...] = ()
    ordered: bool = False
    offset: float = 0.0
    only: tuple[float, ...] = ()
    origin: int = 0
    unit: int | float = 1
    exact: tuple[int, ...] = ()
    written: tuple[str, ...] = ()

    @property
    def by_value(self) -> bool:
        """Whether it is learnt value by value."""
        return bool(self.values) and self.kind != "constant"

    @property
    def sizes(self) -> tuple[int, ...]:
        """The sizes of its one-hot vectors: of its mode, of its value, or of the two digits of its value."""
        if self.modes:
            return (len(self.modes) + self.missing,)
        if not self.by_value:
            return ()
        several = len(self.values) + self.missing
        base = several if several <= MOST else int(np.ceil(several**0.5))
        return (base,) if base == several else (-(-several // base), base)

    @property
    def width(self) -> int:
        """How many numbers it takes."""
        return bool(self.modes) + sum(self.sizes)

    def digits(self, codes: NDArray[Any]) -> NDArray[np.int64]:
        """Where the ones of codes are, among the column's one-hot vectors: ``(n, 1 or 2)``."""
        codes = codes.astype(np.int64)
        if len(self.sizes) == 1:
            return codes[:, None]
        upper, lower = self.sizes
        return np.stack([codes // lower, upper + codes % lower], 1)

    def encode(self, raw: Floats) -> NDArray[np.float32]:
        """Numbers or codes ``(n,)``, NaN where missing, to ``(n, width)``."""
        out = np.zeros((len(raw), self.width), np.float32)
        gone = np.isnan(raw)
        if self.modes:
            mode, scaled = self.nearest(raw)
            out[:, 0] = np.where(gone, 0, scaled)
            out[np.arange(len(raw)), 1 + np.where(gone, len(self.modes), mode)] = 1
        elif self.by_value:
            codes = np.where(gone, len(self.values), raw)
            np.put_along_axis(out, self.digits(codes), 1, 1)
        return out

    def nearest(self, raw: Floats) -> tuple[NDArray[np.int64], Floats]:
        """The likeliest mode within reach of every number, or the nearest, and the number on its scale."""
        weight, mean, deviation = np.array(self.modes).T
        apart = np.nan_to_num(raw)[:, None] - mean
        wide = np.maximum(deviation, np.finfo(np.float64).tiny)
        with np.errstate(over="ignore"):  # far from a mode of no width
            z = apart / wide
            likely = np.log(weight / wide) - z * z / 2
        near = np.abs(z) <= REACH + SLACK
        mode = np.where(near.any(1), np.where(near, likely, -np.inf).argmax(1), np.abs(z).argmin(1))
        scaled = np.take_along_axis(np.clip(z / REACH, -1, 1), mode[:, None], 1)[:, 0]
        return mode, np.where(deviation[mode] > 0, scaled, 0)

    def decode(self, x: NDArray[Any]) -> Floats:
        """The inverse of ``encode``; of one-hot vectors, the largest entry counts."""
        if self.modes:
            mode = x[:, 1:].argmax(1)
            _, mean, deviation = np.array([*self.modes, (0.0, np.nan, 1.0)]).T
            number = mean[mode] + REACH * deviation[mode] * np.clip(x[:, 0].astype(np.float64), -1, 1)
            return nearest_of(self.only, np.clip(on_grid(number, self), self.low, self.high))
        if not self.by_value:
            return np.full(len(x), 0.0 if self.values or self.kind == "id" else np.nan)
        codes = self.code(x)
        return np.where(codes == len(self.values), np.nan, codes.astype(np.float64))

    def code(self, x: NDArray[Any]) -> NDArray[np.int64]:
        """The likeliest code; a second digit is chosen among those that exist beside the first."""
        if len(self.sizes) == 1:
            return np.asarray(x.argmax(1))
        upper, lower = self.sizes
        first = x[:, :upper].argmax(1)
        there = first[:, None] * lower + np.arange(lower) < len(self.values) + self.missing
        second = np.where(there, x[:, upper:], -np.inf).argmax(1)
        return np.asarray(first * lower + second)


def on_grid(number: Floats, column: Column) -> Floats:
    """Numbers rounded to those that a column's step allows; as they are where it has none, but for -0.0."""
    if not column.step:
        return number + 0.0
    whole = np.rint((number - column.offset) / column.step) * column.step + column.offset
    return np.asarray(np.round(whole, decimals_of(column)) + 0.0)


def decimals_of(column: Column) -> int:
    """How many decimals a column's step and offset have."""
    parts = (column.step, column.offset)
    return next((d for d in range(DECIMALS) if all(round(part, d) == part for part in parts)), DECIMALS)


def nearest_of(values: tuple[float, ...], number: Floats) -> Floats:
    """For every number the nearest of these values, in their order; as it is where there are none."""
    if not values:
        return number
    known = np.array(values)
    above = np.searchsorted(known, number).clip(1, max(len(known) - 1, 1)).clip(max=len(known) - 1)
    low, high = known[above - (len(known) > 1)], known[above]
    found = np.where(number - low <= high - number, low, high)
    return np.where(np.isnan(number), np.nan, found)


def is_number(column: Column) -> bool:
    """Whether its values have a distance."""
    return column.kind in ("continuous", "integer", "date", "duration")


def numbers(column: Column, raw: Floats) -> Floats:
    """Cells as numbers: what a column of numbers holds although it is learnt value by value; else codes."""
    if not column.by_value or not is_number(column):
        return raw
    values = np.array([*(raw_number(column, v) for v in column.values), np.nan], np.float64)
    return values[np.where(np.isnan(raw), -1, raw).astype(np.int64)]


def raw_number(column: Column, value: Any) -> float:
    """A number as the column has it raw."""
    if column.unit == 1:
        return float(value - column.origin) if column.origin else float(value)
    return float((value - column.origin) / column.unit)


def float_type(dtype: str) -> Any:
    """The type of floats that a column keeps, by its dtype as pandas spells it."""
    known = {"float16": np.float16, "float32": np.float32, "halffloat": np.float16, "float": np.float32}
    return known.get(dtype.lower().removesuffix("[pyarrow]"), np.float64)


def columns_differ(some: Sequence[Column], others: Sequence[Column]) -> str:
    """Why raw cells of the ones mean something else in the others; empty where they mean the same."""
    if [str(column.name) for column in some] != [str(column.name) for column in others]:
        return "the columns are others"
    for one, other in zip(some, others, strict=True):
        if (one.kind, one.values, one.origin, one.unit) != (
            other.kind,
            other.values,
            other.origin,
            other.unit,
        ):
            return f"the column {one.name!r} holds other values"
    return ""


def column_of(plain: Any) -> Column:
    """A column from what JSON keeps of it."""
    return Column(**{name: tupled(value) for name, value in plain.items()})


def tupled(value: Any) -> Any:
    """Lists, also in lists, as tuples."""
    return tuple(tupled(v) for v in value) if isinstance(value, list | tuple) else value
