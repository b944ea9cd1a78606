"""The type checker that the import hook applies: shapes and dtypes only. Mypy knows the rest."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, get_args

from beartype import beartype
from jaxtyping import AbstractArray


def checked(function: Callable[..., Any]) -> Callable[..., Any]:
    """``function``, made to check those of its arguments whose annotations speak of shapes.

    Other annotations are dropped: beartype refuses protocols that cannot be checked at runtime, and an
    ``int`` where a ``float`` is meant.
    """
    hints = {name: hint for name, hint in function.__annotations__.items() if speaks_of_shapes(hint)}
    if not hints:
        return function
    function.__annotations__ = hints
    return beartype(function)


def speaks_of_shapes(hint: Any) -> bool:
    if inspect.isclass(hint) and issubclass(hint, AbstractArray):
        return True
    return any(speaks_of_shapes(part) for part in get_args(hint))
