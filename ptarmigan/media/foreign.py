"""Files that may come from anybody: opened only where they are files, and read as far as there is memory.

A pipe, a device or a socket can have any name, and would be waited for, or read, for ever.
"""

from __future__ import annotations

import io
import lzma
import os
import stat
import struct
import zipfile
import zlib
from pathlib import Path
from typing import IO, TextIO, cast

from ptarmigan.core.memory import amount, check_memory

KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
}
FLAGS = ("O_NONBLOCK", "O_BINARY", "O_CLOEXEC")
AT_ONCE = os.O_RDONLY | sum(getattr(os, flag, 0) for flag in FLAGS)
"""A pipe that took the place of a file is not waited for either."""
DAMAGED = (EOFError, OSError, RuntimeError, struct.error, zipfile.BadZipFile, zlib.error, lzma.LZMAError)
"""What reading something packed raises where it is damaged, encrypted or packed in a strange way."""
UNPACKED_TIMES, UNPACKED_MORE = 100, 1 << 30
"""What is packed may unpack to so many times its size and so many bytes more: data hardly shrink further."""


def regular(path: str | os.PathLike[str]) -> Path:
    """The path of a file, or of a link to one, for who opens it by its name.

    Raises:
        FileNotFoundError: there is none.
        ValueError: something else is there.
    """
    found = Path(path)
    check_kind(found.stat().st_mode, found)
    return found


def check_kind(mode: int, path: Path) -> None:
    """See that it is a file.

    Raises:
        ValueError: it is something else.
    """
    if not stat.S_ISREG(mode):
        raise ValueError(f"{path} is {KINDS.get(stat.S_IFMT(mode), 'something else')} and no file")


def open_binary(path: str | os.PathLike[str], buffering: int = -1) -> io.BufferedReader:
    """A file, to be read.

    Raises:
        FileNotFoundError: there is none.
        ValueError: something else is there.
    """
    found = regular(path)
    handle = os.open(found, AT_ONCE)
    try:
        check_kind(os.fstat(handle).st_mode, found)
        return cast(io.BufferedReader, os.fdopen(handle, "rb", buffering))
    except BaseException:
        os.close(handle)
        raise


def open_text(
    path: str | os.PathLike[str], encoding: str = "utf-8", errors: str = "strict", newline: str | None = None
) -> TextIO:
    """The same, of text."""
    return io.TextIOWrapper(open_binary(path), encoding, errors, newline)


def read_bytes(path: str | os.PathLike[str], most: int | None = None) -> bytes:
    """All that a file holds.

    Args:
        path: of the file.
        most: bytes; as many as there is memory for when None.

    Raises:
        FileNotFoundError: there is none.
        ValueError: something else is there, or it is larger.
    """
    with open_binary(path, 0) as file:
        size = os.fstat(file.fileno()).st_size
        if most is not None and size > most:
            raise ValueError(f"{path} is too large: {amount(size)}, and no more than {amount(most)} are read")
        check_memory(size, str(path))
        return b"".join(iter(lambda: file.read(1 << 24), b"")) if size else b""


def check_unpacked(size: int, packed: int, what: str) -> None:
    """See that what is unpacked goes into memory, and is not packed tighter than data are.

    Args:
        size: bytes that it unpacks to, as it says itself.
        packed: bytes that it has.
        what: people call it.

    Raises:
        ValueError: it is too large.
    """
    if size > UNPACKED_TIMES * packed + UNPACKED_MORE:
        raise ValueError(f"{what} has {amount(packed)} and unpacks to {amount(size)}, far more than data do")
    check_memory(size, what)


def is_stored(file: str | os.PathLike[str] | IO[bytes], size: int) -> bool:
    """Whether a zip archive of ``size`` bytes unpacks to no more bytes than these."""
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
    except (*DAMAGED, ValueError):
        return False
    packed = any(part.compress_type != zipfile.ZIP_STORED for part in parts)
    return not packed and sum(part.file_size for part in parts) <= size


class Bounded:
    """A packed file as it is unpacked, which ends with an error where that becomes too much.

    Args:
        file: what is unpacked as it is read.
        packed: bytes that it has.
        what: people call it.
    """

    def __init__(self, file: IO[bytes], packed: int, what: str) -> None:
        self.file, self.packed, self.what, self.read_so_far = file, packed, what, 0

    def read(self, size: int = -1) -> bytes:
        """The next bytes.

        Raises:
            ValueError: there are more than data would unpack to.
        """
        parts = []
        while size != 0 and (part := self.file.read(1 << 20 if size < 0 else min(size, 1 << 20))):
            parts.append(part)
            self.read_so_far += len(part)
            size -= len(part) if size > 0 else 0
            check_unpacked(self.read_so_far, self.packed, self.what)
        return b"".join(parts)
