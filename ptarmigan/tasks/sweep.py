"""Quality against diversity: samples of one generator at several temperatures, as a curve."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from numpy.typing import NDArray

from ptarmigan.metrics.panel import Metric
from ptarmigan.tasks.task import Figure

TEMPERATURES = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2)
SWEPT = 500
"""Samples of a point of the curve."""


def sweep(
    draw: Callable[[float], NDArray[Any]], metrics: Sequence[Metric], between: tuple[str, str]
) -> Figure:
    """One metric against another, of samples at each temperature.

    Args:
        draw: ``SWEPT`` raw samples at a temperature.
        metrics: of that many.
        between: the names of the metric that is drawn upwards, and of the other.
    """
    from matplotlib.figure import Figure as Drawing

    from ptarmigan.media.plot import render

    named = {metric.name: metric for metric in metrics}
    up, along = (named[name] for name in between)
    points = [(along(raw), up(raw)) for raw in map(draw, TEMPERATURES)]
    drawing = Drawing(figsize=(5, 4), dpi=128, layout="constrained")
    axes = drawing.add_subplot()
    axes.plot(*zip(*points, strict=True), "o-", color="#e07b00", label="generated, by temperature")
    for temperature, point in zip(TEMPERATURES, points, strict=True):
        axes.annotate(f"{temperature:g}", point, textcoords="offset points", xytext=(5, -10), fontsize=8)
    axes.plot([along.real], [up.real], "*", color="0.35", markersize=12, label="real")
    axes.set_xlabel(f"{along.name} ({'lower' if along.lower_is_better else 'higher'} is better)")
    axes.set_ylabel(f"{up.name} ({'lower' if up.lower_is_better else 'higher'} is better)")
    axes.legend()
    words = f"{up.name} against {along.name} of {SWEPT} samples at each temperature (--temperature)."
    return Figure(render(drawing), "quality against diversity", words)
