"""The numbers of samples against the range of real ones."""

from __future__ import annotations

import torch
from torch import Tensor

from ptarmigan.doctor.features import share_of

EDGE = 0.01
"""Numbers that are as near to an end of a range, in lengths of it, are at that end."""


def ranges(x: Tensor, real: Tensor) -> dict[str, float]:
    """The numbers of encoded samples, against those of real ones.

    ``edge`` is the share at either end of the real range, ``pinned`` at either end of their own; ``beyond``
    is the share outside of the real range, and ``unreached`` that of real numbers outside of theirs.
    """
    x, real = x.detach().float().cpu(), real.float()
    mine, theirs = extremes(x), extremes(real)
    return {
        "low": mine[0],
        "high": mine[1],
        "mean": float(x.mean()),
        "std": float(x.std()),
        "edge": outside(x, theirs, -EDGE),
        "pinned": outside(x, mine, -EDGE),
        "beyond": outside(x, theirs, EDGE),
        "unreached": outside(real, mine, EDGE),
    }


def extremes(x: Tensor) -> tuple[float, float]:
    """The lowest and the highest number."""
    low, high = torch.aminmax(x)
    return float(low), float(high)


def outside(x: Tensor, ends: tuple[float, float], margin: float) -> float:
    """The share of numbers outside of a range that is widened at either end by ``margin`` of its length."""
    low, high = ends
    wider = margin * (high - low)
    return share_of((x <= low - wider) | (x >= high + wider))
