"""What run.json keeps of the data of a run: in words, by a digest of their content, and where they were."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ptarmigan.data.fingerprint import Fingerprint, described
from ptarmigan.media.files import path_of

DATA = "data"
"""The key under which that stands, and the option that says what the data are."""
PLACES = ("path", "folder")
"""What is not shared: where the data are, and the folder that other paths begin in."""


def as_plain(known: Fingerprint) -> dict[str, Any]:
    """A fingerprint as run.json keeps it."""
    return {name: value for name, value in dataclasses.asdict(known).items() if value or name == "digest"}


def data_option(data: Any) -> str:
    """The data as an option in run.json: a name or a path, or in words what was in memory."""
    return str(data) if isinstance(data, str | Path) else described(data)


def this_folder() -> str:
    """The working directory; empty where it was removed."""
    try:
        return str(Path.cwd())
    except OSError:
        return ""


def are_others(before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Whether two fingerprints are of different data, as far as is known."""
    if before["digest"] and now["digest"]:
        return bool(before["digest"] != now["digest"])
    return bool(before["words"] != now["words"])


def difference(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """How the data that a run is to go on with differ from its own, in words; empty where they do not."""
    if not are_others(before, now):
        return ""
    if before.get("path") and before["path"] == now.get("path"):
        said = "" if before["words"] == now["words"] else f": it was {before['words']} and is {now['words']}"
        return f"{now['path']} was changed{said}"
    one, other = (found.get("path") or found["words"] for found in (before, now))
    return f"{one} and {other} differ" if one != other else f"they are {one} of other content"


def located(description: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a run, with its data and other files where they were, if they still are there."""
    known = description.get(DATA, {})
    options = {name: found_from(known.get("folder", ""), v) for name, v in description["options"].items()}
    place = known.get("path", "")
    if place and (Path(place).exists() or ("{" in place and not path_of(options[DATA]).parent.is_dir())):
        options[DATA] = place
    return options


def found_from(folder: str, option: Any) -> Any:
    """An option; where it is the path of a file that is not here but in that folder, the path of that."""
    if not folder or not isinstance(option, str) or not ("/" in option or Path(option).suffix):
        return option
    there = Path(folder) / option
    return str(there) if not path_of(option).exists() and there.exists() else option


def to_share(description: Mapping[str, Any]) -> dict[str, Any]:
    """A description without the places of files on this machine."""
    known = {name: value for name, value in description.get(DATA, {}).items() if name not in PLACES}
    return {**description, **({DATA: known} if known else {})}
