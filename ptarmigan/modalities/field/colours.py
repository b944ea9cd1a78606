"""The colours of a variable: fixed steps where it has a threshold, diverging where it has signs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

if TYPE_CHECKING:
    from ptarmigan.modalities.field.variable import Variable

RAIN = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
"""Ends of the colours of a variable with a threshold, as multiples of ten thresholds."""
GREY, DRY = "0.75", "white"
"""Where values are missing, and where there is nothing."""


def scale(variable: Variable, values: NDArray[Any]) -> dict[str, Any]:
    """The colours of a variable: steps of logarithms above a threshold, diverging where it has signs."""
    from matplotlib import colormaps
    from matplotlib.colors import BoundaryNorm

    if variable.transform == "log":
        bounds = [10 * variable.threshold * each for each in RAIN]
        colours = colormaps["turbo"].with_extremes(under=DRY, bad=GREY)
        return {"cmap": colours, "norm": BoundaryNorm(bounds, colours.N, extend="max")}
    there = values[np.isfinite(values)]
    low, high = (float(there.min()), float(there.max())) if len(there) else (0.0, 1.0)
    if low < 0 < high:
        end = max(-low, high)
        return {"cmap": colormaps["RdBu_r"].with_extremes(bad=GREY), "vmin": -end, "vmax": end}
    return {"cmap": colormaps["viridis"].with_extremes(bad=GREY), "vmin": low, "vmax": high}


def painter(variable: Variable, values: NDArray[Any]) -> Callable[[NDArray[Any]], Image.Image]:
    """A function that makes a picture of a map ``(height, width)``, a pixel a cell."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    colours = scale(variable, values)
    norm = colours.get("norm") or Normalize(colours["vmin"], colours["vmax"])
    paint = ScalarMappable(norm, colours["cmap"])
    return lambda one: Image.fromarray(paint.to_rgba(np.ma.masked_invalid(one), bytes=True)[..., :3].copy())
