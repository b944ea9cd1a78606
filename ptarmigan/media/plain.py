"""JSON as plain data."""

from __future__ import annotations

import json
import os
from typing import Any

from ptarmigan.media.foreign import read_bytes

MOST = 64 << 20
"""Bytes of a file of JSON."""


def parse(text: str | bytes) -> Any:
    """The value of a JSON text.

    Raises:
        ValueError: it is not JSON, or nested too deep.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def read_json(path: str | os.PathLike[str], most: int = MOST) -> Any:
    """What a file of JSON says.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it is no file, holds no JSON, or more than ``most`` bytes.
    """
    return parse(read_bytes(path, most))
