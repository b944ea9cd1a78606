"""Recordings decoded once into a file of the cache, and the windows of frames that are cut out of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from ptarmigan.core.noise import key
from ptarmigan.data.permutation import Indices
from ptarmigan.data.source import Renewed, Source
from ptarmigan.modalities.image.splits import Files
from ptarmigan.modalities.video.decode import Frames

Short: TypeAlias = Literal["refuse", "repeat", "reflect"]
SCORED = 400
"""Windows of recordings by which samples are scored, where recordings are fewer: at least so many, if they
hold as many."""


@dataclass(frozen=True)
class Decoded:
    """Whole recordings, one after another in a file, or in memory.

    Attributes:
        frames: from one number to another of all frames, ``(n, height, width, channels)``.
        ends: where each ends; the first begins at 0.
        labels: the class of each, where there are classes.
        classes: their names.
        bad: recordings that were left out, each ``name: reason``.
        listing: the files that they are in; None where they are in none.
        what: the classes of moving shapes are, such as their path; empty for other recordings.
    """

    frames: Callable[[int, int], Frames]
    ends: Indices
    labels: Indices | None
    classes: tuple[str, ...]
    bad: tuple[str, ...] = ()
    listing: Files | None = None
    what: str = ""

    @property
    def lengths(self) -> Indices:
        """Frames of each recording."""
        return np.diff(self.ends, prepend=0)


class Clips:
    """Clips of one length: one window of every recording, another one in every epoch.

    Where it begins is a function of the seed, the epoch and the recording. Of a recording that is shorter
    than a window, what is missing at its end is its last frame (``repeat``) or what came before, backwards
    (``reflect``).

    Args:
        decoded: the recordings.
        length: frames of a clip.
        every: how many frames of a recording come to one of a clip.
        seed: of the windows.
        short: what becomes of recordings that are shorter than a window.

    Attributes:
        labels: the class of every recording, where there are classes.
        classes: their names.
        bad: recordings that were left out, each ``name: reason``.
        listing: the files of the recordings; None where they are in none.
    """

    def __init__(self, decoded: Decoded, length: int, every: int, *, seed: int, short: Short) -> None:
        self.decoded, self.length, self.every, self.seed, self.short = decoded, length, every, seed, short
        self.labels, self.classes = decoded.labels, decoded.classes
        self.bad, self.listing = decoded.bad, decoded.listing
        self.begins = decoded.ends - decoded.lengths

    def __len__(self) -> int:
        return len(self.decoded.ends)

    @property
    def span(self) -> int:
        """Frames of a recording from the first to the last of a window."""
        return (self.length - 1) * self.every + 1

    @property
    def free(self) -> Indices:
        """In how many places a window of each recording can begin."""
        return np.maximum(1, self.decoded.lengths - self.span + 1)

    def read(self, indices: Indices) -> Frames:
        """The windows of the first epoch, ``(n, length, height, width, channels)``."""
        return self.read_in(indices, np.zeros(len(indices), np.int64))

    def read_in(self, indices: Indices, epochs: Indices) -> Frames:
        """The windows of some epochs."""
        free = self.free[indices].tolist()
        begins = [
            np.random.default_rng(key(self.seed, "window", epoch, int(i))).integers(n) if n > 1 else 0
            for i, epoch, n in zip(indices, epochs.tolist(), free, strict=True)
        ]
        return self.windows(indices, np.array(begins, np.int64))

    def windows(self, indices: Indices, begins: Indices) -> Frames:
        """Windows that begin so many frames after their recordings do."""
        return np.stack([self._window(int(i), int(at)) for i, at in zip(indices, begins, strict=True)])

    def _window(self, index: int, at: int) -> Frames:
        start, long = int(self.begins[index]), int(self.decoded.lengths[index])
        found = self.decoded.frames(start + at, start + min(long, at + self.span))
        places = np.arange(0, self.span, self.every)
        last = len(found) - 1
        if self.short == "reflect" and last:
            places = last - np.abs(last - np.mod(places, 2 * last))
        return found[np.minimum(places, last)]


@dataclass(frozen=True, eq=False)
class Windows:
    """The same windows every time, several of a recording where there are few: to score against.

    Attributes:
        source: the recordings.
        of: whose window each is.
        begins: where it begins.
    """

    source: Clips
    of: Indices
    begins: Indices

    @property
    def labels(self) -> Indices | None:
        """The class of every window, where there are classes."""
        return None if self.source.labels is None else self.source.labels[self.of]

    @property
    def classes(self) -> tuple[str, ...]:
        """Their names."""
        return self.source.classes

    def __len__(self) -> int:
        return len(self.of)

    def read(self, indices: Indices) -> Frames:
        """The windows at ``indices``, ``(n, length, height, width, channels)``."""
        return self.source.windows(self.of[indices], self.begins[indices])


def several(source: Source) -> Source:
    """Windows of recordings, evenly apart, of all alike; of other sources themselves."""
    if not isinstance(source, Clips):
        return source
    each = np.minimum(source.free, -(-SCORED // len(source)))
    of = np.repeat(np.arange(len(source)), each)
    places = [(np.arange(k) * n) // k for k, n in zip(each.tolist(), source.free.tolist(), strict=True)]
    return Windows(source, of, np.concatenate(places))


@dataclass(frozen=True, eq=False)
class Part:
    """Some of the frames of every clip of a source.

    Attributes:
        source: the clips.
        begin: the first of these frames.
        end: the one after the last.
    """

    source: Source
    begin: int
    end: int

    @property
    def labels(self) -> Indices | None:
        """The classes of the clips."""
        return self.source.labels

    @property
    def classes(self) -> tuple[str, ...]:
        """Their names."""
        return self.source.classes

    def __len__(self) -> int:
        return len(self.source)

    def read(self, indices: Indices) -> Frames:
        """These frames of the clips at ``indices``."""
        return np.asarray(self.source.read(indices)[:, self.begin : self.end])

    def read_in(self, indices: Indices, epochs: Indices) -> Frames:
        """The same of the windows of some epochs."""
        if not isinstance(self.source, Renewed):
            return self.read(indices)
        return np.asarray(self.source.read_in(indices, epochs)[:, self.begin : self.end])
