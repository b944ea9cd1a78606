"""Recipes in files of a person's own: run only where somebody names the file, or trained with it here.

A run says what its recipe is, and a run may come from anybody: a file that it names is not run for that. Who
trains by a file named it. The digest of the file is then noted outside of the run's folder, under
``$XDG_STATE_HOME`` or ``~/.local/state``, and a run with that digest finds the file while it is unchanged.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ptarmigan.media.files import write
from ptarmigan.media.foreign import read_bytes
from ptarmigan.training.run_folder import DIGEST

_named: dict[str, Path] = {}
"""What a person named in this process: the files of runs, by what these say of them."""


def is_own(name: str) -> bool:
    """Whether a recipe is a file, and none of the zoo or of a plug-in."""
    return name.endswith(".py")


def stamp(name: str) -> dict[str, str]:
    """What run.json says of the file that a recipe is; nothing of a recipe that is none.

    A person named the file to train by it, which is noted.
    """
    if not is_own(name):
        return {}
    file = Path(name).resolve()
    digest = digest_of(file)
    remember(digest, file)
    return {DIGEST: digest}


def digest_of(file: Path) -> str:
    """The SHA-256 of a file."""
    return hashlib.sha256(read_bytes(file)).hexdigest()


def remember(digest: str, file: Path) -> None:
    """Note that a person named a file: for this process, and where there is a place for it for later ones."""
    _named[digest] = file
    try:
        note = note_of(digest)
        note.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write(note, os.fsencode(file))
    except (OSError, RuntimeError):  # no home, or one that is full or read-only: then it is named again
        return


def note_of(digest: str) -> Path:
    """Where the place of the file of that digest is noted.

    Raises:
        RuntimeError: nobody knows where this user's home is.
    """
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "ptarmigan" / "recipes" / digest


def name_file(described: Mapping[str, Any], file: str) -> Path:
    """Take a person's word that a run is to use this file.

    Raises:
        ValueError: its recipe is in no file, or there is no such file.
    """
    if not is_own(described["recipe"]):
        raise ValueError(f"--recipe {file}: this run is of {described['recipe']}, which needs no file")
    if not is_own(file) or not Path(file).is_file():
        raise ValueError(f"--recipe {file}: there is no such file; a recipe is one like mine.py")
    _named[key_of(described)] = found = Path(file).resolve()
    return found


def file_of(described: Mapping[str, Any]) -> Path:
    """The file of a run's recipe, where a person named it.

    Raises:
        ValueError: nobody did, or it has changed since; the message says how to.
    """
    key = key_of(described)
    found = _named.get(key) or noted(key)
    if found is None or not found.is_file():
        why = "is a file that may come from anybody, so it is not run"
    elif key in _named or digest_of(found) == key:
        return found
    else:
        why = "has changed since the run was trained"
    raise ValueError(
        f"the recipe {described['recipe']} of this run {why}: name the file that you trust, "
        "as in --recipe mine.py, or recipe='mine.py' in Python"
    )


def key_of(described: Mapping[str, Any]) -> str:
    """By what the file of a run's recipe is known: its digest, or in older runs its name."""
    return str(described.get(DIGEST) or described["recipe"])


def noted(digest: str) -> Path | None:
    """The file of that digest which was trained with on this machine."""
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        return None
    try:
        note = note_of(digest)
        return Path(os.fsdecode(read_bytes(note)))
    except (OSError, RuntimeError, ValueError):
        return None
