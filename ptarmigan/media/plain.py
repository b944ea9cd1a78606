"""JSON as plain data."""

from __future__ import annotations

import json
from typing import Any


def parse(text: str | bytes) -> Any:
    """What JSON says.

    Raises:
        ValueError: it is none, or is nested so deep that nobody can have meant it.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deep") from None
