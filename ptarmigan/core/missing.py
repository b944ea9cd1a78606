"""Whether a cell of somebody's table is missing."""

from __future__ import annotations

from typing import Any


def is_missing(value: Any) -> bool:
    """Whether a value is None, NaN, or pandas' ``NA`` or ``NaT``, whose comparisons are no truth values."""
    return value is None or type(value).__name__ in ("NAType", "NaTType") or bool(value != value)
