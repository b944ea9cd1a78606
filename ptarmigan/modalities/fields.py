"""Values that a file gave to a dataclass: held against what its fields are said to be."""

from __future__ import annotations

import dataclasses
import math
import typing
from collections.abc import Hashable
from functools import cache
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from pydantic import TypeAdapter


def check_fields(value: Any) -> None:
    """See that all fields of a dataclass, and of those within, are of their types, and numbers finite.

    Raises:
        ValueError: one is not; the message names it.
    """
    from pydantic import ValidationError

    for name, adapter in _adapters(cast(Hashable, type(value))).items():
        field = getattr(value, name)
        try:
            adapter.validate_python(field, strict=True)
        except ValidationError as error:
            raise ValueError(f"{name}: {error.errors(include_input=False)[0]['msg']}") from None
        for part in field if isinstance(field, tuple) else (field,):
            if isinstance(part, float) and not math.isfinite(part):
                raise ValueError(f"{name}: {part} is not finite")
            if dataclasses.is_dataclass(part):
                check_fields(part)


@cache
def _adapters(kind: Any) -> dict[str, TypeAdapter[Any]]:
    from pydantic import TypeAdapter

    hints = typing.get_type_hints(kind)
    return {field.name: TypeAdapter(hints[field.name]) for field in dataclasses.fields(kind)}
