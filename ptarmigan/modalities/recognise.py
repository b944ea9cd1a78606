"""What kind of data something is: every modality is asked, and exactly one has to say yes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ptarmigan.media.files import path_of
from ptarmigan.media.foreign import regular
from ptarmigan.modalities.modality import Modality
from ptarmigan.modalities.registry import likely_modalities, modalities, modality, warn


@dataclass(frozen=True)
class Recognised:
    """A modality, and why data are of it, in words; empty where a person said so."""

    modality: Modality
    reason: str

    @property
    def line(self) -> str:
        """What was understood, in a line."""
        return f"recognised as {self.modality.plural}" + (f": {self.reason}" if self.reason else "")


def recognise(data: Any, kind: str = "") -> Recognised:
    """The modality of data.

    Args:
        data: a name, a path, an array, a frame, …
        kind: the modality's name, where a person says it.

    Raises:
        FileNotFoundError: it is a path at which nothing is.
        ValueError: no modality takes it, or several do, or there is none of that name.
    """
    if kind:
        return Recognised(modality(kind), "")
    warn_of_namesake(data)
    path = path_of(data) if isinstance(data, str | Path) else Path()
    if path.exists() and not path.is_dir():
        regular(path)
    known = modalities()
    found = [Recognised(each, reason) for each in known if (reason := each.recognise(data))]
    if len(found) == 1:
        return found[0]
    if found:
        said = "; ".join(f"{each.modality.plural} ({each.reason})" for each in found)
        raise ValueError(
            f"{called(data)} could be {said}: say which with --kind, such as --kind {found[0].modality.name}"
        )
    nowhere = isinstance(data, str | Path) and not (str(data) and path_of(data).exists())
    if nowhere:
        raise FileNotFoundError(f"there is no data {str(data)!r}: nothing is there, and no set is called so")
    takes = "; ".join(f"{each.plural}: {each.takes}" for each in known if each.takes)
    raise ValueError(f"{called(data)} is no kind of data that is read: expected {takes}")


def is_set(data: Any) -> bool:
    """Whether data is the name of a built-in set, which counts before a file or folder that is called so."""
    return isinstance(data, str | Path) and any(str(data) in each.sets for each in likely_modalities())


def warn_of_namesake(data: Any) -> None:
    """Say where a file or folder lies that is called like the built-in set that is meant."""
    if is_set(data) and path_of(data).exists():
        here = path_of(data).absolute() if isinstance(data, Path) else f"./{data}"  # a Path has no ./
        warn(f"{data} is the built-in set of that name: what lies here is {here}")


def called(data: Any) -> str:
    """What people call the data."""
    return str(data) if isinstance(data, str | Path) else f"the {type(data).__name__}"
