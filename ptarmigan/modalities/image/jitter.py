"""Images moved and enlarged a little, so that few pairs are seen in many places."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ptarmigan.modalities.image.decode import resampled


def jittered(
    raw: NDArray[Any], by: float, corners: NDArray[np.float64], *, smooth: bool = True
) -> NDArray[Any]:
    """Every image, enlarged by ``by`` pixels and cut back to its size (Isola et al. 2017, arXiv 1611.07004).

    Args:
        raw: images ``(n, height, width, channels)``.
        by: how many pixels wider and higher an image becomes.
        corners: where the upper left corner of the cut is, from 0 to 1 down and to the right, ``(n, 2)``.
        smooth: interpolate; else take the nearest pixel, as label maps want it.
    """
    _, height, width, _ = raw.shape
    high, wide = height * height / (height + by), width * width / (width + by)
    how = Image.Resampling.BICUBIC if smooth else Image.Resampling.NEAREST
    out = np.empty_like(raw)
    for place, pixels, (down, right) in zip(out, raw, corners, strict=True):
        top, left = down * (height - high), right * (width - wide)
        place[:] = resampled(pixels, height, width, (left, top, left + wide, top + high), how)
    return out
