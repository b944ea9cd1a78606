"""The folder of a run: its description, and who may write into it."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ptarmigan.core.errors import one_line
from ptarmigan.data.known import DATA, difference
from ptarmigan.media.files import clear_drafts, is_draft, path_of, write
from ptarmigan.media.lock import NAME as LOCK
from ptarmigan.media.lock import alone
from ptarmigan.media.plain import read_json
from ptarmigan.training.options import plain
from ptarmigan.training.provenance import commit, hardware, moved, versions
from ptarmigan.training.schema import Description, check
from ptarmigan.training.settings import Settings

FREE = frozenset({"minutes", "keep", "device", "vitals", "rescue"})
"""Settings that may differ when a run is resumed, because they do not change its numbers."""
FORCED = frozenset({"steps", "threads", "score_every", "patience"})
"""Options that may differ when asked for by ``force``."""
DEFAULTS = asdict(Settings())
"""The settings of a run of an earlier version that did not have them."""


DIGEST = "recipe_sha256"
"""The key of run.json under which the digest of a recipe stands that is a person's file."""
BY_HAND = "by hand"
"""In place of a recipe's name: the run was made in Python, without a recipe."""


class RunError(ValueError):
    """A problem with a run's folder that the user must decide; the message is one line."""


def describe(recipe: str, options: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    """The description of a run: recipe, options, settings, versions and machine."""
    return {
        "recipe": recipe,
        "options": options,
        "settings": settings,
        "versions": versions(),
        "commit": commit(),
        "hardware": hardware(),
        "command": shlex.join(["ptarmigan", *sys.argv[1:]]) if sys.argv[0].endswith("ptarmigan") else None,
    }


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Be the only process that writes into the folder of a run, or of one that is to be.

    Raises:
        RunError: it holds something else.
        ValueError: another process writes into it.
    """
    check_place(folder)
    with alone(folder):
        clear_drafts(folder.absolute())
        yield


def check_place(folder: Path) -> None:
    """A run is there, or nothing: what a killed process left of one is nothing.

    Raises:
        RunError: something else is.
    """
    if (folder / "run.json").exists() or not folder.exists():
        return
    if not folder.is_dir() or any(p.name != LOCK and not is_draft(p) for p in folder.iterdir()):
        raise RunError(f"{folder} is not empty and holds no run: choose another --out")


def claim(folder: Path, description: dict[str, Any], *, force: bool = False, data: Any = None) -> None:
    """Make ``folder`` this run's, or find that it is already.

    Args:
        folder: of the run.
        description: of the run.
        force: go on although what is in ``FORCED`` differs.
        data: what the recipe was given as data: a run of an earlier version knows them by that.

    Raises:
        RunError: it holds another run, or this one with other options or other data, or something else.
    """
    path = folder / "run.json"
    check_place(folder)
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        write(path, pretty(description))
        return
    there = load(folder)
    mine, theirs = asked(description), asked(there)
    if mine["recipe"] != theirs["recipe"] and not same_file(description, there):
        raise RunError(f"{folder} holds a run of {theirs['recipe']}: choose another --out")
    if mine["recipe"] != BY_HAND and there.get("edited", False) != description.get("edited", False):
        how = "edited in Python: go on with train(run, out=...)" if there.get("edited") else "not a Run"
        raise RunError(f"{folder} holds a run that was {how}, or choose another --out")
    earlier = {name: DEFAULTS[name] for name in description["settings"] if name in DEFAULTS}
    before = {**earlier, "threads": threads(folder), **there["settings"], **theirs["options"]}
    now = {**description["settings"], **mine["options"]}
    if DATA in there and DATA in description:
        if different := difference(there[DATA], description[DATA]):
            raise RunError(f"{folder} holds a run on other data ({different}): choose another --out")
        before.pop(DATA, None), now.pop(DATA, None)
    elif data is not None:
        now[DATA] = plain(data)
    changed = sorted(k for k in before | now if not same_option(before.get(k), now.get(k)) and k not in FREE)
    if changed and not (force and FORCED.issuperset(changed)):
        differences = ", ".join(f"{k} was {before.get(k)!r} and is {now.get(k)!r}" for k in changed)
        hint = "add --force to go on with it" if FORCED.issuperset(changed) else "choose another --out"
        raise RunError(f"{folder} holds a run with other options ({differences}): {hint}")
    if changed or any(there.get(key) != description.get(key) for key in ("options", DIGEST, DATA)):
        kept = ("recipe", "options", "settings", "asked", DIGEST, DATA)
        write(path, pretty(there | {name: description[name] for name in kept if name in description}))


def same_option(one: Any, other: Any) -> bool:
    """Whether two options are equal, or two spellings of a path; earlier versions kept a ``~``."""
    if isinstance(one, str) and isinstance(other, str) and one and other:
        return path_of(one) == path_of(other) or is_same_file(path_of(one), path_of(other))
    return bool(one == other)


def is_same_file(one: Path, other: Path) -> bool:
    """Whether two paths lead to one file or folder."""
    return one.exists() and other.exists() and one.samefile(other)


def same_file(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether the recipes of two runs are one file, by whatever path."""
    return DIGEST in one and one[DIGEST] == other.get(DIGEST)


def complete(folder: Path, recipe: str, defaults: dict[str, Any]) -> None:
    """Add the options that a recipe got after the run in a folder was begun, at their defaults.

    Raises:
        RunError: what is there cannot be read.
    """
    if not (folder / "run.json").exists():
        return
    there = load(folder)
    before = pretty(there)
    for each in (there, there.get("asked", {})):
        if each.get("recipe") == recipe:
            each["options"] = {**defaults, **each["options"]}
    if pretty(there) != before:
        write(folder / "run.json", pretty(there))


def asked(description: dict[str, Any]) -> dict[str, Any]:
    """The recipe and the options that a person asked for; what is in force differs once a run was treated."""
    found: dict[str, Any] = description.get("asked") or description
    return {"recipe": found["recipe"], "options": found["options"]}


def treatments(folder: Path) -> list[dict[str, Any]]:
    """How the run in a folder was treated: ``recipe``, ``changes`` of options, the step it went back ``to``.

    Raises:
        RunError: what is there cannot be read.
    """
    if not (folder / "run.json").exists():
        return []
    found: list[dict[str, Any]] = load(folder).get("treatments", [])
    return found


def treat(folder: Path, treatment: dict[str, Any]) -> None:
    """Write down one more treatment; the options that follow are written when the run goes on with them."""
    there = load(folder)
    more = {"asked": asked(there), "treatments": [*treatments(folder), treatment]}
    write(folder / "run.json", pretty(there | more))


def load(folder: Path) -> dict[str, Any]:
    """The description in a run's folder.

    Raises:
        RunError: there is none, or it cannot be read.
    """
    path = folder / "run.json"
    if not path.exists():
        raise RunError(f"{folder} is not a run: it has no run.json")
    try:
        described: dict[str, Any] = read_json(path)
    except (OSError, ValueError) as error:
        raise RunError(f"{path} cannot be read: {one_line(error)}") from error
    try:
        check(Description, described, f"{path} does not describe a run")
    except ValueError as error:
        raise RunError(str(error)) from None
    return described


def threads(folder: Path) -> int:
    """The number of threads that the run in a folder was begun with; 0 where there is none.

    Raises:
        RunError: what is there cannot be read.
    """
    if not (folder / "run.json").exists():
        return 0
    there = load(folder)
    of_machine = there.get("hardware", {}).get("threads", 0)  # before they were a setting
    return int(there["settings"].get("threads", 0) or of_machine)


def moved_since(folder: Path) -> str:
    """What has changed since a run was begun, so that its last bits may change too; empty if nothing."""
    found = moved(load(folder)) if (folder / "run.json").exists() else ""
    return found and f", {found}"


def pretty(plain: dict[str, Any]) -> bytes:
    """Indented JSON."""
    return (json.dumps(plain, indent=2, default=str) + "\n").encode()
