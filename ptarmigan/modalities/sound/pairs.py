"""Pairs of a noisy and a clean clip: of two recordings of the same, or of one to which noise is added."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ptarmigan.core.noise import key
from ptarmigan.data.permutation import Indices
from ptarmigan.data.source import Source
from ptarmigan.modalities.image.splits import Files
from ptarmigan.modalities.sound.clips import Decoded, cut
from ptarmigan.modalities.sound.decode import Floats
from ptarmigan.modalities.sound.space import lengths_of

Both = tuple[Floats, Floats]
"""Noisy clips and clean ones, of one length."""
SIDES = ("noisy", "clean")
UNLIKE = 0.1
"""The share of a recording's length by which its partner may be shorter or longer."""
STEEPEST = 2.0
"""The largest exponent by which the power of made noise falls with frequency: 0 is white, 1 pink, 2 brown."""


class Pairs(ABC):
    """Pairs of clips; the loudest sample of the noisy clip's recording is 1, and the clean one fits it."""

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def pair(self, index: int) -> Both:
        """The noisy and the clean clip ``(length,)``."""

    @abstractmethod
    def side(self, name: str) -> Source:
        """One side as a source: ``noisy`` or ``clean``."""

    def read(self, indices: Indices, which: int) -> Floats:
        """One side of the pairs at ``indices``, ``(n, length)``."""
        return np.stack([self.pair(int(i))[which] for i in indices])


@dataclass(frozen=True, eq=False)
class Made:
    """One side of pairs that are made of one source, whose files it comes from."""

    pairs: Pairs
    which: int
    source: Source

    labels: None = None
    classes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.pairs)

    def read(self, indices: Indices) -> NDArray[np.float32]:
        """The clips at ``indices``, ``(n, length)``."""
        return self.pairs.read(indices, self.which)


@dataclass(frozen=True, eq=False)
class Recorded:
    """One side of pairs of recordings, and its files.

    Attributes:
        pairs: both sides.
        which: 0 of noisy clips, 1 of clean ones.
        listing: the files.
        bad: those that were left out, each ``name: reason``.
    """

    pairs: Pairs
    which: int
    listing: Files | None
    bad: tuple[str, ...]

    labels: None = None
    classes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.pairs)

    def read(self, indices: Indices) -> NDArray[np.float32]:
        """The clips at ``indices``, ``(n, length)``."""
        return self.pairs.read(indices, self.which)


class Recordings(Pairs):
    """Pairs of recordings, of which clips are cut at the same places; long ones are many clips.

    Args:
        noisy: recordings in the order of their files.
        clean: the same; the i-th files of both belong together.
        length: samples of a clip.
        seed: of the places.

    Raises:
        ValueError: no recordings belong together.
    """

    def __init__(self, noisy: Decoded, clean: Decoded, length: int, seed: int) -> None:
        self.both, self.length = (noisy, clean), length
        a, b = (np.arange(len(one.ends)) if one.places is None else one.places for one in self.both)
        _, *rows = np.intersect1d(a, b, return_indices=True)
        lengths = np.stack([one.lengths[k] for one, k in zip(self.both, rows, strict=True)])
        alike = np.ptp(lengths, 0) <= UNLIKE * lengths.max(0)
        if not alike.any():
            raise ValueError("no noisy recording is as long as the clean one of its name")
        self.rows = [k[alike] for k in rows]
        self.unlike = rows[0][~alike]
        self._of, self._begin = cut(lengths.min(0)[alike], length, seed, segments=True)

    def __len__(self) -> int:
        return len(self._of)

    def side(self, name: str) -> Recorded:
        """One side as a source."""
        which = SIDES.index(name)
        one = self.both[which]
        return Recorded(self, which, one.listing, (*one.bad, *(() if which else self.odd())))

    def odd(self) -> Sequence[str]:
        """Noisy recordings whose clean ones have another length."""
        files, places = self.both[0].listing, self.both[0].places
        if files is None or places is None:
            return ()
        reason = "longer or shorter than the clean one of its name"
        return [f"{files.name(int(places[k]))}: {reason}" for k in self.unlike]

    def pair(self, index: int) -> Both:
        """The noisy and the clean clip, as loud as the whole noisy recording can be."""
        recording, begin = self._of[index], int(self._begin[index])
        noisy, clean = (
            whole(one, int(rows[recording])) for one, rows in zip(self.both, self.rows, strict=True)
        )
        shared = min(len(noisy), len(clean), begin + self.length)
        first, second = (padded(one[begin:shared], self.length) for one in (noisy, clean))
        peak = np.abs(noisy).max()
        return first / peak, second / peak


class Added(Pairs):
    """Clips and the same with noise that is made: a function of the seed and the clip's number.

    Args:
        source: of clean clips ``(n, length)``.
        snr: decibels of the clip over the noise, from and to.
        seed: of the noise.
    """

    def __init__(self, source: Source, snr: tuple[float, float], seed: str) -> None:
        self.source, self.snr, self.seed = source, snr, seed

    def __len__(self) -> int:
        return len(self.source)

    def side(self, name: str) -> Made:
        """One side as a source."""
        return Made(self, SIDES.index(name), self.source)

    def pair(self, index: int) -> Both:
        """The clip with noise and without, as loud as the noisy one can be."""
        clean = self.source.read(np.array([index]))[0]
        rng = np.random.default_rng(key("noisy", self.seed, index))
        made = coloured(rng, len(clean))
        made *= louder(clean, made, float(rng.uniform(*self.snr)))
        noisy = clean + made
        peak = np.abs(noisy).max()
        return noisy / peak, clean / peak


def coloured(rng: np.random.Generator, length: int) -> Floats:
    """Gaussian noise whose power falls with frequency by a random power of it, from white to brown."""
    frequencies = np.maximum(np.fft.rfftfreq(length), 1 / 256)
    steep = rng.uniform(0, STEEPEST)
    spectrum = np.fft.rfft(rng.standard_normal(length)) * frequencies ** (-steep / 2)
    spectrum[0] = 0
    return np.asarray(np.fft.irfft(spectrum, length), np.float32)


def louder(clean: Floats, noise: Floats, snr: float) -> np.float32:
    """By what noise is to be multiplied so that a clip, up to its end, is ``snr`` decibels louder."""
    spoken = int(lengths_of(clean[None])[0]) or len(clean)
    power = np.square(clean, dtype=np.float64).sum() / spoken
    return np.float32(np.sqrt(power / np.square(noise, dtype=np.float64).mean() / 10 ** (snr / 10)))


def whole(one: Decoded, recording: int) -> Floats:
    """A recording."""
    end = int(one.ends[recording])
    return one.samples(end - int(one.lengths[recording]), end)


def padded(samples: Floats, length: int) -> Floats:
    """Samples with zeros after their end."""
    return np.pad(samples, (0, length - len(samples)))
