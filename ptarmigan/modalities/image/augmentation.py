"""Augmentation of images: they are mirrored, enlarged and moved a little, so that a few are like many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ptarmigan.data.augmentation import Uniform
from ptarmigan.data.space import Space
from ptarmigan.modalities.image.decode import resampled
from ptarmigan.modalities.image.raster import RasterSpace


@dataclass(frozen=True)
class ImageAugmentation:
    """Images mirrored, and cut at random out of themselves enlarged.

    Attributes:
        flip: mirror half of them left to right.
        jitter: by how many pixels they are enlarged; 0 leaves them as they are.
    """

    flip: bool = False
    jitter: int = 0

    def __call__(self, raw: NDArray[Any], space: Space, beside: Space, uniform: Uniform) -> NDArray[Any]:
        """Raw images ``(n, height, width, channels)`` or label maps, changed at random.

        Inputs that are smaller than their samples are enlarged by as much less: a pair shows the same part.

        Raises:
            ValueError: they are neither.
        """
        if not isinstance(space, RasterSpace):
            raise ValueError(f"{space.words} are no pictures: they cannot be mirrored or jittered")
        if self.jitter:
            by = self.jitter * space.shape[-1] / beside.shape[-1]
            raw = jittered(raw, by, uniform("jitter", 2), smooth=space.smooth)
        if self.flip:
            mirrored = uniform("flip", 1)[:, 0] < 0.5
            raw = np.where(mirrored[:, None, None, None], raw[:, :, ::-1], raw)
        return raw


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
