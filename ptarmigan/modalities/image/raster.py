"""What images and label maps have in common: rows of pixels, each with a number for every channel."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from ptarmigan.data.space import Space
from ptarmigan.modalities.image.jitter import jittered

SIDE = 16
"""Pixels of a side that an embedding keeps, at most."""


class RasterSpace(Space):
    """A space whose encoded samples are ``(channels, height, width)``."""

    smooth: ClassVar[bool] = True
    """Whether there is something between two values of a pixel."""

    @property
    def layout(self) -> torch.memory_format:
        """Convolutions are faster where channels are last."""
        return torch.channels_last

    @property
    def half_precision(self) -> bool:
        """Convolutions are faster in bfloat16, where the hardware computes in it."""
        return True

    def embed(self, x: Tensor) -> NDArray[np.float64]:
        """Means over areas, so that at most ``SIDE`` pixels are left of a side."""
        x = x.detach().float()
        x = F.adaptive_avg_pool2d(x, (min(SIDE, x.shape[2]), min(SIDE, x.shape[3])))
        return x.flatten(1).cpu().double().numpy()

    def planes(self, x: Tensor) -> Tensor:
        """Pixels are places."""
        return x.flatten(2)

    def jitter(self, raw: NDArray[Any], by: float, corners: NDArray[np.float64]) -> NDArray[Any]:
        """Pictures cut at random out of themselves enlarged."""
        return jittered(raw, by, corners, smooth=self.smooth)
