"""Files and folders that are written whole or not at all: first as a draft, which is then renamed."""

from __future__ import annotations

import contextlib
import functools
import os
import platform
import re
import secrets
import shutil
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

LONGEST = 200
"""Bytes of a file's name that are part of its draft's name: file systems allow 255 in all."""
ENDING = ".draft"
DRAFT = re.compile(r"\..*\.(?:(?P<host>[0-9a-f]{8})-(?P<pid>\d+)-)?[0-9a-f]{4,8}\.draft", re.DOTALL)
"""A draft's name; those of earlier versions do not say whose they are."""
DAY = 86_400
"""Seconds after which nobody still writes a draft that is not of this machine."""


def write(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path`` atomically: a reader sees the old file or the new one.

    Raises:
        OSError: for example, the disk is full; an older file is unchanged.
    """
    with draft(path) as place:
        place.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """The same with text as UTF-8; what that has not, as in names of files that are no UTF-8, is escaped."""
    write(path, text.encode(errors="backslashreplace"))


@contextmanager
def create(path: Path, *, sync: bool = True) -> Iterator[Path]:
    """A draft of a new file or folder; missing parent folders are created.

    Args:
        path: where to.
        sync: as in ``draft``.

    Raises:
        ValueError: there is something at ``path`` other than an empty folder.
    """
    check_vacant(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with draft(path, sync=sync) as place:
        yield place


@contextmanager
def draft(path: Path, *, sync: bool = True) -> Iterator[Path]:
    """A hidden path in the same folder for a file or a folder, which replaces ``path`` on success.

    On an error it is removed, and ``path`` is unchanged.

    Args:
        path: where to.
        sync: flush it to the disk, so that it outlasts a power cut; not needed in a folder that is itself a
            draft.
    """
    place = path.with_name(_draft_name(path.name))
    if sync:
        clear_drafts(path.parent.absolute())
    try:
        yield place
        replace(place, path, sync=sync)
    except OSError as error:
        if error.filename in (None, str(place)):
            error.filename, error.filename2 = str(path), None  # a draft is nothing that people know of
        raise
    finally:
        remove(place)


def replace(place: Path, path: Path, *, sync: bool = True) -> None:
    """Rename a finished file or folder to ``path``, over a file or an empty folder that is there.

    Args:
        place: the finished file or folder, on the same file system.
        path: where to.
        sync: flush it to the disk first, then its name; of a folder the name only.
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


def path_of(text: str | os.PathLike[str]) -> Path:
    """Where a path leads that a person typed: ``~`` is the home, where there is one."""
    return Path(os.path.expanduser(text))


@contextmanager
def copied(file: IO[bytes], name: str) -> Iterator[Path]:
    """A copy of what an open file holds, for what reads from a path; it is gone after the block."""
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place, name)
        copy.write_bytes(file.read())
        yield copy


def check_vacant(path: Path) -> None:
    """Check that nothing is at ``path``, or an empty folder.

    Raises:
        ValueError: something is.
    """
    if path.is_dir() and any(path.iterdir()):
        raise ValueError(f"{path} is not empty: choose another --out")
    if path.exists() and not path.is_dir():
        raise ValueError(f"{path} is there already: choose another --out")


@functools.cache
def clear_drafts(folder: Path) -> None:
    """Remove what processes that were killed left in a folder; once, since folders can be large."""
    for place in list(folder.iterdir()) if folder.is_dir() else ():
        if is_left_behind(place):
            with contextlib.suppress(OSError):  # somebody else's, or removed by another process just now
                remove(place)


def is_draft(place: Path) -> bool:
    """Whether something is a draft, by its name."""
    return DRAFT.fullmatch(place.name) is not None


def is_left_behind(place: Path) -> bool:
    """Whether nobody writes a draft any more: its process is gone, or, elsewhere, it is old."""
    found = DRAFT.fullmatch(place.name)
    if found is None:
        return False
    if found["host"] == _host() and sys.platform != "win32":  # where asking for a process would end it
        return not _is_alive(int(found["pid"]))
    try:
        return time.time() - place.stat().st_mtime > DAY
    except OSError:
        return False


def remove(place: Path) -> None:
    """Remove a file or a folder, where there is one."""
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    place.unlink(missing_ok=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        pass
    return True


def _host() -> str:
    """This machine, in eight digits."""
    return f"{zlib.crc32(platform.node().encode(errors='replace')):08x}"


def _draft_name(name: str) -> str:
    """A unique hidden name with host and process, never too long."""
    start = os.fsdecode(os.fsencode(name)[:LONGEST])
    return f".{start}.{_host()}-{os.getpid()}-{secrets.token_hex(2)}{ENDING}"
