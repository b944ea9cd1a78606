"""Samples as self-contained HTML: tables and curves. All text is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.core.missing import is_missing
from ptarmigan.core.text import printable

CELL = 5
"""The minimal width of a cell, in em."""
WIDTH, HEIGHT, MARGIN = 120, 60, 2
COLOURS = ("#0d9488", "#d97706", "#3b82f6", "#d946ef", "#ef4444", "#65a30d", "#a16207", "#64748b")


def escaped(words: str) -> str:
    """Text of anybody as HTML, lines and all."""
    return escape("\n".join(map(printable, words.split("\n"))))


def table(names: Sequence[object], rows: Iterable[Iterable[object]]) -> str:
    """Rows of cells under the names of their columns; without names where there are none."""
    head = "".join(f'<th scope="col">{escaped(str(name))}</th>' for name in names)
    body = "".join(f"<tr>{''.join(f'<td>{escaped(cell(one))}</td>' for one in row)}</tr>" for row in rows)
    top = f"<thead><tr>{head}</tr></thead>" if head else ""
    width = f' style="min-width:{CELL * len(names)}rem"' if head else ""
    return f'<table class="rows"{width}>{top}<tbody>{body}</tbody></table>'


def cell(value: Any) -> str:
    """A value as short text."""
    if is_missing(value):
        return "–"
    return f"{value:.5g}" if isinstance(value, float | np.floating) else str(value)


def curves(values: NDArray[np.float64], alt: str) -> str:
    """Channels over time ``(length, channels)``, from 0 to 1, as a small SVG; NaN is not drawn."""
    across = MARGIN + (WIDTH - 2 * MARGIN) * np.arange(len(values)) / max(1, len(values) - 1)
    down = HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * values
    lines = []
    for channel in range(values.shape[1]):
        there = ~np.isnan(down[:, channel])
        points = zip(across[there], down[there, channel], strict=True)
        drawn = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        colour = COLOURS[channel % len(COLOURS)]
        lines.append(f'<polyline points="{drawn}" fill="none" stroke="{colour}"></polyline>')
    box = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    return f'<svg {box} role="img" class="course"><title>{escaped(alt)}</title>{"".join(lines)}</svg>'
