"""Columns of a text file: what is a number, a boolean, a date or missing, and what is text as it stands."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

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


def typed_columns(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """A frame of text by what its columns hold, and in words what was left as text for a reason.

    Args:
        frame: all cells as they are written; empty ones are missing.
    """
    columns, notes = {}, []
    for name in frame.columns:
        cells = frame[name].mask(frame[name] == "")
        columns[name] = typed(cells)
        is_text = str(columns[name].dtype) == "str"
        if is_text and cells.dropna().str.fullmatch(r"[+-]?\d+(\.\d*)?").all() and cells.notna().any():
            notes.append(f"{name} is text: its numbers have leading zeros or signs, or are too long")
        marks = [mark for mark in MISSING if is_text and (cells == mark).any()]
        if marks:
            notes.append(f"{name} is text, and so is {', '.join(map(repr, marks))} in it")
    return pandas_or_error().DataFrame(columns), notes


def typed(cells: pd.Series[Any]) -> pd.Series[Any]:
    """A column of text as numbers, booleans or dates, where all of it is written so; else as it is."""
    there = cells.mask(cells.str.strip().isin(MISSING)).str.strip()
    known = there.dropna()
    if not len(known):
        return there.astype("float64") if cells.isna().all() else cells
    if known.str.fullmatch(WHOLE).all() and known.str.len().max() < 19:
        return there.astype("Int64") if there.isna().any() else there.astype("int64")
    if known.str.fullmatch(NUMBER).all() and not known.str.fullmatch(r"[+-]?\d+").all():
        return there.astype("float64")
    if set(known.unique()) in BOOLEANS:
        values = there.map({"True": True, "False": False})
        return values.astype("object" if there.isna().any() else "bool")
    if known.str.fullmatch(ISO).all():
        with suppress(ValueError):  # the 31st of February, or several zones
            dates: pd.Series[Any] = pandas_or_error().to_datetime(there, format="ISO8601")
            return dates
    return cells
