"""How files name a space."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptarmigan.data.space import Space


def to_json(space: Space) -> dict[str, Any]:
    """Plain data that ``from_json`` turns back into the space."""
    from dataclasses import asdict

    return {"kind": type(space).__name__, **asdict(space)}  # type: ignore[call-overload]


def from_json(plain: dict[str, Any]) -> Space:
    """The space that ``to_json`` described.

    Raises:
        ValueError: the description names no space.
    """
    from ptarmigan.modalities.image.space import ImageSpace
    from ptarmigan.modalities.label.space import LabelSpace
    from ptarmigan.modalities.point.space import PointSpace
    from ptarmigan.modalities.series.space import SeriesSpace
    from ptarmigan.modalities.table.space import TableSpace
    from ptarmigan.modalities.vector.space import VectorSpace

    known = (ImageSpace, LabelSpace, PointSpace, VectorSpace)
    kinds: dict[str, Callable[..., Space]] = {kind.__name__: kind for kind in known}
    kinds |= {SeriesSpace.__name__: SeriesSpace.of_plain, TableSpace.__name__: TableSpace.of_plain}
    fields = {name: tuple(v) if isinstance(v, list) else v for name, v in plain.items()}
    kind = fields.pop("kind", None)
    if kind not in kinds:
        raise ValueError(f"unknown space {kind!r}: expected one of {', '.join(kinds)}")
    return kinds[kind](**fields)
