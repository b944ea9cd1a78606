"""Sounds by one argument: files in folders, archives and lists, arrays, or a set by name."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from ptarmigan.data.archives import Container, container
from ptarmigan.data.arrays import to_array
from ptarmigan.data.blank import Blank
from ptarmigan.data.condition import Condition
from ptarmigan.data.samples import Samples, Source
from ptarmigan.data.space import Space
from ptarmigan.media.files import path_of
from ptarmigan.media.foreign import regular
from ptarmigan.modalities.sound.clips import Clips, Decoded, decoded
from ptarmigan.modalities.sound.decode import EXTENSIONS, RATES, Floats, audible, ending_of, is_clipped
from ptarmigan.modalities.sound.mel_space import MelSpace
from ptarmigan.modalities.sound.names import SCP, Listed, listed_in, organised, speakers_of
from ptarmigan.modalities.sound.space import SoundSpace, lengths_of
from ptarmigan.modalities.sound.spectrogram import SpectrogramSpace
from ptarmigan.modalities.sound.vowels import HELD_OUT, NAME, RATE, RESONANCES, TRAINED, vowels

KINDS = "a folder, .zip or .tar of sound files, one file, or a wav.scp"
HOLDS = 0.9
"""The share of recordings that go whole into a clip of the length that is chosen where none is given."""
SHORTEST, LONGEST = 1_024, 16_384
"""That length, from and to."""
LEAST = 256
"""Samples of a clip."""
FULL_BAND = 16_000
"""Samples a second from which on as many mel bands are taken as published."""


@dataclass(frozen=True)
class Spectrogram:
    """How clips become spectrograms.

    Attributes:
        window: samples of a frame; 256 up to 22 kHz, twice as many at twice the rate, when 0.
        hop: samples from one frame to the next; half a window when 0.
        iterations: of Griffin-Lim.
    """

    window: int = 0
    hop: int = 0
    iterations: int = 32


@dataclass(frozen=True)
class Mel:
    """How clips become log-mel frames, as published for 22 to 24 kHz; numbers follow other rates.

    Attributes:
        count: of the mel bands, at 16 kHz and more; half as many below.
        high: the highest frequency in hertz; half the rate when 0, or where that is lower.
    """

    count: int = 80
    high: float = 0.0

    def of(self, space: SoundSpace) -> MelSpace:
        """The frames of clips: windows of about 46 ms, four hops each: 1,024 at 22 kHz, 512 at 8 kHz.

        Raises:
            ValueError: a window does not go into a clip.
        """
        window = 1 << round(math.log2(0.046 * space.rate))
        if 2 * window > space.length:
            raise ValueError(f"two windows of {window} samples do not go into {space.words}")
        count = self.count if space.rate >= FULL_BAND else self.count // 2
        high = self.high if self.high < space.rate / 2 else 0.0
        return MelSpace(space.rate, space.length, (), window, window // 4, count, 0.0, high)


@dataclass(frozen=True)
class Sounds:
    """The sounds to learn from, and how they are read."""

    data: Any = NAME
    """vowels, or the path of a folder, .zip or .tar of sound files, of one long file, or of a wav.scp.
    Classes are subfolders, or the first part of names label_speaker_number. In Python also an array (n,
    samples) or a list of arrays (samples,), a pair of such and labels, or a Blank."""
    rate: int = 0
    """Samples a second: what is of another rate is resampled. The most common one when 0."""
    length: int = 0
    """Samples of a clip: of longer recordings a part is cut out, shorter ones end with silence. When 0 the
    smallest power of two, from 1,024 to 16,384, into which nine recordings in ten go."""
    loudness: Literal["peak", "none"] = "peak"
    """peak: every recording is played as loud as it can be; none: as it is."""

    def open(
        self,
        *,
        batch: int,
        seed: int = 0,
        segment: int = 0,
        spectrogram: Spectrogram | None = None,
        mel: Mel | None = None,
    ) -> Samples[SoundSpace]:
        """The clips, shuffled by ``seed`` and cut into batches.

        Args:
            batch: clips in a batch.
            seed: of the shuffle, and of the places at which clips are cut out of longer recordings.
            segment: cut recordings into clips of so many samples, unless there is a length.
            spectrogram: how clips are to be seen as spectrograms.
            mel: clips come with their log-mel frames, from which they are to be made.

        Raises:
            FileNotFoundError: there is nothing of that name.
            ValueError: it cannot be read as sounds; the message says why and what to do.
        """
        if isinstance(self.data, Blank):
            inputs = None if self.data.inputs is None else without_samples(self.data.inputs)
            return Samples(self.data, self.data.of(SoundSpace), batch=batch, seed=seed, condition=inputs)
        source, space, held_out = self._opened(seed, segment)
        if mel is not None:
            space = SoundSpace(space.rate, space.length)
            given = mel.of(space)
            inputs = Condition(given, source, held_out or source, matched=True, paired=True)
            return Samples(source, space, batch=batch, seed=seed, held_out=held_out, condition=inputs)
        if spectrogram is not None:
            space = spectrogram_space(source, space, spectrogram)
        return Samples(source, space, batch=batch, seed=seed, held_out=held_out)

    def _opened(self, seed: int, segment: int) -> tuple[Source, SoundSpace, Source | None]:
        self.check()
        if isinstance(self.data, str | Path) and str(self.data) == NAME:
            recordings = [named(TRAINED, "train"), named(HELD_OUT, "held out")]
            rate, cut = RATE, bool(segment)
        elif isinstance(self.data, str | Path):
            files, alone = files_of(str(self.data))
            parts = organised(files).each()
            recordings, rate = decoded(parts, self.rate, [speakers_of(part) for part in parts])
            cut = alone or bool(segment)
        else:
            recordings, rate, cut = [self._in_memory()], self.rate, bool(segment)
        length = self.length or segment or length_for(recordings[0].lengths)
        peak = self.loudness == "peak"
        train, *others = (
            Clips(each, length, seed=seed if i == 0 else 0, segments=cut, peak=peak)
            for i, each in enumerate(recordings)
        )
        return train, SoundSpace(rate, length, train.classes), others[0] if others else None

    def check(self) -> None:
        """See that rate, length and loudness can be.

        Raises:
            ValueError: one cannot.
        """
        if self.length and self.length < LEAST:
            raise ValueError(f"--length {self.length}: a clip has {LEAST} samples or more")
        if self.rate and not RATES[0] <= self.rate <= RATES[1]:
            raise ValueError(f"--rate {self.rate}: sound has {RATES[0]:,} to {RATES[1]:,} samples a second")
        if self.loudness not in ("peak", "none"):
            raise ValueError(f"--loudness {self.loudness}: it is peak or none")
        if isinstance(self.data, str | Path) and str(self.data) == NAME and self.rate not in (0, RATE):
            raise ValueError(f"--rate {self.rate}: {NAME} are of {RATE:,} Hz")

    def _in_memory(self) -> Decoded:
        if not self.rate:
            raise ValueError(
                "arrays do not say how fast they are played: give their rate, Sounds(x, rate=16000)"
            )
        data, labels = self.data, None
        if isinstance(data, tuple) and len(data) == 2:
            data, labels = data[0], to_array(data[1])
        if not isinstance(data, np.ndarray | torch.Tensor | list | tuple):
            raise ValueError(f"sounds are a path, an array or a list of arrays, not {type(data).__name__}")
        return in_memory([checked(to_array(one), f"sound {i + 1}") for i, one in enumerate(data)], labels)


def without_samples(space: Space) -> Condition:
    """Conditions of which only the space is known."""
    blank = Blank(space)
    return Condition(space, blank, blank, matched=True, paired=True)


def spectrogram_space(source: Source, space: SoundSpace, how: Spectrogram) -> SpectrogramSpace:
    """The clips as spectrograms.

    Raises:
        ValueError: a window does not go into a clip.
    """
    window = how.window or window_of(space)
    hop = how.hop or window // 2
    if not 2 <= window <= space.length or not 1 <= hop <= window // 2 or window % 2:
        raise ValueError(f"a window of {window} samples every {hop} does not go into {space.words}")
    return SpectrogramSpace.of(source, space, window, hop, how.iterations)


def window_of(space: SoundSpace) -> int:
    """SpecGAN's 256 samples at 16 kHz, twice as many at twice the rate, no fewer, and no more than a clip."""
    return min(max(256, 1 << round(math.log2(0.016 * space.rate))), 1 << (space.length.bit_length() - 1))


def files_of(text: str) -> tuple[Container, bool]:
    """The files that a path stands for, and whether it is one file.

    Raises:
        FileNotFoundError: there is nothing.
        ValueError: it is nothing of the kind.
    """
    path = path_of(text)
    if not text or not path.exists():
        raise FileNotFoundError(f"there is no data {text!r}: expected {NAME}, or the path of {KINDS}")
    if path.is_dir() and (path / SCP).is_file():
        return listed_in(path / SCP), False
    found = container(text)
    if found is not None:
        return found, False
    regular(path)
    if path.suffix.lower() == ".scp":
        return listed_in(path), False
    if ending_of(path.name) in EXTENSIONS:
        return Listed(str(path), {path.name: path}), True
    raise ValueError(f"{path} is no kind of sound that is read: expected {KINDS}")


def named(n: int, seed: str) -> Decoded:
    """Recordings of the set that has a name."""
    clips, labels = vowels(n, seed)
    ends = lengths_of(clips)
    several = in_memory([clip[:end] for clip, end in zip(clips, ends, strict=True)], None)
    return Decoded(several.samples, several.ends, labels, tuple(RESONANCES))


def in_memory(recordings: Sequence[Floats], labels: NDArray[Any] | None) -> Decoded:
    """Recordings in memory.

    Raises:
        ValueError: there are none, or not as many labels.
    """
    if not recordings:
        raise ValueError("there are no sounds")
    if labels is not None and len(labels) != len(recordings):
        raise ValueError(f"{len(labels):,} labels do not fit {len(recordings):,} sounds")
    names, numbers = (None, None) if labels is None else np.unique(labels, return_inverse=True)
    together = np.concatenate(recordings)
    return Decoded(
        lambda begin, end: together[begin:end],
        np.cumsum([len(one) for one in recordings]),
        numbers,
        () if names is None else tuple(map(str, names)),
        clipped=sum(map(is_clipped, recordings)),
    )


def checked(samples: NDArray[Any], where: str) -> Floats:
    """A recording ``(samples,)`` as float32 from -1 to 1.

    Raises:
        ValueError: it is none.
    """
    if samples.ndim != 1 or samples.dtype.kind not in "fi":
        raise ValueError(f"{where} has the shape {samples.shape} of {samples.dtype}, not (samples,) numbers")
    if samples.dtype.kind == "i":
        samples = samples / -float(np.iinfo(samples.dtype).min)
    if not np.isfinite(samples).all():
        raise ValueError(f"{where} holds numbers that are not finite")
    try:
        return audible(np.asarray(samples, np.float32))
    except ValueError as error:
        raise ValueError(f"{where} {error}") from None


def length_for(lengths: NDArray[np.int64]) -> int:
    """The smallest power of two into which nine recordings in ten go, from 1,024 to 16,384."""
    held = float(np.quantile(lengths, HOLDS))
    return int(np.clip(2 ** int(np.ceil(np.log2(max(held, 1)))), SHORTEST, LONGEST))
