"""Image files as a source: surveyed once, then read from a cache of pixels or decoded as they are needed."""

from __future__ import annotations

import math
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.cache import end_with, made, note_of
from ptarmigan.data.in_order import in_order
from ptarmigan.data.rows import Rows
from ptarmigan.data.samples import Source
from ptarmigan.modalities.image.file_source import FileSource, PixelFile
from ptarmigan.modalities.image.reading import Reading, Target, image_reading, pixels_of
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.image.splits import Files
from ptarmigan.modalities.image.survey import cache_name, check_share, listed, surveyed

KEPT = 1 << 30
"""Bytes up to which a set is kept decoded, in a file of the cache."""


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


def opened(
    parts: list[Files], bad: list[dict[int, str]], reading: Reading, name: str, *, keep: bool = True
) -> list[FileSource | PixelFile]:
    """Sources of the good files of every part; ``name`` says everything that their arrays depend on."""
    return [
        _source(files, faults, reading, f"{name}-{i}", keep)
        for i, (files, faults) in enumerate(zip(parts, bad, strict=True))
    ]


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
            named = listed(files, bad) + listed(good, bad_too)
            if end != len(whole) * size // max(1, len(good)):
                raise ValueError(f"{path} is damaged: remove it")
            check_share(named, len(files), files.container.where)
            return PixelFile(Rows(path, 0, (len(whole), *reading.shape), reading.dtype), whole, named, good)
    return FileSource(good, reading, listed(files, bad))


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
