"""Arrays of what holds numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray


def to_array(data: Any) -> NDArray[Any]:
    """An array of a tensor, on any device and of any dtype, or of what numpy makes one of.

    Args:
        data: a dtype that numpy lacks, such as bfloat16, becomes float32.
    """
    if not isinstance(data, torch.Tensor):
        return np.asarray(data)
    dense = data.detach().cpu() if data.layout is torch.strided else data.detach().cpu().to_dense()
    if dense.is_floating_point() and dense.dtype not in (torch.float16, torch.float32, torch.float64):
        dense = dense.float()
    return dense.numpy(force=True)
