"""Image files as a source: surveyed once, then read from a cache of pixels or decoded as they are needed."""

from __future__ import annotations

import hashlib
import math
import os
import sys
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Lock
from typing import Any, BinaryIO, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.cache import end_with, made, note_of, remembered
from ptarmigan.data.decode import MOST_BYTES, Form, decode, header, resized, union, widened
from ptarmigan.data.permutation import Indices
from ptarmigan.data.rows import Rows
from ptarmigan.data.samples import Source
from ptarmigan.data.splits import Files
from ptarmigan.spaces.image import ImageSpace

KEPT = 1 << 30
"""Bytes up to which a set is kept decoded, in a file of the cache."""
START = 1 << 16
"""Bytes in which most headers lie."""
CHUNK = 128
MANY = 5_000
"""Files from which progress is shown."""
BAD_SHARE = 0.1
VERSION = "1"
"""Names what is cached; to be changed with the decoding."""

T = TypeVar("T")


class Target(NamedTuple):
    """What size images are to have (None: the one that they all have), and whether by cutting."""

    size: tuple[int, int] | None = None
    crop: bool = False


class FileSource:
    """Images decoded when they are read, in memory that does not grow with the set.

    A file that turns out damaged is named in ``bad``, and the next good one (of its class) stands in for it.
    """

    def __init__(self, files: Files, space: ImageSpace, target: Target, bad: list[str]) -> None:
        self.labels, self.classes = files.labels, files.classes
        self.bad = bad
        self._files, self._space, self._target = files, space, target
        self._damaged: set[int] = set()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._files)

    def read(self, indices: Indices) -> NDArray[Any]:
        """The images at ``indices``, ``(n, height, width, channels)``.

        Raises:
            ValueError: more than a tenth of the set turned out damaged.
        """
        space = self._space
        dtype = np.uint8 if space.bits == 8 else np.uint16
        out = np.empty((len(indices), space.height, space.width, space.channels), dtype)
        for row, index in zip(out, indices, strict=True):
            row[:] = self._standing_in(int(index))
        return out

    def _standing_in(self, index: int) -> NDArray[Any]:
        for place in self._alike(index):
            if place in self._damaged:
                continue
            try:
                return pixels_of(self._files, place, self._space, self._target)
            except ValueError as error:
                self._note(place, str(error))
        raise ValueError(f"{self._files.container.where}: no file like {self._files.name(index)} can be read")

    def _alike(self, index: int) -> Iterator[int]:
        n = len(self)
        for place in (k % n for k in range(index, index + n)):
            if self.labels is None or self.labels[place] == self.labels[index]:
                yield place

    def _note(self, place: int, reason: str) -> None:
        with self._lock:
            if place in self._damaged:
                return
            self._damaged.add(place)
            self.bad.append(f"{self._files.name(place)}: {reason}")
            check_share(self.bad, len(self) + len(self.bad) - len(self._damaged), self._files.container.where)


class PixelFile:
    """Decoded images in a file, of which only what is asked for comes into memory."""

    def __init__(self, rows: Rows, files: Files, bad: list[str]) -> None:
        self.labels, self.classes, self.bad = files.labels, files.classes, bad
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def read(self, indices: Indices) -> NDArray[Any]:
        """The images at ``indices``, ``(n, height, width, channels)``."""
        return self._rows[indices]


def open_files(
    train: Files, held_out: Files | None, target: Target
) -> tuple[Source, ImageSpace, Source | None]:
    """A source of the training images, what they are, and a source of those held out.

    Raises:
        ValueError: sizes differ and none is asked for, or more than a tenth of the files is bad.
    """
    parts = [train] if held_out is None else [train, held_out]
    name = _name(parts, target)
    plain = remembered("surveys", name + ".json", lambda: _survey(parts, target))
    height, width, channels, bits = plain["form"]
    space = ImageSpace(height, width, channels, bits, train.classes)
    sources = [
        _source(files, {int(k): v for k, v in bad.items()}, space, target, f"{name}-{i}")
        for i, (files, bad) in enumerate(zip(parts, plain["bad"], strict=True))
    ]
    return sources[0], space, sources[1] if held_out is not None else None


def pixels_of(files: Files, place: int, space: ImageSpace, target: Target) -> NDArray[Any]:
    """One image as ``space`` has it.

    Raises:
        ValueError: it cannot be read.
    """
    container, i = files.container, int(files.members[place])
    try:
        data = container.read(i)
    except OSError as error:
        raise ValueError(error.strerror or "cannot be read") from None
    twice = (2 * space.height, 2 * space.width)
    pixels = decode(data, twice if target.size else None)
    return fitted(pixels, space, target)


def fitted(pixels: NDArray[Any], space: ImageSpace, target: Target) -> NDArray[Any]:
    """Pixels in the size, channels and depth of ``space``.

    Raises:
        ValueError: they do not fit, and no size is asked for.
    """
    if target.size:
        pixels = resized(pixels, space.height, space.width, target.crop)
    if pixels.shape[:2] != (space.height, space.width):
        height, width, _ = pixels.shape
        raise ValueError(f"{height}x{width} pixels once decoded, not {space.height}x{space.width}")
    return widened(pixels, space.channels, space.bits)


def common_form(forms: NDArray[np.int64], names: Callable[[int], str], target: Target, where: str) -> Form:
    """The form that holds images of all ``forms``, one a row.

    Raises:
        ValueError: sizes differ, and none is asked for.
    """
    channels, bits = union(set(forms[:, 2].tolist()), set(forms[:, 3].tolist()))
    if target.size:
        return Form(*target.size, channels, bits)
    other = np.flatnonzero((forms[:, :2] != forms[0, :2]).any(1))
    if len(other):
        (h, w), (h2, w2) = forms[0, :2], forms[other[0], :2]
        raise ValueError(
            f"{where}: images differ in size: {names(0)} is {h}x{w}, {names(int(other[0]))} is {h2}x{w2} "
            f"(height x width); choose one, such as --size {min(h, w, h2, w2)}x{min(h, w, h2, w2)}"
        )
    return Form(int(forms[0, 0]), int(forms[0, 1]), channels, bits)


def check_share(bad: list[str], total: int, where: str) -> None:
    """More than a tenth of bad files, or nothing but bad ones, is an error.

    Raises:
        ValueError: so it is; the message names the first.
    """
    if len(bad) > BAD_SHARE * total or len(bad) == total:
        raise ValueError(f"{where}: {len(bad)} of {total} images cannot be read, for example {bad[0]}")


def in_order(work: Callable[[int, int], T], n: int, title: str) -> Iterator[T]:
    """``work(begin, end)`` for all of [0, n) in pieces, on several threads, a few ahead of who reads this."""
    workers = min(8, os.cpu_count() or 1)
    waiting: deque[tuple[Future[T], int]] = deque()
    with ThreadPoolExecutor(workers, "ptarmigan-scan") as pool, _progress(n, title) as advance:
        try:
            for begin in range(0, n, CHUNK):
                end = min(n, begin + CHUNK)
                waiting.append((pool.submit(work, begin, end), end - begin))
                if len(waiting) > 2 * workers:
                    yield _next(waiting, advance)
            while waiting:
                yield _next(waiting, advance)
        finally:
            for future, _ in waiting:
                future.cancel()


def _next(waiting: deque[tuple[Future[T], int]], advance: Callable[[int], None]) -> T:
    future, count = waiting.popleft()
    result = future.result()
    advance(count)
    return result


@contextmanager
def _progress(n: int, title: str) -> Iterator[Callable[[int], None]]:
    if n <= MANY or not sys.stderr.isatty():
        yield lambda count: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=n)
        yield lambda count: bar.advance(task, count)


def _name(parts: list[Files], target: Target) -> str:
    digest = hashlib.blake2b(repr((VERSION, target)).encode(), digest_size=16)
    for files in parts:
        digest.update(files.container.stamp().encode() + b"\0" + files.members.tobytes() + b"\0")
    return digest.hexdigest()


def _survey(parts: list[Files], target: Target) -> dict[str, Any]:
    """The form of a set and its bad files, by the headers of all files."""
    found = [_headers(files) for files in parts]
    good = [files.take(places) for files, (places, _, _) in zip(parts, found, strict=True)]
    ends = np.cumsum([0, *(len(files) for files in good)])

    def name(row: int) -> str:
        part = int(np.searchsorted(ends, row, "right")) - 1
        return good[part].name(row - int(ends[part]))

    forms = np.concatenate([forms for _, forms, _ in found])
    form = common_form(forms, name, target, parts[0].container.where)
    return {"form": list(form), "bad": [bad for _, _, bad in found]}


def _headers(files: Files) -> tuple[Indices, NDArray[np.int64], dict[int, str]]:
    """Which files are good, their forms, and the others' faults."""
    places, forms, bad = [], [], {}

    def work(begin: int, end: int) -> list[tuple[int, Form | str]]:
        return [(place, _form(files, place)) for place in range(begin, end)]

    for chunk in in_order(work, len(files), "Looking at images"):
        for place, form in chunk:
            if isinstance(form, str):
                bad[place] = form
            else:
                places.append(place)
                forms.append(form)
    check_share(_named(files, bad), len(files), files.container.where)
    return np.array(places, np.int64), np.array(forms, np.int64), bad


def _form(files: Files, place: int) -> Form | str:
    container, i = files.container, int(files.members[place])
    if container.sizes[i] > MOST_BYTES:
        return f"larger than {MOST_BYTES >> 20} MB"
    try:
        try:
            return header(container.read(i, START))
        except ValueError:  # a header that goes on, or a TIFF with its directory at the end
            if container.sizes[i] <= START:
                raise
            return header(container.read(i))
    except OSError as error:
        return error.strerror or "cannot be read"
    except ValueError as error:
        return str(error)


def _named(files: Files, bad: dict[int, str]) -> list[str]:
    return [f"{files.name(place)}: {reason}" for place, reason in sorted(bad.items())]


def _source(files: Files, bad: dict[int, str], space: ImageSpace, target: Target, name: str) -> Source:
    """From a file of pixels where the set is small enough and there is room, else decoded when read."""
    good = files.take(np.setdiff1d(np.arange(len(files)), list(bad)))
    dtype = np.dtype(np.uint8 if space.bits == 8 else np.uint16)
    shape = (space.height, space.width, space.channels)
    size = len(good) * math.prod(shape) * dtype.itemsize
    if size <= KEPT:
        path = made("decoded", name + ".pixels", size, lambda file: _decode_all(good, space, target, file))
        if path is not None:
            damaged, end = note_of(path)
            bad_too = {int(place): reason for place, reason in damaged.items()}
            whole = good.take(np.setdiff1d(np.arange(len(good)), list(bad_too)))
            named = _named(files, bad) + _named(good, bad_too)
            if end != len(whole) * size // max(1, len(good)):
                raise ValueError(f"{path} is damaged: remove it")
            check_share(named, len(files), files.container.where)
            return PixelFile(Rows(path, 0, (len(whole), *shape), dtype), whole, named)
    return FileSource(good, space, target, _named(files, bad))


def _decode_all(files: Files, space: ImageSpace, target: Target, file: BinaryIO) -> None:
    """Write the pixels of all files that can be decoded, and a note on those that cannot."""
    bad: dict[int, str] = {}

    def work(begin: int, end: int) -> list[NDArray[Any] | str]:
        return [_pixels_or_fault(files, place, space, target) for place in range(begin, end)]

    place = 0
    for chunk in in_order(work, len(files), "Decoding images"):
        for pixels in chunk:
            if isinstance(pixels, str):
                bad[place] = pixels
            else:
                file.write(np.ascontiguousarray(pixels).data)
            place += 1
    end_with(file, bad)


def _pixels_or_fault(files: Files, place: int, space: ImageSpace, target: Target) -> NDArray[Any] | str:
    try:
        return pixels_of(files, place, space, target)
    except ValueError as error:
        return str(error)
