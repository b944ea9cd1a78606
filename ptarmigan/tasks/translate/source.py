"""What is translated into what, by one argument: two sets of pictures, or one from which inputs are made."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np

from ptarmigan.data.archives import container
from ptarmigan.data.blank import Blank
from ptarmigan.data.condition import Condition
from ptarmigan.data.part import Part
from ptarmigan.data.permutation import permute
from ptarmigan.data.samples import Samples, Source
from ptarmigan.data.space import Space
from ptarmigan.modalities.image.augmentation import ImageAugmentation
from ptarmigan.modalities.image.files import open_files
from ptarmigan.modalities.image.reading import Target
from ptarmigan.modalities.image.source import Images, parse_size
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.label.source import label_array, open_labels
from ptarmigan.tasks.translate.degrade import Degraded, degradation
from ptarmigan.tasks.translate.domains import Domains, side_by_side, two_folders
from ptarmigan.tasks.translate.sides import Opener, Side, open_sides

Opened: TypeAlias = tuple[Source, Any, Source, Condition]
"""Samples, their space, those held out, and what they are translated from."""
HELD_OUT = 6
"""Every so-manieth sample is held out where the data has no test split."""


@dataclass(frozen=True)
class Pairs:
    """The pictures to translate, and how they are read."""

    data: Any = "digits"
    """The path of a folder, zip or tar of two sets (trainA, trainB and perhaps testA, testB; or two folders,
    in train and test where there are these; files whose names match are pairs); or pictures of one kind, as
    training takes them elsewhere: a name, a folder, an archive, an array. In Python also arrays (A, B)."""
    pair: str = "auto"
    """side: every picture is A and B side by side. Or make inputs from pictures of one kind: gray, edges,
    lowres:4, mask, blur:2, jpeg:10. auto: two sets where folders show them, else edges."""
    direction: Literal["AtoB", "BtoA"] = "AtoB"
    """Which side is translated into which."""
    labels: Literal["none", "A", "B"] = "none"
    """The side that holds label maps: grey or palette images of class numbers (colour images of few colours
    will do). 255, where others end before, is one class more, unless it is --void."""
    void: str = ""
    """The number in label maps of pixels that are of no class, such as 255: they are neither learnt nor
    counted."""
    size: str = ""
    """HxW (or N for NxN): resize every picture, antialiased. Needed where sizes differ."""
    crop: bool = False
    """With a size: cut the centre out in its proportions instead of squeezing."""
    flip: bool = False
    """Mirror half of the pictures left to right, a pair alike."""
    jitter: int = 0
    """Enlarge pictures by so many pixels and cut them out at random, a pair alike."""

    def open(self, *, batch: int, seed: int = 0, paired: bool = True) -> Samples:
        """The samples with their inputs, shuffled by ``seed`` and cut into batches.

        Args:
            batch: pictures in a batch.
            seed: the random seed of the shuffle.
            paired: keep pairs together; else inputs and samples are shuffled apart, also where they match.

        Raises:
            FileNotFoundError: there is nothing of that name.
            ValueError: it cannot be read as pictures to translate, or ``paired`` and they do not match.
        """
        if self.void and self.labels == "none":
            raise ValueError(f"--void {self.void}: which side holds label maps? Say --labels A or --labels B")
        source, space, held_out, inputs = self._opened(paired)
        if paired and not inputs.matched:
            raise ValueError(
                f"{named(self.data)}: this recipe learns from pairs, and these pictures do not match: see "
                "translate.cyclegan or translate.cut, which need none"
            )
        return Samples(
            source,
            space,
            batch=batch,
            seed=seed,
            augment=ImageAugmentation(self.flip, self.jitter) if self.flip or self.jitter else None,
            held_out=held_out,
            condition=dataclasses.replace(inputs, paired=paired),
        )

    def _opened(self, paired: bool) -> Opened:
        if isinstance(self.data, Blank):
            if self.data.inputs is None:
                raise ValueError("this needs pictures to translate from, and the data has none")
            blank = Blank(self.data.inputs)
            return self.data, self.data.space, self.data, Condition(blank.space, blank, blank, True, True)
        files = container(str(self.data)) if isinstance(self.data, str | Path) else None
        if self.pair == "side":
            if files is None:
                raise ValueError(f"--pair side: {named(self.data)} is no folder or archive of pictures")
            return self._two(side_by_side(files))
        if self.pair != "auto":
            return self._degraded(self.pair)
        if isinstance(self.data, tuple | list) and len(self.data) == 2 and np.ndim(self.data[1]) > 1:
            return self._arrays()
        found = None if files is None else two_folders(files, wanted=paired)
        return self._degraded("edges") if found is None else self._two(found)

    def _two(self, domains: Domains) -> Opened:
        """Two sets of pictures in files."""
        targets = [self._target(), self._target()]
        openers: list[Opener] = [open_files, open_files]
        if domains.train.a is domains.train.b:
            targets = [targets[0]._replace(half="left"), targets[1]._replace(half="right")]
        if self.labels != "none":
            openers["AB".index(self.labels)] = partial(open_labels, void=self._void)
        if self.direction == "BtoA":
            domains, targets, openers = domains.turned(), targets[::-1], openers[::-1]
        a, b, bad = open_sides(domains, (openers[0], openers[1]), (targets[0], targets[1]))
        return self._together(a, b, domains.matched, bad, domains.where)

    def _arrays(self) -> Opened:
        """Two arrays of pictures, which belong together where they are equally many."""
        sides = []
        for name, data in zip("AB", self.data, strict=True):
            if self.labels == name:
                source, labels = label_array(data, self._target(), f"the array {name}", self._void)
                sides.append(Side(source, labels, None))
            else:
                samples = Images(data, self.size, self.crop).open(batch=1)
                sides.append(Side(samples.source, samples.space, None))
        a, b = sides[::-1] if self.direction == "BtoA" else sides
        return self._together(a, b, len(a.source) == len(b.source), (), "the arrays")

    def _together(self, a: Side, b: Side, matched: bool, bad: tuple[str, ...], where: str) -> Opened:
        fitting(a.space, b.space, where)
        (source, held_out), (inputs, held_in) = (
            (side.source, side.held_out) if side.held_out is not None else parted(side.source)
            for side in (b, a)
        )
        space = dataclasses.replace(b.space, classes=())
        given = dataclasses.replace(a.space, classes=())
        return source, space, held_out, Condition(given, inputs, held_in, matched, matched, bad)

    @property
    def _void(self) -> int | None:
        if self.void and not str(self.void).isdecimal():
            raise ValueError(f"--void {self.void}: it is a number of pixels in label maps, such as 255")
        return int(self.void) if self.void else None

    def _target(self) -> Target:
        if self.crop and not self.size:
            raise ValueError("--crop needs a --size to crop to, such as --size 64")
        return Target(parse_size(self.size), self.crop) if self.size else Target()

    def _degraded(self, pair: str) -> Opened:
        """One set of pictures, with inputs made from them."""
        how = degradation(pair)
        if self.direction == "BtoA" or self.labels != "none":
            option = "--labels" if self.labels != "none" else "--direction BtoA"
            raise ValueError(
                f"{option} needs two sets, and {named(self.data)} is taken for one, of which --pair {pair} "
                "makes inputs: two sets are folders trainA and trainB, or two folders of any name, or, with "
                "--pair side, pictures that each are A and B side by side"
            )
        samples = Images(self.data, self.size, self.crop).open(batch=1)
        space = samples.space
        assert isinstance(space, ImageSpace)
        source, held_out = samples.source, samples.held_out
        if held_out is source:
            source, held_out = parted(source)
        inputs = Condition(how.space(space), Degraded(source, how), Degraded(held_out, how), True, True)
        return source, space, held_out, inputs


def fitting(a: Space, b: Space, where: str) -> None:
    """Pictures of B are as large as those of A, or a whole number of times as large.

    Raises:
        ValueError: they are not.
    """
    (h, w), (high, wide) = a.shape[1:], b.shape[1:]
    if high % h or wide % w or high // h != wide // w:
        raise ValueError(
            f"{where}: inputs are {h}x{w}, targets {high}x{wide} (height x width): targets have to be as "
            f"large, or a whole number of times as large; choose one size for both, such as --size {h}x{w}"
        )


def parted(source: Source) -> tuple[Source, Source]:
    """Most of a source to train on, and every sixth sample, in an order that looks random, held out."""
    order = permute(np.arange(len(source)), len(source), 0, "held out")
    n = len(source) // HELD_OUT
    if n == 0:
        return source, source
    return Part(source, np.sort(order[n:])), Part(source, np.sort(order[:n]))


def named(data: Any) -> str:
    """What people call the data."""
    return str(data) if isinstance(data, str | Path) else "the data"
