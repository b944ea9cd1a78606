"""Files of recordings, decoded once into a file of the cache."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ptarmigan.data.cache import end_with, made, note_of
from ptarmigan.data.in_order import in_order
from ptarmigan.media.foreign import open_binary
from ptarmigan.modalities.video.clips import Decoded
from ptarmigan.modalities.video.decode import Form, Frames, Wanted
from ptarmigan.modalities.video.names import Recordings

VERSION = "1"
"""Names what is cached; to be changed with the decoding."""
BAD_SHARE = 0.1
"""The share of bad recordings from which on a set is refused."""
ALIKE = 0.03
"""Rates that differ by less are one: animations count in milliseconds."""


@dataclass(frozen=True)
class Stored:
    """Frames in a file of the cache, of which only what is asked for comes into memory."""

    path: Path
    shape: tuple[int, int, int]

    def __call__(self, begin: int, end: int) -> Frames:
        """Those from ``begin`` to ``end``.

        Raises:
            ValueError: the file ends before them.
        """
        out = np.empty((end - begin, *self.shape), np.uint8)
        with open_binary(self.path, 0) as file:
            file.seek(begin * int(np.prod(self.shape)))
            if file.readinto(out.reshape(-1).data) != out.nbytes:
                raise ValueError(f"{self.path} became shorter while it was read")
        return out


def open_files(
    parts: Sequence[Recordings], size: tuple[int, int] | None, crop: bool, rate: float, least: int
) -> tuple[list[Decoded], Wanted]:
    """The recordings of every part at one size and rate, and what they were brought to.

    Args:
        parts: to train on, and those held out.
        size: height and width; the one that all have when None.
        crop: by cutting, not by squeezing.
        rate: frames a second; the one that all have when 0.
        least: frames that a recording has at least.

    Raises:
        ValueError: sizes or rates differ and none is asked for, more than a tenth is bad, or the cache has no
            room.
    """
    forms = [form for part in parts for form in surveyed(part)]
    names = [name for part in parts for name in part.names]
    known = [(form, name) for form, name in zip(forms, names, strict=True) if isinstance(form, Form)]
    wanted = common(known, size, crop, rate, parts[0].files.container.where)
    digest = hashlib.blake2b(repr((VERSION, wanted, least)).encode(), digest_size=16)
    for part in parts:
        digest.update(part.files.container.stamp().encode() + repr((part.kind, part.members)).encode())
    name = digest.hexdigest()
    found = [decoded(part, wanted, least, f"{name}-{i}.video") for i, part in enumerate(parts)]
    return found, wanted


def wanted_size(wanted: Wanted) -> tuple[int, int, int]:
    """Height, width and channels."""
    return wanted.height, wanted.width, wanted.channels


def surveyed(part: Recordings) -> list[Form | str]:
    """The form of every recording, or why it has none.

    Raises:
        ValueError: more than a tenth is bad.
    """
    chunks = in_order(lambda a, b: [_form(part, k) for k in range(a, b)], len(part), "Looking at videos")
    forms = [form for chunk in chunks for form in chunk]
    bad = [f"{part.names[k]}: {form}" for k, form in enumerate(forms) if isinstance(form, str)]
    check_share(bad, len(part), part.files.container.where)
    return forms


def _form(part: Recordings, place: int) -> Form | str:
    try:
        return part.form(place)
    except (OSError, ValueError) as error:
        return str(error)


def common(
    known: Sequence[tuple[Form, str]], size: tuple[int, int] | None, crop: bool, rate: float, where: str
) -> Wanted:
    """What all recordings are brought to.

    Raises:
        ValueError: sizes or rates differ, and none is asked for.
    """
    (first, name), *others = known
    for form, other in others if size is None else ():
        if form[:2] != first[:2]:
            least = min(*first[:2], *form[:2])
            raise ValueError(
                f"{where}: videos differ in size: {name} is {first.height}x{first.width}, {other} is "
                f"{form.height}x{form.width} (height x width); choose one, such as --size {least}x{least}"
            )
    rates = Counter(round(form.rate, 2) for form, _ in known if form.rate) or Counter([0.0])
    low, high = min(rates), max(rates)
    if not rate and high > low * (1 + ALIKE):
        said = ", ".join(f"{each:g} ({n:,})" for each, n in sorted(rates.items()))
        raise ValueError(
            f"{where}: videos differ in frames a second: {said}; choose a --rate, such as {high:g}"
        )
    channels = max(form.channels for form, _ in known)
    height, width = size or first[:2]
    return Wanted(height, width, channels, rate or rates.most_common(1)[0][0], size is not None, crop)


def check_share(bad: Sequence[str], total: int, where: str) -> None:
    """More than a tenth of bad recordings, or nothing but bad ones, is an error.

    Raises:
        ValueError: so it is; the message names the first.
    """
    if len(bad) > BAD_SHARE * total or len(bad) == total:
        raise ValueError(f"{where}: {len(bad)} of {total} videos cannot be used, for example {bad[0]}")


def decoded(part: Recordings, wanted: Wanted, least: int, name: str) -> Decoded:
    """The good recordings of a part, from the cache.

    Raises:
        ValueError: more than a tenth is bad, or the cache has no room.
    """
    need = 4 * int(part.files.container.sizes[part.files.members].sum())
    path = made("decoded", name, need, lambda file: _write(part, wanted, least, file))
    where = part.files.container.where
    if path is None:
        raise ValueError(f"there is no room to decode {where}: point $PTARMIGAN_CACHE to a larger disk")
    note, size = note_of(path)
    bad = {int(place): str(reason) for place, reason in note["bad"].items()}
    named = tuple(f"{part.names[place]}: {reason}" for place, reason in bad.items())
    check_share(named, len(part), where)
    shape = wanted_size(wanted)
    ends = np.cumsum(np.array(note["lengths"], np.int64))
    if size != int(np.prod(shape)) * int(ends[-1]):
        raise ValueError(f"{path} is damaged: remove it")
    good = np.setdiff1d(np.arange(len(part)), list(bad))
    labels = None if part.labels is None else np.array(part.labels, np.int64)[good]
    return Decoded(Stored(path, shape), ends, labels, part.classes, named, part.files)


def _write(part: Recordings, wanted: Wanted, least: int, file: BinaryIO) -> None:
    """The frames of all recordings that can be decoded, and a note on their lengths and on the others."""
    bad: dict[int, str] = {}
    lengths: list[int] = []
    work: Any = lambda a, b: [_frames(part, k, wanted, least) for k in range(a, b)]
    for place, frames in enumerate(
        each for chunk in in_order(work, len(part), "Decoding videos") for each in chunk
    ):
        if isinstance(frames, str):
            bad[place] = frames
        else:
            file.write(np.ascontiguousarray(frames).data)
            lengths.append(len(frames))
    end_with(file, {"bad": bad, "lengths": lengths})


def _frames(part: Recordings, place: int, wanted: Wanted, least: int) -> Frames | str:
    try:
        frames = wanted.frames(part.frames(place), part.names[place])
    except (OSError, ValueError) as error:
        return str(error)
    if len(frames) < least:
        return f"too short: {len(frames)} frames, and a window has {least} (--short repeat)"
    return frames
