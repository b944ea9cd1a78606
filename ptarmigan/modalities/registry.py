"""Which modalities there are: those of this package, and those of installed plug-ins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from ptarmigan.core.errors import one_line
from ptarmigan.data.space import Space
from ptarmigan.media.console import say
from ptarmigan.modalities.fields import check_fields
from ptarmigan.modalities.modality import Modality
from ptarmigan.modalities.networks import Networks

BUILT_IN = tuple(sorted(file.parent.name for file in Path(__file__).parent.glob("*/__init__.py")))
"""Every folder here is a modality."""
GROUP = "ptarmigan.modalities"
"""The entry points of plug-ins: ``name = "package.module:MODALITY"``."""


def names() -> list[str]:
    """Every modality, found without importing any."""
    return [*BUILT_IN, *sorted(plugins())]


@cache
def plugins() -> Mapping[str, EntryPoint]:
    """The modalities of installed plug-ins by name; a name that is taken already is passed over, and told."""
    found: dict[str, EntryPoint] = {}
    for point in sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value)):
        if point.name in BUILT_IN or point.name in found:
            warn(f"the plug-in {point.value} is left out: there is a modality {point.name!r} already")
        else:
            found[point.name] = point
    return found


def modality(name: str) -> Modality:
    """The modality of that name.

    Raises:
        ValueError: there is none, or its plug-in is broken.
    """
    if name in BUILT_IN:
        built_in: Modality = import_module(f"ptarmigan.modalities.{name}").MODALITY
        return built_in
    if name not in plugins():
        raise ValueError(f"there is no kind of data {name!r}; there are {', '.join(names())}")
    point = plugins()[name]
    try:
        found = point.load()
    except Exception as error:  # a plug-in is anybody's code
        raise ValueError(
            f"the plug-in {point.value} cannot be imported: {type(error).__name__}: {one_line(error)}"
        ) from error
    if not isinstance(found, Modality) or found.name != name:
        raise ValueError(f"the plug-in {point.value} is no Modality called {name!r}")
    return found


def modalities() -> tuple[Modality, ...]:
    """All of them; plug-ins that are broken are passed over, and told."""
    return tuple(likely_modalities())


def likely_modalities(space: str = "") -> Iterator[Modality]:
    """The same, imported one by one, beginning with those that are called like a space."""
    for name in sorted(names(), key=lambda name: not space.lower().startswith(name)):
        try:
            yield modality(name)
        except ValueError as error:
            warn(str(error))


def modality_of(space: Space) -> Modality:
    """The modality of samples that live in this space.

    Raises:
        ValueError: none has such a space.
    """
    for each in likely_modalities(type(space).__name__):
        if type(space) in each.spaces:
            return each
    raise ValueError(f"no kind of data has samples of {type(space).__name__}: is its plug-in installed?")


def networks_for(space: Space) -> Networks:
    """Plain networks for samples of this space.

    Raises:
        ValueError: its modality has none.
    """
    found = modality_of(space)
    if found.networks is None:
        raise ValueError(f"there are no plain networks for {found.plural}: name a recipe of theirs")
    return found.networks(space)


def optional_from_json(plain: Mapping[str, Any] | None) -> Space | None:
    """The space that is described, where one is.

    Raises:
        ValueError: the description names no space, or does not fit it.
    """
    return None if plain is None else from_json(plain)


def from_json(plain: Mapping[str, Any]) -> Space:
    """The space that ``Space.to_json`` described.

    Raises:
        ValueError: the description names no space, or does not fit it.
    """
    kind = str(plain.get("kind"))
    spaces = (space for each in likely_modalities(kind) for space in each.spaces)
    found = next((space for space in spaces if space.__name__ == kind), None)
    if found is None:
        known = sorted(space.__name__ for each in modalities() for space in each.spaces)
        raise ValueError(f"unknown space {kind!r}: expected one of {', '.join(known)}")
    try:
        space = found.from_plain({name: value for name, value in plain.items() if name != "kind"})
        check_fields(space)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise ValueError(f"the description of a {kind} does not fit it: {one_line(error)}") from error
    return space


@cache
def warn(words: str) -> None:
    """Say in a line what is wrong with a plug-in, once."""
    say(f"ptarmigan: {words}")
