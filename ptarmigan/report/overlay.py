"""Curves of several runs in one drawing, on one scale, so that they can be compared by eye."""

from __future__ import annotations

import numpy as np

from ptarmigan.doctor.history import Curve
from ptarmigan.report.curves import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDE,
    WIDTH,
    Axis,
    axes,
    binned,
    level_line,
    path,
    span,
)
from ptarmigan.report.html import Markup, h

TONES = 8
"""Colours that can be told apart; after so many they return, with dashed lines."""


def overlay(name: str, curves: list[tuple[int, Curve]], floor: float | None = None) -> Markup:
    """The curves with their axes, as SVG.

    Args:
        name: what they show.
        curves: which colour each has, counted from 0, and its ``(step, value)``, finite; at least one.
        floor: a level to draw beside them, such as what real samples score.
    """
    points = [(tone, *binned(curve)[:2]) for tone, curve in curves]
    values = np.concatenate([means for _, _, means in points])
    log = values.min() > 0 and values.max() / values.min() > WIDE
    level = floor if floor is not None and (not log or floor > 0) else None
    x = Axis(0, max(1, *(steps[-1] for _, steps, _ in points)), LEFT, WIDTH - RIGHT)
    y = Axis(*span(values, values, level, log), HEIGHT - BOTTOM, TOP, log)
    return h(
        "svg",
        h("title", f"{name} over training"),
        axes(x, y),
        h("text", "log scale", x=WIDTH - RIGHT, y=TOP - 2, text_anchor="end") if log else None,
        level_line(y, level),
        [_line(tone, [*zip(map(x, steps), map(y, means), strict=True)]) for tone, steps, means in points],
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        class_="curve",
    )


def swatch(tone: int) -> Markup:
    """A short piece of a curve, to name it by."""
    line = h("path", d="M0 4L18 4", class_=classes(tone))
    return h("svg", line, viewBox="0 0 18 8", width=18, height=8, class_="swatch")


def classes(tone: int) -> str:
    """How a curve of that colour is drawn."""
    return f"line tone-{tone % TONES}" + (" dashed" if tone // TONES % 2 else "")


def _line(tone: int, points: list[tuple[float, float]]) -> Markup:
    return h(
        "g",
        h("path", d=path(points), class_=classes(tone)) if len(points) > 1 else None,
        h("circle", cx=points[-1][0], cy=points[-1][1], r=2.5, class_=f"dot tone-{tone % TONES}"),
    )
