"""Files and folders that are written whole or not at all: first as a draft beside their place."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LONGEST = 200
"""Bytes of a file's name that stand in its draft's name: file systems allow 255 in all."""
ENDING = ".draft"


def write(path: Path, data: bytes) -> None:
    """Put ``data`` at ``path`` so that a reader sees the old file or the new one, whatever happens between.

    Raises:
        OSError: the disk is full, say; what was there before is untouched.
    """
    with draft(path) as place:
        place.write_bytes(data)


@contextmanager
def create(path: Path, *, sync: bool = True) -> Iterator[Path]:
    """A draft of a file or folder that is not there yet, nor need its parent folders be.

    Args:
        path: where to.
        sync: as in ``draft``.

    Raises:
        ValueError: there is something at ``path``, and it is no empty folder.
    """
    check_vacant(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with draft(path, sync=sync) as place:
        yield place


@contextmanager
def draft(path: Path, *, sync: bool = True) -> Iterator[Path]:
    """A hidden name beside ``path`` for a file or a folder, which replaces ``path`` when all went well.

    When not, it is removed and ``path`` is what it was.

    Args:
        path: where to.
        sync: see that it outlasts a power cut; a file in a folder that is itself a draft need not.
    """
    place = path.with_name(_draft_name(path.name))
    try:
        yield place
        replace(place, path, sync=sync)
    finally:
        if place.is_dir():
            shutil.rmtree(place)
        place.unlink(missing_ok=True)


def replace(place: Path, path: Path, *, sync: bool = True) -> None:
    """Rename a finished file or folder to ``path``, over a file or an empty folder that is there.

    Args:
        place: what was written, on the same file system.
        path: where to.
        sync: have the disk write it down first, then its name; of a folder the name only.
    """
    if sync and place.is_file():
        with open(place, "r+b") as file:
            os.fsync(file.fileno())
    if path.is_dir():
        path.rmdir()
    os.replace(place, path)
    if sync and os.name != "nt":  # Windows opens no folders
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def check_vacant(path: Path) -> None:
    """Nothing is there, or an empty folder.

    Raises:
        ValueError: something is.
    """
    if path.is_dir() and any(path.iterdir()):
        raise ValueError(f"{path} is not empty: choose another --out")
    if path.exists() and not path.is_dir():
        raise ValueError(f"{path} is there already: choose another --out")


def _draft_name(name: str) -> str:
    """A hidden name of its own, on whatever machine, and never too long."""
    start = os.fsdecode(os.fsencode(name)[:LONGEST])
    return f".{start}.{secrets.token_hex(4)}{ENDING}"
