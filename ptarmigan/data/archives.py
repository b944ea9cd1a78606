"""Folders, zip and tar archives: files by number, read in place and from any thread."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import lzma
import os
import re
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np

from ptarmigan.data.cache import made
from ptarmigan.data.permutation import Indices
from ptarmigan.media.files import path_of
from ptarmigan.media.foreign import DAMAGED, UNPACKED_MORE, UNPACKED_TIMES, open_binary, regular

PACKED_TARS = (".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tbz2")
TARS = (".tar", *PACKED_TARS)
ENCRYPTED = 1
UTF8 = 1 << 11
"""The flag of a member whose name is UTF-8 (APPNOTE 4.4.4)."""
ENCODINGS = ("utf-8", "gb2312", "cp437")
LOCAL_HEADER = 30
MOST_SHARDS = 100_000


class Container(Protocol):
    """Files by number.

    Attributes:
        where: what people call it.
        names: path of every file within, with forward slashes.
        sizes: bytes of every file.
    """

    where: str
    names: list[str]
    sizes: Indices

    def read(self, i: int, first: int | None = None) -> bytes:
        """The ``i``-th file, or only its ``first`` bytes; safe to call from several threads.

        Raises:
            OSError: it cannot be read.
            ValueError: it is damaged.
        """
        ...

    def stamp(self) -> str:
        """Changes when the content does."""
        ...


class Folder:
    """The files below a folder, hidden ones left out."""

    def __init__(self, path: Path) -> None:
        self.where, self.path = str(path), path
        found, seen = [], set()
        for folder, inner, files in os.walk(path, followlinks=True):
            if (real := os.path.realpath(folder)) in seen:  # a link to a folder that holds it
                inner.clear()
                continue
            seen.add(real)
            inner[:] = sorted(name for name in inner if not name.startswith("."))
            base = Path(folder).relative_to(path).as_posix()
            prefix = "" if base == "." else f"{base}/"
            found += [prefix + name for name in files if not name.startswith(".")]
        self.names = sorted(found)
        self._digest = hashlib.blake2b(str(path.resolve()).encode(), digest_size=16)
        self.sizes = np.zeros(len(self.names), np.int64)
        for i, name in enumerate(self.names):
            try:
                stat = (path / name).stat()
            except OSError:  # a dangling link: reading it will say so
                continue
            self.sizes[i] = stat.st_size
            self._digest.update(f"{name}\0{stat.st_size}\0{times(stat)}\0".encode(errors="replace"))

    def read(self, i: int, first: int | None = None) -> bytes:
        """The ``i``-th file, or only its ``first`` bytes."""
        with open_binary(self.path / self.names[i], 0) as file:
            return file.read(int(self.sizes[i]) if first is None else first)

    def stamp(self) -> str:
        """Changes with the name, size or times of any file."""
        return self._digest.hexdigest()


@dataclass(frozen=True)
class _Entry:
    begin: int
    packed: int
    method: int
    crc: int


class Zip:
    """The files in a zip archive, which stays packed.

    Members are read by their place in the archive, each call with a file handle of its own, so threads never
    wait for one another.

    Raises:
        ValueError: it is no zip archive, or a member is encrypted, oddly packed, or named so as to escape.
    """

    def __init__(self, path: Path) -> None:
        self.where, self.path = str(path), path
        self._stamp = stamp(path)
        file = regular(path)
        try:
            with zipfile.ZipFile(file) as archive:
                every = archive.infolist()
        except DAMAGED as error:
            raise ValueError(f"{path} is not a readable zip archive ({error})") from None
        named = sorted(zip(member_names(every), every, strict=True), key=lambda pair: pair[0])
        found = [(name, member) for name, member in named if not name.endswith("/")]
        for name, member in found:
            _check_name(path, name)
            if member.flag_bits & ENCRYPTED:
                raise ValueError(f"{path} is encrypted ({name}): unpack it and give the folder")
            if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise ValueError(
                    f"{path}: {name} is packed in a way that cannot be read in place: "
                    "pack it again with deflate"
                )
        self.names = [name for name, _ in found]
        self.sizes = np.array([m.file_size for _, m in found], np.int64)
        self._entries = [_Entry(m.header_offset, m.compress_size, m.compress_type, m.CRC) for _, m in found]

    def read(self, i: int, first: int | None = None) -> bytes:
        """The ``i``-th file, or only its ``first`` bytes; whole files are held against their checksum."""
        entry, size = self._entries[i], int(self.sizes[i])
        if entry.packed > size + size // 8 + 1024:
            raise ValueError("damaged (packed larger than unpacked)")
        wanted = size if first is None else min(first, size)
        with open_binary(self.path, 0) as file:
            local = _range(file, entry.begin, LOCAL_HEADER)
            if len(local) < LOCAL_HEADER or local[:4] != b"PK\3\4":
                raise ValueError("damaged (no header in the archive)")
            name, extra = struct.unpack("<HH", local[26:30])
            data = _range(
                file,
                entry.begin + LOCAL_HEADER + name + extra,
                entry.packed if wanted == size else min(entry.packed, wanted + 1024),
            )
        if entry.method == zipfile.ZIP_DEFLATED:
            try:
                data = zlib.decompressobj(-15).decompress(data, max(wanted, 1))
            except zlib.error as error:
                raise ValueError(f"damaged ({error})") from None
        data = data[:wanted]
        if wanted == size and (len(data) != size or zlib.crc32(data) != entry.crc):
            raise ValueError("damaged (wrong checksum in the archive)")
        return data

    def stamp(self) -> str:
        """Changes with the archive's path, size or times."""
        return self._stamp


def member_names(members: Sequence[zipfile.ZipInfo]) -> list[str]:
    """The names in a zip archive with forward slashes, also where it was written by an old Windows.

    Names that are not marked as UTF-8 are so nevertheless (macOS), or Chinese (GB 2312), or in cp437, as the
    format has it; all of an archive alike.
    """
    raw = [m.orig_filename.encode("cp437") for m in members if not m.flag_bits & UTF8]
    encoding = next(each for each in ENCODINGS if _reads_as(raw, each))
    names = (
        m.orig_filename if m.flag_bits & UTF8 else m.orig_filename.encode("cp437").decode(encoding)
        for m in members
    )
    return [name.split("\0")[0].replace("\\", "/") for name in names]


def _reads_as(names: Sequence[bytes], encoding: str) -> bool:
    """Whether all names can be meant in an encoding; in a Chinese one, if what is no ASCII is a character."""
    try:
        texts = [name.decode(encoding) for name in names]
    except UnicodeDecodeError:
        return False
    return encoding != "gb2312" or all(c < "\x80" or c >= "\u4e00" for text in texts for c in text)


class Tars:
    """The files in one tar archive or in several shards, read in place.

    With several, a file's name begins with its shard's. A compressed tar can only be read from its start, so
    it is unpacked into the cache once, as a plain tar.

    Raises:
        ValueError: one is no tar archive or is cut short, or a member is named so as to escape.
    """

    def __init__(self, paths: Sequence[Path], where: str | None = None) -> None:
        self.where = where or str(paths[0])
        self._stamp = hashlib.blake2b("\n".join(stamp(p) for p in paths).encode(), digest_size=16).hexdigest()
        self._plain = [unpacked_tar(path) for path in paths]
        found: list[tuple[str, int, int, int]] = []
        for shard, (path, plain) in enumerate(zip(paths, self._plain, strict=True)):
            prefix = f"{path.name}/" if len(paths) > 1 else ""
            found += [(prefix + name, shard, begin, size) for name, begin, size in _tar_members(path, plain)]
        found.sort()
        self.names = [name for name, *_ in found]
        self._places = [(shard, begin) for _, shard, begin, _ in found]
        self.sizes = np.array([size for *_, size in found], np.int64)

    def read(self, i: int, first: int | None = None) -> bytes:
        """The ``i``-th file, or only its ``first`` bytes."""
        shard, begin = self._places[i]
        size = int(self.sizes[i])
        wanted = size if first is None else min(first, size)
        with open_binary(self._plain[shard], 0) as file:
            data = _range(file, begin, wanted)
        if len(data) < wanted:
            raise ValueError("cut short by the end of the archive")
        return data

    def stamp(self) -> str:
        """Changes with any archive's path, size or times."""
        return self._stamp


def container(text: str) -> Container | None:
    """The folder, archive or shards of this path, or None where it is something else.

    Raises:
        FileNotFoundError: one of the shards is not there.
        ValueError: it is damaged.
    """
    path = path_of(text)
    if path.is_dir():
        return Folder(path)
    if "{" in text and not path.exists():
        return Tars(shards(text), text)
    if not path.is_file():
        return None
    if path.name.lower().endswith(".zip"):
        return Zip(path)
    return Tars([path]) if path.name.lower().endswith(TARS) else None


def shards(pattern: str) -> list[Path]:
    """The files that ``shard-{000000..000009}.tar`` names, in order.

    Raises:
        FileNotFoundError: one of them is not there.
        ValueError: the braces hold no range of numbers.
    """
    parts = re.split(r"\{(\d+)\.\.(\d+)\}", pattern)
    if len(parts) == 1:
        raise ValueError(f"{pattern}: braces hold a range of numbers, like shard-{{000000..000009}}.tar")
    ranges = list(zip(parts[1::3], parts[2::3], strict=True))
    count = 1
    for low, high in ranges:
        count *= max(0, int(high) - int(low) + 1)
    if not 0 < count <= MOST_SHARDS:
        raise ValueError(f"{pattern} names {count} files: expected 1 to {MOST_SHARDS}")
    choices = [[f"{n:0{len(low)}d}" for n in range(int(low), int(high) + 1)] for low, high in ranges]
    texts = parts[0::3]
    paths = [
        path_of("".join(text + number for text, number in zip(texts, (*numbers, ""), strict=True)))
        for numbers in product(*choices)
    ]
    missing = [path for path in paths if not path.is_file()]
    if missing:
        raise FileNotFoundError(f"{pattern}: there is no {missing[0]}")
    return paths


def unpacked_tar(path: Path) -> Path:
    """A plain tar with the content of ``path``, which may be compressed: then it is made in the cache.

    Raises:
        ValueError: it is damaged, unpacks to far more than images do, or there is no room for it.
    """
    if not path.name.lower().endswith(PACKED_TARS):
        return path
    size = path.stat().st_size
    most = UNPACKED_TIMES * size + UNPACKED_MORE
    name = hashlib.blake2b(stamp(path).encode(), digest_size=16).hexdigest() + ".tar"
    plain = made("unpacked", name, size, lambda file: _unpack(path, file, most))
    if plain is None:
        raise ValueError(
            f"there is no room to unpack {path}: point $PTARMIGAN_CACHE to a larger disk, or unpack it"
        )
    return plain


def stamp(path: Path) -> str:
    """Path, size and times of a file."""
    stat = path.stat()
    return f"{path.resolve()}:{stat.st_size}:{times(stat)}"


def times(stat: os.stat_result) -> str:
    """When a file was written: as it says itself, which anybody can set, and as the system noted."""
    return f"{stat.st_mtime_ns}:{stat.st_ctime_ns}"


def _unpack(path: Path, out: BinaryIO, most: int) -> None:
    written = 0
    with _opened(path) as file:
        while chunk := _chunk(file, path):
            written += len(chunk)
            if written > most:
                raise ValueError(f"{path} unpacks to over {most >> 20} MB, far more than images do")
            out.write(chunk)


def _opened(path: Path) -> BinaryIO:
    file, kind = regular(path), path.name.lower()[-2:]
    if kind == "xz":
        return lzma.open(file, "rb")  # type: ignore[return-value]
    return bz2.open(file, "rb") if kind == "z2" else gzip.open(file, "rb")  # type: ignore[return-value]


def _chunk(file: BinaryIO, path: Path) -> bytes:
    try:
        return file.read(1 << 20)
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise ValueError(f"{path} is damaged ({error})") from None


def _tar_members(path: Path, plain: Path) -> list[tuple[str, int, int]]:
    out = []
    try:
        with tarfile.open(regular(plain), "r:") as archive:
            for member in archive:
                if member.isreg() and not member.issparse():
                    _check_name(path, member.name)
                    out.append((member.name.removeprefix("./"), member.offset_data, member.size))
                archive.members = []  # type: ignore[attr-defined]  # else tarfile keeps them all
            end = archive.offset
    except (tarfile.TarError, EOFError) as error:
        raise ValueError(f"{path} is not a whole tar archive ({error})") from None
    # tarfile ends without a word at a header that is cut or spoiled
    with open_binary(plain) as file:
        if _range(file, end, tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
            raise ValueError(
                f"{path} is not a whole tar archive (it has no end mark): fetch or pack it again"
            )
    return out


def _check_name(path: Path, name: str) -> None:
    plain = name.replace("\\", "/")
    if not plain.strip("./"):
        raise ValueError(f"{path} is damaged: a member is called {name!r}")
    if plain.startswith("/") or re.match(r"[A-Za-z]:", plain) or ".." in plain.split("/"):
        raise ValueError(f"{path}: refused, for its member {name!r} lies outside the archive")


def _range(file: BinaryIO, begin: int, n: int) -> bytes:
    file.seek(begin)
    parts = []
    while n > 0 and (part := file.read(min(n, 1 << 24))):
        parts.append(part)
        n -= len(part)
    return b"".join(parts)
