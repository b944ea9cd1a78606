"""What a table holds, column by column, for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from ptarmigan.data.dataset import FEW
from ptarmigan.data.permutation import permute
from ptarmigan.modalities.describe import DOTS
from ptarmigan.modalities.table.column import Column
from ptarmigan.modalities.table.rare import rare_values
from ptarmigan.modalities.table.source import Table
from ptarmigan.modalities.table.space import TableSpace

if TYPE_CHECKING:
    import pandas as pd

WIDEST, SHOWN = 30, 3
"""Characters of a name or a value, and values of a column, at most."""


def described_table(table: Table) -> tuple[list[str], Image.Image]:
    """Lines of text, the first of the whole table and then one for every column, and a picture.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it cannot be learnt from; the message says why and what to do.
    """
    frame, samples = table.frame(), table.open(batch=1)
    space = samples.space
    assert isinstance(space, TableSpace)
    twins = int(frame.duplicated().sum())
    whole = [
        ("kind", "table"),
        ("count", f"{len(frame):,} rows of {len(frame.columns):,} columns"),
        ("duplicates", f"{twins:,} rows equal an earlier one" if twins else "none"),
        ("missing", f"{int(frame.isna().sum().sum()):,} cells"),
    ]
    rows = [("column", "kind", "missing", "distinct", "holds")]
    rows += [row(column, frame.iloc[:, i]) for i, column in enumerate(space.columns)]
    wide = [max(len(cells[k]) for cells in rows) for k in range(4)]
    lines = [f"{name:<12}{value}" for name, value in whole]
    lines += [*samples.understood, ""]
    for name, kind, missing, distinct, holds in rows:
        numbers = f"{missing:>{wide[2]}}  {distinct:>{wide[3]}}"
        lines.append(f"{name:<{wide[0]}}  {kind:<{wide[1]}}  {numbers}  {holds}")
    lines += named(rare_values(space.columns, samples.source.read(np.arange(len(samples)))))
    some = permute(np.arange(min(DOTS, len(frame))), len(frame), "preview")
    return lines, space.render(samples.source.read(some))


def named(rare: Mapping[str, Sequence[tuple[Any, int]]]) -> list[str]:
    """What a trained file would name of a few rows, a line for every column, with how many rows have each."""
    if not rare:
        return []
    wide = max(len(short(name)) for name in rare)
    lines = [f"{short(name):<{wide}}  {in_words(values)}" for name, values in rare.items()]
    head = f"values of fewer than {FEW} rows, which a trained file names (--rare {FEW} leaves them out):"
    return ["", head, *lines]


def in_words(values: Sequence[tuple[Any, int]]) -> str:
    """Values and how many rows have each, the first of them."""
    shown = ", ".join(f"{short(spelt(value))} ({n})" for value, n in values[:SHOWN])
    return shown + (f" and {len(values) - SHOWN:,} more" if len(values) > SHOWN else "")


def row(column: Column, cells: pd.Series[Any]) -> tuple[str, str, str, str, str]:
    """Name, kind, missing cells, distinct values, and what they are."""
    gone = int(cells.isna().sum())
    return (
        short(column.name),
        column.kind,
        f"{gone:,}" if gone else "–",
        f"{cells.nunique():,}",
        holds(column, cells),
    )


def holds(column: Column, cells: pd.Series[Any]) -> str:
    """The range of numbers and dates, the most frequent of other values."""
    if column.kind == "constant":
        return f"always {short(column.values[0])}" if column.values else "nothing"
    if column.kind == "id":
        return "one of its own for each row; rows that are made get new ones"
    if column.kind in ("continuous", "integer", "date", "duration"):
        there = cells.dropna()
        return f"{spelt(there.min())} to {spelt(there.max())}"
    counts = cells.value_counts()
    listed = ", ".join(f"{short(value)} ({n:,})" for value, n in counts.head(SHOWN).items())
    return listed + (" …" if len(counts) > SHOWN else "")


def spelt(value: Any) -> str:
    """A number or a date; midnight goes without saying."""
    return f"{value:g}" if isinstance(value, float) else str(value).removesuffix(" 00:00:00")


def short(value: Any) -> str:
    """A value in few characters, on one line."""
    text = " ".join(str(value).split())
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 1]}…"
