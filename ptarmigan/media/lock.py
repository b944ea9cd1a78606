"""One process at a time in a folder, by a lock that the system takes back however its holder ends."""

from __future__ import annotations

import contextlib
import errno
import math
import os
import platform
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from filelock import FileLock, Timeout

from ptarmigan.media.console import say
from ptarmigan.media.foreign import open_binary, read_bytes

NAME = ".lock"
"""The file that is locked; it stays, since one that is removed could be locked twice."""
LOCKS = "/proc/locks"
"""Where Linux lists the locks that are held."""
AWAY = 60.0
"""Seconds after which a process of another machine that has logged nothing is thought to have ended."""
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
        found = _read_holder(folder)
    except (OSError, ValueError):  # Windows lets nobody read it
        found = None
    return f"process {found[0]} on {found[1] or 'this machine'}" if found else "another process"


def _read_holder(folder: Path) -> tuple[int, str] | None:
    """The number and the machine of the process that locked the folder last."""
    words = read_bytes(folder / NAME, 300).decode(errors="replace")
    found = re.fullmatch(r"(\d{1,9}) on ([\w.-]*)\n", words)
    return (int(found[1]), found[2]) if found else None


def is_held(folder: Path, at_work: Callable[[], float] = lambda: math.inf) -> bool:
    """Whether a process is in the folder now; nothing is locked to find out, so nobody is refused for it.

    Args:
        folder: that might be in use.
        at_work: how many seconds ago something was written there: by that a process of another machine is
            seen.
    """
    try:
        holder = _read_holder(folder)
        if holder is None:
            return False
        if holder[1] not in ("", platform.node()):
            return at_work() < AWAY
        return (folder / NAME).stat().st_ino in _locked_files() if Path(LOCKS).exists() else _lives(holder[0])
    except FileNotFoundError:
        return False
    except (OSError, ValueError):
        return os.name == "nt"  # where nobody reads what is locked


def _locked_files() -> set[int]:
    """The inodes of files that are locked on this machine."""
    with open_binary(LOCKS, 0) as file:
        lines = b"".join(iter(lambda: file.read(1 << 16), b"")).decode(errors="replace").splitlines()
    return {int(found[1]) for line in lines if (found := re.search(r"FLOCK .*:(\d+) ", line))}


def _lives(process: int) -> bool:
    """Whether there is a process of that number."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _tidy(folder: Path, new: list[Path]) -> None:
    """Leave no folder that was made for nothing but its lock."""
    if new and [path.name for path in folder.iterdir()] == [NAME]:
        with contextlib.suppress(OSError):
            (folder / NAME).unlink()
            for path in new:
                path.rmdir()
