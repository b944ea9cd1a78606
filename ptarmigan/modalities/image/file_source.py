"""Image files as sources: decoded as they are read, or read from a file of pixels."""

from __future__ import annotations

from collections.abc import Iterator
from threading import RLock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.permutation import Indices
from ptarmigan.data.rows import Rows
from ptarmigan.modalities.image.reading import Reading, pixels_of
from ptarmigan.modalities.image.splits import Files
from ptarmigan.modalities.image.survey import check_share


class FileSource:
    """Images decoded when they are read, in memory that does not grow with the set.

    A file that turns out damaged is named in ``bad``, and the next good one (of its class) stands in for it.
    """

    def __init__(self, files: Files, reading: Reading, bad: list[str]) -> None:
        self.labels, self.classes, self.files, self._bad = files.labels, files.classes, files, bad
        self.listing = files
        self._reading = reading
        self._damaged: set[int] = set()
        self._whole: set[int] = set()
        self._beside: FileSource | None = None
        self._lock = RLock()

    def __len__(self) -> int:
        return len(self.files)

    @property
    def bad(self) -> list[str]:
        """The files that are left out, each ``name: reason``."""
        return [*self._bad, *self.files.unread]

    def read(self, indices: Indices) -> NDArray[Any]:
        """The images at ``indices``, ``(n, height, width, channels)``.

        Raises:
            ValueError: more than a tenth of the set turned out damaged.
        """
        out = np.empty((len(indices), *self._reading.shape), self._reading.dtype)
        for row, index in zip(out, indices, strict=True):
            row[:] = self._standing_in(int(index))
        return out

    def standing(self, indices: Indices) -> Indices:
        """Which files are read at ``indices``: of those that turned out damaged, the ones that stand in."""
        found = [next(p for p in self._alike(i) if p not in self._damaged) for i in indices.tolist()]
        return np.array(found, np.int64)

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
            self._bad.append(f"{self.files.name(place)}: {reason}")
            total = len(self) + len(self._bad) - len(self._damaged)
            check_share(self._bad, total, self.files.container.where)


class PixelFile:
    """Decoded images in a file, of which only what is asked for comes into memory.

    Args:
        rows: the images.
        files: that they are of.
        bad: files that are left out, each ``name: reason``.
        listing: all files, also those that could not be decoded.
    """

    def __init__(self, rows: Rows, files: Files, bad: list[str], listing: Files) -> None:
        self.labels, self.classes, self.files = files.labels, files.classes, files
        self.bad = [*bad, *files.unread]
        self.listing, self._rows = listing, rows

    def __len__(self) -> int:
        return len(self._rows)

    def read(self, indices: Indices) -> NDArray[Any]:
        """The images at ``indices``, ``(n, height, width, channels)``."""
        return self._rows[indices]
