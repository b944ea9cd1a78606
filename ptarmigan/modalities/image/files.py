"""Image files as a source: surveyed once, then read from a cache of pixels or decoded as they are needed."""

from __future__ import annotations

import hashlib
import math
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import RLock
from typing import Any, BinaryIO, Literal, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.cache import end_with, made, note_of, remembered
from ptarmigan.data.permutation import Indices
from ptarmigan.data.rows import Rows
from ptarmigan.data.samples import Source
from ptarmigan.media.progress import Bar
from ptarmigan.modalities.image.decode import MOST_BYTES, Form, decode, header, resized, union, widened
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.image.splits import Files

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
    """What of every picture is read.

    Attributes:
        size: the height and width that it is to have; None: the one that they all have.
        crop: by cutting, not by squeezing.
        half: only this half of it.
    """

    size: tuple[int, int] | None = None
    crop: bool = False
    half: Literal["", "left", "right"] = ""


class Reading(NamedTuple):
    """The array that becomes of a file.

    Attributes:
        shape: height, width and channels of every one.
        dtype: their kind.
        read: makes it of the file's bytes; a ValueError says why it cannot.
    """

    shape: tuple[int, int, int]
    dtype: np.dtype[Any]
    read: Callable[[bytes], NDArray[Any]]


class FileSource:
    """Images decoded when they are read, in memory that does not grow with the set.

    A file that turns out damaged is named in ``bad``, and the next good one (of its class) stands in for it.
    """

    def __init__(self, files: Files, reading: Reading, bad: list[str]) -> None:
        self.labels, self.classes, self.files, self.bad = files.labels, files.classes, files, bad
        self._reading = reading
        self._damaged: set[int] = set()
        self._whole: set[int] = set()
        self._beside: FileSource | None = None
        self._lock = RLock()

    def __len__(self) -> int:
        return len(self.files)

    def read(self, indices: Indices) -> NDArray[Any]:
        """The images at ``indices``, ``(n, height, width, channels)``.

        Raises:
            ValueError: more than a tenth of the set turned out damaged.
        """
        out = np.empty((len(indices), *self._reading.shape), self._reading.dtype)
        for row, index in zip(out, indices, strict=True):
            row[:] = self._standing_in(int(index))
        return out

    def tie(self, other: FileSource) -> None:
        """Files at the same place belong together: where one is damaged, the same pair stands in for both."""
        other._damaged, other._lock = self._damaged, self._lock
        self._beside, other._beside = other, self

    def _standing_in(self, index: int) -> NDArray[Any]:
        for place in self._alike(index):
            if place in self._damaged:
                continue
            pixels = self._pixels(place)
            if pixels is not None and (self._beside is None or self._beside._sound(place)):
                return pixels
        raise ValueError(f"{self.files.container.where}: no file like {self.files.name(index)} can be read")

    def _sound(self, place: int) -> bool:
        return place in self._whole or self._pixels(place) is not None

    def _pixels(self, place: int) -> NDArray[Any] | None:
        try:
            pixels = pixels_of(self.files, place, self._reading)
        except ValueError as error:
            self._note(place, str(error))
            return None
        if self._beside is not None:
            self._whole.add(place)
        return pixels

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
            self.bad.append(f"{self.files.name(place)}: {reason}")
            check_share(self.bad, len(self) + len(self.bad) - len(self._damaged), self.files.container.where)


class PixelFile:
    """Decoded images in a file, of which only what is asked for comes into memory."""

    def __init__(self, rows: Rows, files: Files, bad: list[str]) -> None:
        self.labels, self.classes, self.files, self.bad = files.labels, files.classes, files, bad
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def read(self, indices: Indices) -> NDArray[Any]:
        """The images at ``indices``, ``(n, height, width, channels)``."""
        return self._rows[indices]


def open_files(
    train: Files, held_out: Files | None, target: Target, *, keep: bool = True
) -> tuple[Source, ImageSpace, Source | None]:
    """A source of the training images, what they are, and a source of those held out.

    Args:
        train: files to train on.
        held_out: files to score against.
        target: what of every picture is read.
        keep: decoded, where they are few enough.

    Raises:
        ValueError: sizes differ and none is asked for, or more than a tenth of the files is bad.
    """
    parts = [train] if held_out is None else [train, held_out]
    form, bad = surveyed(parts, target)
    space = ImageSpace(*form, train.classes)
    sources = opened(parts, bad, image_reading(space, target), cache_name(parts, target), keep=keep)
    return sources[0], space, sources[1] if held_out is not None else None


def surveyed(parts: list[Files], target: Target) -> tuple[Form, list[dict[int, str]]]:
    """The form of all files by their headers, and the faults of those that are bad, a dictionary a part.

    Raises:
        ValueError: sizes differ and none is asked for, or more than a tenth of the files is bad.
    """
    name = cache_name(parts, target) + ".json"
    plain = remembered("surveys", name, lambda: _survey(parts, target))
    return Form(*plain["form"]), [{int(k): v for k, v in bad.items()} for bad in plain["bad"]]


def opened(
    parts: list[Files], bad: list[dict[int, str]], reading: Reading, name: str, *, keep: bool = True
) -> list[FileSource | PixelFile]:
    """Sources of the good files of every part; ``name`` says everything that their arrays depend on."""
    return [
        _source(files, faults, reading, f"{name}-{i}", keep)
        for i, (files, faults) in enumerate(zip(parts, bad, strict=True))
    ]


def image_reading(space: ImageSpace, target: Target) -> Reading:
    """Files as images of ``space``."""
    twice = (2 * space.height, 2 * space.width * (2 if target.half else 1))

    def read(data: bytes) -> NDArray[Any]:
        return fitted(half(decode(data, twice if target.size else None), target), space, target)

    dtype = np.dtype(np.uint8 if space.bits == 8 else np.uint16)
    return Reading((space.height, space.width, space.channels), dtype, read)


def half(pixels: NDArray[Any], target: Target) -> NDArray[Any]:
    """The half of a picture that the target asks for, or all of it."""
    middle = pixels.shape[1] // 2
    return {"": pixels, "left": pixels[:, :middle], "right": pixels[:, middle:]}[target.half]


def pixels_of(files: Files, place: int, reading: Reading) -> NDArray[Any]:
    """What becomes of one file.

    Raises:
        ValueError: it cannot be read.
    """
    container, i = files.container, int(files.members[place])
    try:
        data = container.read(i)
    except OSError as error:
        raise ValueError(error.strerror or "cannot be read") from None
    return reading.read(data)


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
    with ThreadPoolExecutor(workers, "ptarmigan-scan") as pool, Bar(n, title, shown=n > MANY) as bar:
        try:
            for begin in range(0, n, CHUNK):
                end = min(n, begin + CHUNK)
                waiting.append((pool.submit(work, begin, end), end - begin))
                if len(waiting) > 2 * workers:
                    yield _next(waiting, bar.advance)
            while waiting:
                yield _next(waiting, bar.advance)
        finally:
            for future, _ in waiting:
                future.cancel()


def _next(waiting: deque[tuple[Future[T], int]], advance: Callable[[float], None]) -> T:
    future, count = waiting.popleft()
    result = future.result()
    advance(count)
    return result


def cache_name(parts: list[Files], target: Target) -> str:
    """Names what is read of these files."""
    digest = hashlib.blake2b(repr((VERSION, target)).encode(), digest_size=16)
    for files in parts:
        digest.update(files.container.stamp().encode() + b"\0" + files.members.tobytes() + b"\0")
    return digest.hexdigest()


def _survey(parts: list[Files], target: Target) -> dict[str, Any]:
    """The form of a set and its bad files, by the headers of all files."""
    found = [headers(files, target) for files in parts]
    good = [files.take(places) for files, (places, _, _) in zip(parts, found, strict=True)]
    ends = np.cumsum([0, *(len(files) for files in good)])

    def name(row: int) -> str:
        part = int(np.searchsorted(ends, row, "right")) - 1
        return good[part].name(row - int(ends[part]))

    forms = np.concatenate([forms for _, forms, _ in found])
    form = common_form(forms, name, target, parts[0].container.where)
    return {"form": list(form), "bad": [bad for _, _, bad in found]}


def headers(files: Files, target: Target) -> tuple[Indices, NDArray[np.int64], dict[int, str]]:
    """Which files are good, their forms, one a row, and the others' faults.

    Raises:
        ValueError: more than a tenth of the files is bad.
    """
    places, forms, bad = [], [], {}

    def work(begin: int, end: int) -> list[tuple[int, Form | str]]:
        return [(place, _form(files, place, target)) for place in range(begin, end)]

    for chunk in in_order(work, len(files), "Looking at images"):
        for place, form in chunk:
            if isinstance(form, str):
                bad[place] = form
            else:
                places.append(place)
                forms.append(form)
    check_share(_named(files, bad), len(files), files.container.where)
    return np.array(places, np.int64), np.array(forms, np.int64), bad


def _form(files: Files, place: int, target: Target) -> Form | str:
    form = _whole_form(files, place)
    if not target.half or isinstance(form, str):
        return form
    return form._replace(width=form.width // 2) if form.width % 2 == 0 else "no two pictures of one width"


def _whole_form(files: Files, place: int) -> Form | str:
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


def _source(
    files: Files, bad: dict[int, str], reading: Reading, name: str, keep: bool
) -> FileSource | PixelFile:
    """From a file of pixels where the set is small enough and there is room, else decoded when read."""
    good = files.take(np.setdiff1d(np.arange(len(files)), list(bad)))
    size = len(good) * math.prod(reading.shape) * reading.dtype.itemsize
    if keep and size <= KEPT:
        path = made("decoded", name + ".pixels", size, lambda file: _decode_all(good, reading, file))
        if path is not None:
            damaged, end = note_of(path)
            bad_too = {int(place): reason for place, reason in damaged.items()}
            whole = good.take(np.setdiff1d(np.arange(len(good)), list(bad_too)))
            named = _named(files, bad) + _named(good, bad_too)
            if end != len(whole) * size // max(1, len(good)):
                raise ValueError(f"{path} is damaged: remove it")
            check_share(named, len(files), files.container.where)
            return PixelFile(Rows(path, 0, (len(whole), *reading.shape), reading.dtype), whole, named)
    return FileSource(good, reading, _named(files, bad))


def _decode_all(files: Files, reading: Reading, file: BinaryIO) -> None:
    """Write the pixels of all files that can be decoded, and a note on those that cannot."""
    bad: dict[int, str] = {}

    def work(begin: int, end: int) -> list[NDArray[Any] | str]:
        return [_pixels_or_fault(files, place, reading) for place in range(begin, end)]

    place = 0
    for chunk in in_order(work, len(files), "Decoding images"):
        for pixels in chunk:
            if isinstance(pixels, str):
                bad[place] = pixels
            else:
                file.write(np.ascontiguousarray(pixels).data)
            place += 1
    end_with(file, bad)


def _pixels_or_fault(files: Files, place: int, reading: Reading) -> NDArray[Any] | str:
    try:
        return pixels_of(files, place, reading)
    except ValueError as error:
        return str(error)
