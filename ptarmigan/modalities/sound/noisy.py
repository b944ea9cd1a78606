"""Noisy sounds and what they should be, by one argument: files in two sets, or clean ones to add noise to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import numpy as np

from ptarmigan.data.archives import Container
from ptarmigan.data.blank import Blank
from ptarmigan.data.condition import Condition
from ptarmigan.data.part import Part
from ptarmigan.data.permutation import permute
from ptarmigan.data.samples import Samples, Source
from ptarmigan.modalities.image.splits import HELD_OUT, Files, path_parts
from ptarmigan.modalities.sound.clips import BAD_SHARE, decoded
from ptarmigan.modalities.sound.names import is_sound
from ptarmigan.modalities.sound.pairs import SIDES, Added, Pairs, Recordings
from ptarmigan.modalities.sound.source import Sounds, files_of, length_for, without_samples
from ptarmigan.modalities.sound.space import SoundSpace
from ptarmigan.modalities.sound.vowels import NAME

PART = 10
"""Every so-manieth pair is held out where the data has no test split."""
SIDE = re.compile("|".join(SIDES))
APART = re.compile(rf"(^|[^a-z])({'|'.join(HELD_OUT)})([^a-z]|set|$)")
"""Names of folders of what is held out: ``test``, ``clean_testset_wav``."""
SECOND = 1.024
"""Seconds of a clip, at most, where no length is given: 16,384 samples at 16 kHz."""
SHOWN = 3


@dataclass(frozen=True)
class NoisySounds:
    """Pairs of a noisy and a clean sound, and how they are read."""

    data: Any = NAME
    """The path of a folder, .zip or .tar of two sets of sound files, in folders (or by names) that say clean
    and noisy, and test where they are to be held out: files belong together by their names. Or any sounds, as
    sound.specgan takes them, to which noise is added."""
    rate: int = 0
    """Samples a second: what is of another rate is resampled. The most common one when 0."""
    length: int = 0
    """Samples of a clip: long recordings are cut into many. About a second, or less where recordings are
    shorter, when 0."""
    snr: str = "0:10"
    """Decibels of clean sounds over the noise that is added to them, from:to."""

    def open(self, *, batch: int, seed: int = 0) -> Samples[SoundSpace]:
        """Clean clips and, as what they are conditioned on, noisy ones; shuffled by ``seed``, in batches.

        Args:
            batch: clips in a batch.
            seed: of the shuffle, and of the places at which clips are cut out of longer recordings.

        Raises:
            FileNotFoundError: there is nothing of that name.
            ValueError: it cannot be read as pairs of sounds; the message says why and what to do.
        """
        if isinstance(self.data, Blank):
            space = self.data.of(SoundSpace)
            blank = without_samples(self.data.inputs or space)
            return Samples(self.data, space, batch=batch, seed=seed, condition=blank)
        found = self.recorded(seed) if isinstance(self.data, str | Path) and self.data != NAME else None
        (train, held_out), space = found or self.added(seed)
        (noisy, others), (clean, apart) = (
            parted(train.side(side)) if train is held_out else (train.side(side), held_out.side(side))
            for side in SIDES
        )
        given = Condition(space, noisy, others, matched=True, paired=True)
        return Samples(clean, space, batch=batch, seed=seed, held_out=apart, condition=given)

    def added(self, seed: int) -> tuple[tuple[Pairs, Pairs], SoundSpace]:
        """Pairs of clean sounds and the same with noise."""
        ratio = decibels(self.snr)
        sounds = Sounds(self.data, self.rate, self.length).open(batch=1, seed=seed)
        space = SoundSpace(sounds.space.rate, sounds.space.length)
        train = Added(sounds.source, ratio, "train")
        if sounds.held_out is sounds.source:
            return (train, train), space
        return (train, Added(sounds.held_out, ratio, "held out")), space

    def recorded(self, seed: int) -> tuple[tuple[Pairs, Pairs], SoundSpace] | None:
        """Pairs of recordings; None where there are no two sets of them."""
        files, _ = files_of(str(self.data))
        parts = in_pairs(files)
        if parts is None:
            return None
        Sounds("", self.rate, self.length).check()
        several, rate = decoded([one for part in parts for one in part], self.rate, [()] * 2 * len(parts))
        most = 1 << round(np.log2(SECOND * rate))
        length = self.length or min(most, length_for(several[0].lengths))
        train, *others = (
            Recordings(several[i], several[i + 1], length, seed if i == 0 else 0)
            for i in range(0, len(several), 2)
        )
        return (train, others[0] if others else train), SoundSpace(rate, length)


Two = tuple[Files, Files]
"""Noisy files and clean ones; the i-th of both belong together."""


def in_pairs(files: Container) -> list[Two] | None:
    """Files to train on and, where there are such, those held out; None where they are no two sets.

    Raises:
        ValueError: too many have no partner of their name, or there are none to train on.
    """
    members = [i for i, name in enumerate(files.names) if is_sound(name)]
    sides: dict[bool, dict[str, dict[str, int]]] = {}
    for i in members:
        side, apart, name = place(files.names[i])
        if not side:
            return None
        sides.setdefault(apart, {each: {} for each in SIDES})[side][name] = i
    if not sides or not all(found[side] for found in sides.values() for side in SIDES):
        return None
    if False not in sides:
        raise ValueError(f"{files.where} holds no pairs of sounds to train on, only such as are held out")
    return [matched(files, sides[apart]) for apart in sorted(sides)]


def place(path: str) -> tuple[Literal["noisy", "clean", ""], bool, str]:
    """Of which side a file is by its path, whether it is held out, and what its partner has in common."""
    *folders, last = (part.lower() for part in path_parts(path))
    names = [*folders[::-1], PurePosixPath(last).stem]
    # the innermost folder that says it, and only where none does the name: clean_bell.wav may be noisy
    said = next((found[0] for one in names if (found := SIDE.search(one))), "")
    apart = any(APART.search(one) for one in folders)
    kept = [one for one in folders if not SIDE.search(one) and not APART.search(one)]
    side: Literal["noisy", "clean", ""] = "noisy" if said == "noisy" else "clean" if said else ""
    in_folder = any(SIDE.search(one) for one in folders)
    stem = names[-1] if in_folder else SIDE.sub("", names[-1])
    return side, apart, "/".join([*(one for one in kept if one != "train"), stem])


def matched(files: Container, sides: dict[str, dict[str, int]]) -> Two:
    """The files of both sides in one order, without those that have no partner.

    Raises:
        ValueError: more than a tenth have none.
    """
    noisy, clean = (sides[side] for side in SIDES)
    names = sorted(noisy.keys() & clean.keys())
    alone = sorted([*(noisy[k] for k in noisy.keys() - clean), *(clean[k] for k in clean.keys() - noisy)])
    if not names or len(alone) > BAD_SHARE * (len(noisy) + len(clean)):
        shown = ", ".join(files.names[i] for i in alone[:SHOWN])
        raise ValueError(
            f"{files.where}: {len(alone)} of {len(noisy) + len(clean)} sounds have no partner of their name "
            f"on the other side, such as {shown}"
        )
    first, second = (Files(files, np.array([side[k] for k in names], np.int64)) for side in (noisy, clean))
    return first, second


def parted(source: Source) -> tuple[Source, Source]:
    """Most of a source, and every tenth of its clips, in an order that looks random."""
    order = permute(np.arange(len(source)), len(source), 0, "held out")
    n = max(1, len(source) // PART)
    return Part(source, np.sort(order[n:])), Part(source, np.sort(order[:n]))


def decibels(text: str) -> tuple[float, float]:
    """Two numbers of ``from:to``.

    Raises:
        ValueError: they are none.
    """
    found = re.fullmatch(r"\s*(-?\d{1,3}(?:\.\d+)?)(?:\s*:\s*(-?\d{1,3}(?:\.\d+)?))?\s*", text)
    if found is None or float(found[1]) > float(found[2] or found[1]):
        raise ValueError(f"--snr {text}: decibels from:to, such as 0:10")
    return float(found[1]), float(found[2] or found[1])
