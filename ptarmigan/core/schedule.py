"""Schedules: a number, or a function of the fraction of the run that is done."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

Schedule: TypeAlias = float | Callable[[float], float]


def at(schedule: Schedule, progress: float) -> float:
    """The value of ``schedule`` when ``progress`` (0 at the start, 1 at the end) of the run is done."""
    return schedule(progress) if callable(schedule) else schedule


def linear(start: float, end: float, begin: float = 0.0) -> Schedule:
    """Constant ``start`` until ``begin``, then linear to ``end`` at the end of the run."""
    return lambda progress: start + (end - start) * _since(begin, progress)


def cosine(start: float, end: float, until: float = 1.0) -> Schedule:
    """From ``start`` to ``end`` along half a cosine, reached at ``until`` (R3GAN's schedules)."""
    return lambda progress: end + (start - end) * 0.5 * (1 + math.cos(math.pi * min(progress / until, 1.0)))


def _since(begin: float, progress: float) -> float:
    return min(max((progress - begin) / (1 - begin), 0.0), 1.0)
