"""Files that can be made again: unpacked archives and decoded images, written whole or not at all."""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import os
import shutil
import struct
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from ptarmigan.media.files import draft, path_of
from ptarmigan.media.foreign import open_binary
from ptarmigan.media.plain import read_json

SPARE = 256 << 20
"""Bytes of a disk that are left free."""
DAY = 86_400
UNUSED = 60 * DAY
"""What was not asked for in so many seconds is removed when something new of its kind is made."""


def cache_dir() -> Path:
    """Where downloads, decoded images and trained classifiers are kept; without a home for this process."""
    if named := os.environ.get("PTARMIGAN_CACHE"):
        return path_of(named)
    home = path_of("~")
    return home / ".cache" / "ptarmigan" if home.is_absolute() else _scratch()


def made(kind: str, name: str, need: int, write: Callable[[BinaryIO], None]) -> Path | None:
    """The file ``name`` of this ``kind``, made by ``write`` where it is not there yet.

    It is made in the cache, or in a folder for temporary files where the cache is full or read-only.

    Args:
        kind: a folder of the cache.
        name: says everything that the content depends on.
        need: about how many bytes it will have.
        write: puts the content into an open file; its errors that are no ``OSError`` pass through.

    Returns:
        The file's path, or None where no folder can take it.
    """
    cached = cache_dir() / kind / name
    if cached.is_file():
        with contextlib.suppress(OSError):  # a cache of somebody else's
            os.utime(cached)
        return cached
    for folder in _folders(kind):
        try:
            return _make(folder, name, need, write)
        except OSError:
            continue
    return None


def _folders(kind: str) -> Iterator[Path]:
    yield cache_dir() / kind
    yield _scratch() / kind


@functools.cache
def _scratch() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="ptarmigan-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _make(folder: Path, name: str, need: int, write: Callable[[BinaryIO], None]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        left_behind = old.name.startswith(".")  # the draft of a process that was killed
        with contextlib.suppress(FileNotFoundError):  # another process removes it, too
            if time.time() - old.stat().st_mtime > (DAY if left_behind else UNUSED):
                old.unlink()
    if shutil.disk_usage(folder).free < need + SPARE:
        raise OSError("the disk is full")
    with draft(folder / name) as place, open(place, "wb") as file:
        write(file)
    return folder / name


def remembered(kind: str, name: str, compute: Callable[[], Any]) -> Any:
    """What ``compute`` returns (plain data), from the cache where it was computed before."""
    try:
        return read_json(cache_dir() / kind / name)
    except (OSError, ValueError):  # not there, or damaged
        value = compute()
    data = json.dumps(value).encode()
    made(kind, name, len(data), lambda file: _put(file, data))
    return value


def _put(file: BinaryIO, data: bytes) -> None:
    file.write(data)


def end_with(file: BinaryIO, note: Any) -> None:
    """Close a file of binary data with a note (plain data) that ``note_of`` finds."""
    data = json.dumps(note).encode()
    file.write(data)
    file.write(struct.pack("<Q", len(data)))


def note_of(path: Path) -> tuple[Any, int]:
    """The note at the end of a file, and where it begins.

    Raises:
        ValueError: the file has none.
    """
    with open_binary(path) as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 8))
        tail = file.read(8)
        begin = size - 8 - struct.unpack("<Q", tail)[0] if len(tail) == 8 else -1
        if begin < 0:
            raise ValueError(f"{path} is damaged: remove it")
        file.seek(begin)
        return json.loads(file.read(size - 8 - begin)), begin
