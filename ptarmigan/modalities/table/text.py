"""Columns of a text file: what is a number, a boolean, a date or missing, and what is text as it stands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from ptarmigan.data.reading import Reading
from ptarmigan.modalities.table.frames import pandas_or_error

if TYPE_CHECKING:
    import pandas as pd

ISO = r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?"
"""A date, with or without a time (ISO 8601)."""
WHOLE = r"-?(0|[1-9]\d*)"
EXPONENT = r"[eE][+-]?\d+"
DECIMAL = rf"((0|[1-9]\d*)(\.\d*({EXPONENT})?|[eE][+-]\d+)?|\.\d+({EXPONENT})?)"
NUMBER = rf"[+-]?({DECIMAL}|inf|Inf|INF|[Ii]nfinity)"
"""Numbers; digits after a leading zero, and 12E5, are codes."""
MISSING = ("NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "None", "<NA>", "#N/A")
"""What is missing in columns of numbers, booleans and dates; elsewhere it is text."""
BOOLEANS = ({"True", "False"},)
MARKS = 2
"""Different cells that are no numbers in a column that would be one of numbers without them, at most."""


def typed_columns(
    frame: pd.DataFrame, reading: Reading = Reading(), decimal: str = "."
) -> tuple[pd.DataFrame, list[str]]:
    """A frame of text by what its columns hold, and in words what was not taken for what it looks like.

    Args:
        frame: all cells as they are written; empty ones are missing.
        reading: which columns are text, and which cells are missing.
        decimal: what decimals begin with.

    Raises:
        ValueError: there is no column of a name.
    """
    strange = [name for name in reading.text if name not in frame.columns]
    if strange:
        raise ValueError(
            f"--text {strange[0]}: there is no such column; there are {', '.join(frame.columns)}"
        )
    columns: dict[str, Any] = {}
    notes: list[str] = []
    for name in frame.columns:
        cells = frame[name].mask(frame[name].str.strip().isin(["", *reading.missing]))
        as_it_stands = name in reading.text
        columns[name] = cells if as_it_stands else typed(cells, decimal)
        if not as_it_stands:
            notes += noted(name, cells, columns[name], decimal)
    return pandas_or_error().DataFrame(columns), notes


def typed(cells: pd.Series[Any], decimal: str = ".") -> pd.Series[Any]:
    """A column of text as numbers, booleans or dates, where all of it is written so; else as it is."""
    there = cells.mask(cells.str.strip().isin(MISSING)).str.strip()
    known = there.dropna()
    if not len(known):
        return there.astype("float64") if cells.isna().all() else cells
    if known.str.fullmatch(WHOLE).all() and known.str.len().max() < 19:
        return there.astype("Int64") if there.isna().any() else there.astype("int64")
    dotted = with_dots(there, decimal)
    if dotted.dropna().str.fullmatch(NUMBER).all() and not known.str.fullmatch(r"[+-]?\d+").all():
        return dotted.astype("float64")
    if set(known.unique()) in BOOLEANS:
        values = there.map({"True": True, "False": False})
        return values.astype("object" if there.isna().any() else "bool")
    if known.str.fullmatch(ISO).all():
        with suppress(ValueError):  # the 31st of February, or several zones
            dates: pd.Series[Any] = pandas_or_error().to_datetime(there, format="ISO8601")
            return dates
    return cells


def with_dots(cells: pd.Series[Any], decimal: str) -> pd.Series[Any]:
    """Numbers with a dot before their decimals; where a comma is to be there, what has a dot is no number."""
    if decimal == ".":
        return cells
    return cells.where(~cells.str.contains(".", regex=False).fillna(False), "").str.replace(
        ",", ".", regex=False
    )


def noted(name: str, cells: pd.Series[Any], found: pd.Series[Any], decimal: str) -> Iterator[str]:
    """What is to be said of a column that could have been meant otherwise."""
    there = cells.dropna().str.strip()
    if str(found.dtype) != "str" or not len(there):
        yield from nines(name, found)
        yield from rewritten(name, there, found)
        return
    if there.str.fullmatch(r"[+-]?\d+(\.\d*)?").all():
        yield f"{name} is text: its numbers have leading zeros or signs, or are too long"
    marks = [mark for mark in MISSING if (there == mark).any()]
    if marks:
        yield f"{name} is text, and so is {', '.join(map(repr, marks))} in it"
    other = there[~there.isin(MISSING)]
    if decimal == "." and other.str.fullmatch(r"[+-]?\d+(,\d+)?").all() and len(other):
        yield f"{name} is text: its numbers have commas; --decimal , reads these as decimal ones"
        return
    strange = other[~with_dots(other, decimal).str.fullmatch(NUMBER)]
    if 0 < len(strange) < len(other) and strange.nunique() <= MARKS:
        said = " ".join(map(repr, sorted(strange.unique())))
        yield f"{name} is text: all but {said} are numbers; --missing {said} takes these for missing ones"


def nines(name: str, found: pd.Series[Any]) -> Iterator[str]:
    """Of a column of numbers, that one of nines lies far from all others, several times."""
    kind = getattr(found.dtype, "kind", "O")
    if kind not in "if":
        return
    values, counts = np.unique(found.dropna().to_numpy(np.float64), return_counts=True)
    for end, rest in ((0, values[1:]), (-1, values[:-1])):
        far = len(rest) > 1 and abs(values[end] - rest[end]) > np.ptp(rest)
        if far and counts[end] > 1 and set(f"{abs(values[end]):g}") == {"9"} and abs(values[end]) > 9:
            mark = f"{values[end]:g}"
            said = f"{name} holds {mark} in {counts[end]:,} rows, far from its other numbers"
            yield f"{said}; --missing {mark} takes these for missing ones"


def rewritten(name: str, there: pd.Series[Any], found: pd.Series[Any]) -> Iterator[str]:
    """Of dates, that they are written otherwise than they were, as with a blank for a T."""
    if str(found.dtype).startswith("datetime64"):
        again = found.dropna().to_csv(index=False, header=False).splitlines()[:1]
        if again != there.tolist()[:1]:
            yield f"{name} holds dates, which are written as {again[0]}; --text {name} keeps them"
