"""One process at a time in a folder, by a lock that the system takes back however its holder ends."""

from __future__ import annotations

import contextlib
import errno
import os
import platform
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from filelock import FileLock, Timeout

from ptarmigan.media.console import say
from ptarmigan.media.foreign import read_bytes

NAME = ".lock"
"""The file that is locked; it stays, since one that is removed could be locked twice."""
FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)
_held: ContextVar[frozenset[Path]] = ContextVar("_held", default=frozenset())


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Be the only process that is in ``folder``, which is made; whoever holds it already may ask again.

    Over NFS this holds as far as its server locks files. Where nothing can be locked, that is said, and the
    work goes on.

    Raises:
        ValueError: another process is; the message names it.
        OSError: nothing can be written there.
    """
    key = folder.resolve()
    if key in _held.get():
        yield
        return
    new = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    lock = _locked(folder)
    before = _held.set(_held.get() | {key})
    try:
        yield
    finally:
        _held.reset(before)
        lock.release()
        _tidy(folder, new)


def _locked(folder: Path) -> FileLock:
    lock = FileLock(folder / NAME)
    try:
        lock.acquire(timeout=0)
        with contextlib.suppress(OSError):  # it is only for others to read
            (folder / NAME).write_text(f"{os.getpid()} on {platform.node()}\n")
    except Timeout:
        raise ValueError(
            f"{folder} is in use: {_holder(folder)} writes into it; let it end, or choose another folder"
        ) from None
    except OSError as error:
        if error.errno in FORBIDDEN:
            raise
        say(f"{folder} cannot be locked ({error.strerror}): see that no other process writes into it")
    return lock


def _holder(folder: Path) -> str:
    """The process that holds the lock, in words."""
    try:
        found = re.fullmatch(r"(\d+) on ([\w.-]*)\n", read_bytes(folder / NAME).decode(errors="replace"))
    except (OSError, ValueError):  # Windows lets nobody read it
        found = None
    return f"process {found[1]} on {found[2] or 'this machine'}" if found else "another process"


def _tidy(folder: Path, new: list[Path]) -> None:
    """Leave no folder that was made for nothing but its lock."""
    if new and [path.name for path in folder.iterdir()] == [NAME]:
        with contextlib.suppress(OSError):
            (folder / NAME).unlink()
            for path in new:
                path.rmdir()
