"""Raw samples for metrics: an array or a source, and downsampled large images."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ptarmigan.data.samples import ArraySource, Source

Raw = NDArray[Any]


def as_source(raw: Raw | Source) -> Source:
    """Raw samples as a source; a source itself is returned as it is."""
    return ArraySource(raw) if isinstance(raw, np.ndarray) else raw


def shrunk(raw: Raw, side: int) -> Raw:
    """Images ``(n, height, width, channels)`` mean-pooled by a whole number to sides of at most ``side``.

    Remaining pixels at the right and at the bottom are cut off. Other data are returned as they are.
    """
    if raw.ndim != 4 or max(raw.shape[1:3]) <= side:
        return raw
    n, height, width, channels = raw.shape
    by = -(-max(height, width) // side)
    high, wide = min(by, height), min(by, width)
    cut = raw[:, : height - height % high, : width - width % wide]
    blocks = cut.reshape(n, height // high, high, width // wide, wide, channels)
    small: Raw = blocks.mean(axis=(2, 4)).round().astype(raw.dtype)
    return small


def unit(raw: Raw) -> Tensor:
    """Raw images ``(n, height, width, channels)`` as numbers in [0, 1], channels first."""
    x = np.divide(raw, np.iinfo(raw.dtype).max, dtype=np.float32)
    return torch.from_numpy(np.ascontiguousarray(x.transpose(0, 3, 1, 2)))
