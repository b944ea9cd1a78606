"""Windows of series: so many consecutive steps of time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.core.memory import check_memory


def windows(several: Sequence[NDArray[Any]], length: int, stride: int = 1) -> NDArray[Any]:
    """Windows ``(n, length, channels)`` of series ``(time, channels)``; a shorter one is filled up with NaN.

    Raises:
        ValueError: there are no series, they differ in their channels, or windows do not go into memory.
    """
    if len({series.shape[1:] for series in several}) != 1:
        counts = sorted({series.shape[1] for series in several})
        raise ValueError(f"series have {' or '.join(map(str, counts)) or 'no'} channels: give all the same")
    count = sum(max(0, len(series) - length) // stride + 1 for series in several)
    need = count * length * several[0].shape[1] * 8
    check_memory(need, f"{count:,} windows of {length:,} steps", "choose a smaller --length")
    cut = []
    for series in several:
        if len(series) < length:
            cut.append(np.pad(series, ((0, length - len(series)), (0, 0)), constant_values=np.nan)[None])
        else:
            views = np.lib.stride_tricks.sliding_window_view(series, length, axis=0)
            cut.append(views[::stride].swapaxes(1, 2))
    return np.concatenate(cut)
