"""Plots as Pillow images, by matplotlib without a display."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ptarmigan.media.fonts import texts_as_they_are

Surface: TypeAlias = Callable[[NDArray[Any]], NDArray[Any] | None]
"""Raw samples to one number each, such as a discriminator's scores; None where there are none."""


def scatter(
    points: NDArray[Any],
    real: NDArray[Any] | None = None,
    surface: Surface | None = None,
    within: NDArray[Any] | None = None,
) -> Image.Image:
    """A scatter plot of points, over real ones and the contours of a function where those are given.

    Args:
        points: ``(n, 1 or more)`` coordinates; the first two are drawn, a single one along an axis.
        real: real samples, drawn in grey behind the points.
        surface: ``(m, 2)`` coordinates to ``(m,)`` values, such as a discriminator's score.
        within: points that set the limits of the axes; when None the real ones, or else ``points``.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 5), dpi=128, layout="constrained")
    axes = figure.add_subplot()
    points, real = in_plane(points), None if real is None else in_plane(real)
    seen = in_plane(within) if within is not None else points if real is None else real
    low, high = seen.min(0), seen.max(0)
    margin = 0.25 * max(float((high - low).max()), 1e-6)
    low, high = low - margin, high + margin
    if surface is not None:
        x, y = np.meshgrid(np.linspace(low[0], high[0], 96), np.linspace(low[1], high[1], 96))
        heights = surface(np.stack([x.ravel(), y.ravel()], 1).astype(np.float32))
        if heights is not None:
            drawn = axes.contourf(x, y, heights.reshape(x.shape), levels=24, cmap="RdBu_r", alpha=0.8)
            figure.colorbar(drawn, ax=axes, label="discriminator's score", shrink=0.8)
    if real is not None:
        axes.scatter(real[:, 0], real[:, 1], s=4, c="0.35", label="real", linewidths=0)
    size = 4 if len(points) > 256 else 16
    axes.scatter(points[:, 0], points[:, 1], s=size, c="#e07b00", label="generated", linewidths=0)
    if real is not None:
        axes.legend(loc="upper right", markerscale=3)
    axes.set_xlim(low[0], high[0])
    axes.set_ylim(low[1], high[1])
    axes.set_aspect("equal")
    return render(figure)


def in_plane(points: NDArray[Any]) -> NDArray[Any]:
    """The first two coordinates of points; 0 is the second of those that have one."""
    return np.pad(points[:, :2], ((0, 0), (0, max(0, 2 - points.shape[1]))))


def render(figure: Any) -> Image.Image:
    """A matplotlib figure as an image."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas: Any = FigureCanvasAgg(figure)
    with texts_as_they_are(figure):
        canvas.draw()  # savefig draws twice where there is a layout to find
    return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
