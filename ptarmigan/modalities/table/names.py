"""Names of columns: which can be told apart by what people type."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def check_names(names: Iterable[Any]) -> None:
    """Names are text or whole numbers, and no two are written alike.

    Raises:
        ValueError: one is something else, or there are two.
    """
    known: dict[str, Any] = {}
    for name in names:
        if not isinstance(name, str | int) or isinstance(name, bool):
            raise ValueError(f"the column {name!r} is named by no text: rename it")
        if str(name) in known:
            other = known[str(name)]
            if type(other) is type(name):
                raise ValueError(f"there are two columns {name!r}: give every column a name of its own")
            raise ValueError(f"the columns {other!r} and {name!r} are written alike: rename one of them")
        known[str(name)] = name
