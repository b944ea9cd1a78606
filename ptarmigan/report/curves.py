"""Curves over training as small drawings inside the page: one for each name, each on its own scale."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ptarmigan.doctor.history import Curve
from ptarmigan.report.html import Child, Markup, h

WIDTH, HEIGHT = 380, 190
LEFT, RIGHT, TOP, BOTTOM = 50, 10, 12, 24
BINS = 160
"""Points of a line, at most; where there were more, a band shows between which values they lay."""
WIDE = 60.0
"""A curve that spans more than this ratio is drawn on a logarithmic scale."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Marks:
    """What is marked on every curve: steps that were skipped or gone back to, and where a fault began."""

    skipped: tuple[int, ...] = ()
    rollbacks: tuple[int, ...] = ()
    onsets: tuple[int, ...] = ()


@dataclass(frozen=True)
class Axis:
    """Numbers to pixels."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """Where ``value`` is drawn."""
        low, high, value = (math.log10(v) if self.log else v for v in (self.low, self.high, value))
        return self.start + (self.end - self.start) * (value - low) / (high - low)

    def ticks(self) -> list[float]:
        """A few round numbers in range."""
        return _decades(self.low, self.high) if self.log else _round_ticks(self.low, self.high)


def draw(name: str, curve: Curve, last_step: int, marks: Marks, floor: float | None = None) -> Markup:
    """One curve with its axes, as SVG.

    Args:
        name: what it shows.
        curve: ``(step, value)``, finite.
        last_step: where the horizontal axis ends.
        marks: events to show.
        floor: a level to draw beside it, such as what real samples score.
    """
    steps, means, lows, highs = binned(curve)
    log = lows.min() > 0 and highs.max() / lows.min() > WIDE
    level = floor if floor is not None and (not log or floor > 0) else None
    low, high = span(lows, highs, level, log)
    y = Axis(low, high, HEIGHT - BOTTOM, TOP, log)
    x = Axis(0, max(last_step, 1), LEFT, WIDTH - RIGHT)
    xs, ys = [x(s) for s in steps], [y(v) for v in means]
    band = path([*zip(xs, map(y, highs), strict=True), *reversed([*zip(xs, map(y, lows), strict=True)])])
    points = [*zip(xs, ys, strict=True)]
    return h(
        "svg",
        h("title", f"{name} over training"),
        axes(x, y),
        h("text", "log scale", x=WIDTH - RIGHT, y=TOP - 2, text_anchor="end") if log else None,
        level_line(y, level),
        _marked(x, marks),
        h("path", d=band + "Z", class_="band") if (highs > lows).any() else None,
        h("path", d=path(points), class_="line") if len(points) > 1 else None,
        h("circle", cx=xs[-1], cy=ys[-1], r=3, class_="dot"),
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        class_="curve",
    )


def number(value: float) -> str:
    """A number as people read it: three or four digits."""
    if value == 0:
        return "0"
    if not math.isfinite(value):
        return "not finite"
    if 1e-3 <= abs(value) < 1e4:
        shown = f"{value:.4g}"
    elif 1e4 <= abs(value) < 1e7:
        shown = f"{value:,.0f}"
    else:
        mantissa, exponent = f"{value:.2e}".split("e")
        shown = f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"
    return shown.replace("-", "−")


def binned(curve: Curve) -> tuple[Floats, Floats, Floats, Floats]:
    """Steps, means, lowest and highest values of at most ``BINS`` runs of neighbours."""
    values = np.array(curve, np.float64)
    parts = np.array_split(values, min(BINS, len(values)))
    steps = np.array([part[-1, 0] for part in parts])
    of = [np.array([f(part[:, 1]) for part in parts]) for f in (np.mean, np.min, np.max)]
    return steps, of[0], of[1], of[2]


def span(lows: Floats, highs: Floats, level: float | None, log: bool) -> tuple[float, float]:
    """Where the upright axis begins and ends."""
    ends = [float(lows.min()), float(highs.max())] + ([level] if level is not None else [])
    low, high = min(ends), max(ends)
    if log:
        return low / 1.2, high * 1.2
    margin = 0.06 * (high - low) or 0.1 * abs(high) or 1.0
    # zero is worth seeing when it is near, and never crossed by a margin alone
    bottom = 0.0 if 0 <= low < 0.5 * (high - low) else low - margin
    return bottom, high + margin


def axes(x: Axis, y: Axis) -> list[Markup]:
    """Lines across, and the numbers of both axes."""
    drawn = []
    for value in y.ticks():
        at = y(value)
        drawn.append(h("line", x1=LEFT, x2=WIDTH - RIGHT, y1=at, y2=at, class_="grid"))
        drawn.append(h("text", _short(value), x=LEFT - 6, y=at + 3.5, text_anchor="end"))
    for value in x.ticks():
        anchor = "middle" if x(value) < WIDTH - 24 else "end"
        drawn.append(h("text", _short(value), x=x(value), y=HEIGHT - 8, text_anchor=anchor))
    return drawn


def level_line(y: Axis, level: float | None) -> list[Markup]:
    """What real samples score, where that is known."""
    if level is None:
        return []
    at = y(level)
    return [
        h("line", x1=LEFT, x2=WIDTH - RIGHT, y1=at, y2=at, class_="level"),
        h("text", "real", x=LEFT + 3, y=at - 4 if at > TOP + 12 else at + 12),
    ]


def _marked(x: Axis, marks: Marks) -> list[Markup]:
    skipped = {round(x(step)) for step in marks.skipped}
    back = {round(x(step)) for step in marks.rollbacks}
    onsets = {round(x(step)) for step in marks.onsets}
    return [
        *(
            h("line", x1=at, x2=at, y1=HEIGHT - BOTTOM - 7, y2=HEIGHT - BOTTOM, class_="skip")
            for at in sorted(skipped)
        ),
        *(h("line", x1=at, x2=at, y1=TOP, y2=HEIGHT - BOTTOM, class_="back") for at in sorted(back)),
        *(h("line", x1=at, x2=at, y1=TOP, y2=HEIGHT - BOTTOM, class_="onset") for at in sorted(onsets)),
    ]


def path(points: list[tuple[float, float]]) -> str:
    """A line through points, as SVG draws it."""
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def _round_ticks(low: float, high: float, about: int = 5) -> list[float]:
    rough = (high - low) / about
    unit = 10.0 ** math.floor(math.log10(rough))
    step = unit * next(m for m in (1, 2, 2.5, 5, 10) if unit * m >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [i * step for i in range(first, last + 1)]


def _decades(low: float, high: float) -> list[float]:
    first, last = math.ceil(math.log10(low)), math.floor(math.log10(high))
    stride = max(1, -(-(last - first) // 4))
    return [10.0**e for e in range(first, last + 1, stride)]


def _short(value: float) -> str:
    """A number for an axis."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.4g}{letter}".replace("-", "−")
    return number(value)


def panel(name: Child, value: str, drawing: Markup) -> Markup:
    """A curve under its name and its latest value."""
    return h(
        "figure",
        h("figcaption", h("strong", name), h("span", value, class_="value")),
        drawing,
        class_="panel",
    )
