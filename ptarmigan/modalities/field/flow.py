"""Extrapolation of fields along their motion: what any nowcast has to beat.

The motion is that of Lucas and Kanade 1981, "An iterative image registration technique with an application to
stereo vision", in windows with soft edges, from coarse to fine (Bouguet 2000); fields are carried along it
backwards in time, as Germann and Zawadzki 2002, "Scale-dependence of the predictability of precipitation from
continental radar images", do.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]

WINDOW = 10.0
"""The standard deviation of a window, in cells of each scale."""
SCALES = (4.0, 2.0, 1.0)
"""Standard deviations of the smoothing, in cells, one after the other."""
ROUNDS = 3
"""Of each scale."""
STIFF = 1e-2
"""What is added to the gradients' variances, as a share of their mean: nothing seen does not move."""


def optical_flow(frames: NDArray[Any]) -> Floats:
    """The motion ``(2, height, width)`` down and across, in cells, of frames ``(time, height, width)``.

    All pairs of neighbouring frames share one motion. Missing values are taken for the least that there is.

    Args:
        frames: two or more; of rain better its logarithm.
    """
    from scipy.ndimage import gaussian_filter

    seen = np.where(np.isfinite(frames), frames, np.nanmin(frames)).astype(np.float64)
    flow = np.zeros((2, *seen.shape[1:]))
    for smooth in SCALES:
        blurred = gaussian_filter(seen, (0, smooth, smooth))
        first, second = blurred[:-1], blurred[1:]
        for _ in range(ROUNDS):
            ahead = np.stack([carried(one, flow, mode="nearest") for one in first])
            down, across = np.gradient(ahead, axis=(1, 2))
            later = second - ahead
            window = WINDOW * max(1.0, smooth / 2)
            terms = (down * down, across * across, down * across, down * later, across * later)
            yy, xx, yx, yt, xt = (gaussian_filter(each.sum(0), window, mode="nearest") for each in terms)
            stiff = STIFF * (yy + xx).mean() + 1e-12
            yy, xx = yy + stiff, xx + stiff
            scale = yy * xx - yx * yx
            flow = flow - np.stack([(xx * yt - yx * xt) / scale, (yy * xt - yx * yt) / scale])
    return flow


def extrapolate(field: NDArray[Any], flow: NDArray[Any], steps: int) -> Floats:
    """A field ``(height, width)`` carried ahead: ``(steps, height, width)``, NaN where it comes from outside.

    Every place is followed backwards along the motion, which does not change, a step at a time.
    """
    from scipy.ndimage import map_coordinates

    places = np.indices(field.shape, np.float64)
    back, found = np.zeros_like(places), []
    for _ in range(steps):
        here = [map_coordinates(each, places - back, order=1, mode="nearest") for each in flow]
        back = back + np.stack(here)
        found.append(map_coordinates(field, places - back, order=1, cval=np.nan, mode="constant"))
    return np.stack(found).astype(np.float64)


def carried(field: NDArray[Any], flow: NDArray[Any], mode: str = "constant") -> Floats:
    """A field one step ahead."""
    from scipy.ndimage import map_coordinates

    places = np.indices(field.shape, np.float64) - flow
    found: Floats = map_coordinates(field, places, order=1, mode=mode, cval=np.nan)
    return found
