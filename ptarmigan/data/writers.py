"""How raw samples become a file or a folder, a few at a time: what a space chooses its writers from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ptarmigan.media.arrays import write_npy, write_npz
from ptarmigan.media.tables import write_csv, write_parquet

Chunks = Iterable[NDArray[Any]]

ROWS = 8_192
"""Rows of a table that are written at once."""


@dataclass(frozen=True)
class Part:
    """Some of more samples, a few at a time: what one of several processes writes.

    Attributes:
        batches: the samples.
        first: the number of the first one.
    """

    batches: Chunks
    first: int

    def __iter__(self) -> Iterator[NDArray[Any]]:
        return iter(self.batches)


@dataclass(frozen=True)
class Writer:
    """One form in which samples are written.

    Attributes:
        write: ``(path, samples a few at a time, how many)``; nothing is at the path before.
        words: how many were written, for people: ``{n:,} rows``.
        most: how many fit, at most.
        whole: all samples are held at once.
    """

    write: Callable[[Path, Chunks, int], None]
    words: str = "{n:,}"
    most: int | None = None
    whole: bool = False

    def of(self, change: Callable[[NDArray[Any]], NDArray[Any]]) -> Writer:
        """The same, of what samples are changed to."""
        return replace(self, write=lambda path, batches, n: self.write(path, map(change, batches), n))


def folder(save: Callable[[NDArray[Any], Path, int], None]) -> Writer:
    """A folder that ``save(raw, path, first)`` fills."""

    def write(path: Path, batches: Chunks, n: int) -> None:
        for first, raw in numbered(batches):
            save(raw, path, first)

    return Writer(write)


def picture(render: Callable[[NDArray[Any]], Image.Image], most: int) -> Writer:
    """A picture of all samples."""

    def write(path: Path, batches: Chunks, n: int) -> None:
        render(np.concatenate(list(batches))).save(path, "PNG")

    return Writer(write, "{n:,} in a picture", most, whole=True)


def array(write_array: Callable[[IO[bytes], Chunks, int], None]) -> Writer:
    """An array in a file of numpy's."""

    def write(path: Path, batches: Chunks, n: int) -> None:
        with open(path, "wb") as file:
            write_array(file, batches, n)

    return Writer(write)


def lines(write_rows: Callable[[IO[str], NDArray[Any]], None]) -> Writer:
    """A text file of rows of numbers."""

    def write(path: Path, batches: Chunks, n: int) -> None:
        with open(path, "w", encoding="ascii", newline="") as file:
            for raw in batches:
                write_rows(file, raw)

    return Writer(write)


def tables(frame: Callable[[NDArray[Any], int], Any], unit: str) -> dict[str, Writer]:
    """A ``.csv`` and a ``.parquet`` of the data frames that ``frame(raw, first)`` makes."""

    def writer(write_frames: Callable[[Path, Iterable[Any]], None]) -> Writer:
        def write(path: Path, batches: Chunks, n: int) -> None:
            write_frames(path, (frame(raw, first) for first, raw in numbered(grouped(batches))))

        return Writer(write, f"{{n:,}} {unit}")

    return {".csv": writer(write_csv), ".parquet": writer(write_parquet)}


NPZ, NPY = array(write_npz), array(write_npy)


def numbered(batches: Chunks) -> Iterator[tuple[int, NDArray[Any]]]:
    """Batches, each with the number of its first sample."""
    first = batches.first if isinstance(batches, Part) else 0
    for raw in batches:
        yield first, raw
        first += len(raw)


def grouped(batches: Chunks) -> Chunks:
    """The same samples, more at a time."""
    more = _grouped(batches)
    return Part(more, batches.first) if isinstance(batches, Part) else more


def _grouped(batches: Chunks) -> Iterator[NDArray[Any]]:
    held: list[NDArray[Any]] = []
    for raw in batches:
        held.append(raw)
        if sum(map(len, held)) >= ROWS:
            yield np.concatenate(held)
            held = []
    if held:
        yield np.concatenate(held)
