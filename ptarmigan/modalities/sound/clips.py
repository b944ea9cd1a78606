"""Sound files as a source: surveyed and decoded once into a file of the cache, of which clips are cut."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from ptarmigan.core.noise import key
from ptarmigan.data.cache import end_with, made, note_of, remembered
from ptarmigan.data.in_order import in_order
from ptarmigan.data.permutation import Indices
from ptarmigan.media.foreign import open_binary
from ptarmigan.modalities.image.splits import Files
from ptarmigan.modalities.sound.decode import Floats, Form, form_of, is_clipped, waveform

VERSION = "1"
"""Names what is cached; to be changed with the decoding."""
BAD_SHARE = 0.1
"""The share of bad files from which on a set is refused."""
SAMPLE = np.dtype(np.float32)


@dataclass(frozen=True)
class Stored:
    """Samples in a file of the cache, of which only what is asked for comes into memory."""

    path: Path

    def __call__(self, begin: int, end: int) -> Floats:
        """Those from ``begin`` to ``end``.

        Raises:
            ValueError: the file ends before them.
        """
        out = np.empty(end - begin, SAMPLE)
        with open_binary(self.path, 0) as file:
            file.seek(begin * SAMPLE.itemsize)
            if file.readinto(out.view(np.uint8).data) != out.nbytes:
                raise ValueError(f"{self.path} became shorter while it was read")
        return out


@dataclass(frozen=True)
class Decoded:
    """Whole recordings, one after another in a file, or in memory.

    Attributes:
        samples: from one number to another of all of them.
        ends: where each ends; the first begins at 0.
        labels: the class of each, where there are classes.
        classes: their names.
        speakers: who speaks in each, where that is known.
        bad: files that were left out, each ``name: reason``.
        clipped: recordings of which many samples are at the end of their range.
        listing: the files that they are in; None where they are in none.
        places: of each recording among these files.
    """

    samples: Callable[[int, int], Floats]
    ends: Indices
    labels: Indices | None
    classes: tuple[str, ...]
    speakers: tuple[str, ...] = ()
    bad: tuple[str, ...] = ()
    clipped: int = 0
    listing: Files | None = None
    places: Indices | None = None

    @property
    def lengths(self) -> Indices:
        """Samples of each recording."""
        return np.diff(self.ends, prepend=0)


class Clips:
    """Clips of one length, cut out of recordings; shorter ones are zero after their end.

    A recording that is longer is one clip, cut out at a place that depends on the seed and its number alone;
    or, as segments, as many clips as go into it, each from its own part of it.

    Args:
        decoded: the recordings.
        length: samples of a clip.
        seed: of the places.
        segments: cut long recordings into many clips.
        peak: the loudest sample of every recording is made 1.

    Attributes:
        labels: the class of every clip, where there are classes.
        classes: their names.
        speakers: who speaks in every clip, where that is known.
        bad: files that were left out, each ``name: reason``.
        listing: the files of the recordings; None where they are in none.
    """

    def __init__(self, decoded: Decoded, length: int, *, seed: int, segments: bool, peak: bool) -> None:
        self.decoded, self.length, self.peak = decoded, length, peak
        self.bad, self.classes, self.listing = decoded.bad, decoded.classes, decoded.listing
        self._of, self._begin = cut(decoded.lengths, length, seed, segments=segments)
        self.labels = None if decoded.labels is None else decoded.labels[self._of]
        self.speakers = tuple(decoded.speakers[i] for i in self._of) if decoded.speakers else ()

    def __len__(self) -> int:
        return len(self._of)

    def read(self, indices: Indices) -> NDArray[np.float32]:
        """The clips at ``indices``, ``(n, length)``."""
        out = np.zeros((len(indices), self.length), np.float32)
        for row, index in zip(out, indices, strict=True):
            clip = self._clip(int(index))
            row[: len(clip)] = clip
        return out

    def _clip(self, index: int) -> Floats:
        recording = int(self._of[index])
        end = int(self.decoded.ends[recording])
        start = end - int(self.decoded.lengths[recording])
        begin = start + int(self._begin[index])
        if not self.peak:
            return self.decoded.samples(begin, min(end, begin + self.length))
        whole = self.decoded.samples(start, end)
        clip = whole[begin - start : begin - start + self.length]
        return np.asarray(clip / np.abs(whole).max(), np.float32)


def cut(lengths: Indices, length: int, seed: int, *, segments: bool) -> tuple[Indices, Indices]:
    """Of which recording every clip is, and where in it the clip begins.

    Args:
        lengths: of the recordings.
        length: of clips.
        seed: of the places.
        segments: as many clips as go into a recording; else one.
    """
    counts = np.maximum(1, lengths // length) if segments else np.ones(len(lengths), np.int64)
    several = enumerate(zip(lengths.tolist(), counts.tolist(), strict=True))
    begin = [places(n, length, count, seed, i) for i, (n, count) in several]
    return np.repeat(np.arange(len(counts)), counts), np.concatenate(begin)


def places(n: int, length: int, count: int, seed: int, number: int) -> Indices:
    """Where ``count`` clips begin in a recording of ``n`` samples, each in its own equal part of it."""
    free = max(0, n - length)
    if free == 0:
        return np.zeros(1, np.int64)
    u = np.random.default_rng(key(seed, "clip", number)).random(count)
    return np.minimum((np.arange(count) + u) / count * (free + 1), free).astype(np.int64)


def decoded(
    parts: Sequence[Files], rate: int, speakers: Sequence[Sequence[str]]
) -> tuple[list[Decoded], int]:
    """The recordings of every part at one rate, and that rate.

    Args:
        parts: files.
        rate: samples a second; the most common one of the first part when 0.
        speakers: of the files of every part, where they are known.

    Raises:
        ValueError: more than a tenth of the files is bad, or the cache has no room.
    """
    digest = hashlib.blake2b(VERSION.encode(), digest_size=16)
    for files in parts:
        digest.update(files.container.stamp().encode() + b"\0" + files.members.tobytes() + b"\0")
    name = digest.hexdigest()
    rate = rate or int(remembered("surveys", f"{name}.json", lambda: common_rate(parts[0])))
    found = [
        _decoded(files, f"{name}-{i}-{rate}.sound", rate, who)
        for i, (files, who) in enumerate(zip(parts, speakers, strict=True))
    ]
    return found, rate


def common_rate(files: Files) -> int:
    """The rate that most files have, by their headers; of several the highest.

    Raises:
        ValueError: more than a tenth of the files is bad.
    """
    rates: Counter[int] = Counter()
    bad: list[str] = []
    forms = in_order(lambda a, b: [_form(files, k) for k in range(a, b)], len(files), "Looking at sounds")
    for form in (each for chunk in forms for each in chunk):
        if isinstance(form, str):
            bad.append(form)
        else:
            rates[form.rate] += 1
    check_share(bad, len(files), files.container.where)
    return max(rates, key=lambda rate: (rates[rate], rate))


def check_share(bad: Sequence[str], total: int, where: str) -> None:
    """More than a tenth of bad files, or nothing but bad ones, is an error.

    Raises:
        ValueError: so it is; the message names the first.
    """
    if len(bad) > BAD_SHARE * total or len(bad) == total:
        raise ValueError(f"{where}: {len(bad)} of {total} sounds cannot be read, for example {bad[0]}")


def _form(files: Files, place: int) -> Form | str:
    try:
        return form_of(files.container, int(files.members[place]))
    except (OSError, ValueError) as error:
        return f"{files.name(place)}: {error}"


def _decoded(files: Files, name: str, rate: int, speakers: Sequence[str]) -> Decoded:
    """The good files of a part, from the cache."""
    path = made(
        "decoded",
        name,
        2 * int(files.container.sizes[files.members].sum()),
        lambda file: _write(files, rate, file),
    )
    if path is None:
        raise ValueError(
            f"there is no room to decode {files.container.where}: point $PTARMIGAN_CACHE to a larger disk"
        )
    note, size = note_of(path)
    bad = {int(place): str(reason) for place, reason in note["bad"].items()}
    named = tuple(f"{files.name(place)}: {reason}" for place, reason in bad.items())
    check_share(named, len(files), files.container.where)
    good = np.setdiff1d(np.arange(len(files)), list(bad))
    ends = np.cumsum(np.array(note["lengths"], np.int64))
    if size != SAMPLE.itemsize * int(ends[-1]):
        raise ValueError(f"{path} is damaged: remove it")
    kept = files.take(good)
    who = tuple(speakers[k] for k in good) if speakers else ()
    clipped = int(note["clipped"])
    return Decoded(Stored(path), ends, kept.labels, kept.classes, who, named, clipped, files, good)


def _write(files: Files, rate: int, file: BinaryIO) -> None:
    """The samples of all files that can be decoded, and a note on their lengths and on the others."""
    bad: dict[int, str] = {}
    lengths: list[int] = []
    clipped = 0
    waves = in_order(lambda a, b: [_wave(files, k, rate) for k in range(a, b)], len(files), "Decoding sounds")
    for place, wave in enumerate(each for chunk in waves for each in chunk):
        if isinstance(wave, str):
            bad[place] = wave
        else:
            file.write(wave.data)
            lengths.append(len(wave))
            clipped += is_clipped(wave)
    end_with(file, {"bad": bad, "lengths": lengths, "clipped": clipped})


def _wave(files: Files, place: int, rate: int) -> Floats | str:
    try:
        return waveform(files.container, int(files.members[place]), rate)
    except (OSError, ValueError) as error:
        return str(error)
