"""What is translated into what, by one argument: two sets of pictures, or one from which inputs are made."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ptarmigan.data.blank import Blank
from ptarmigan.data.degrade import Degraded, degradation
from ptarmigan.data.images import Images
from ptarmigan.data.part import Part
from ptarmigan.data.permutation import permute
from ptarmigan.data.samples import Inputs, Samples, Source
from ptarmigan.spaces.image import ImageSpace

HELD_OUT = 6
"""Every so-manieth sample is held out where the data has no test split."""


@dataclass(frozen=True)
class Pairs:
    """The pictures to translate, and how they are read."""

    data: Any = "digits"
    """The path of a folder or zip of two sets (trainA, trainB and perhaps testA, testB; or two folders, in
    which names that match are pairs; or pictures that are A and B side by side), or, with --pair, pictures
    of one kind as training takes them elsewhere: a name, a folder, an archive, an array."""
    pair: str = "auto"
    """Make inputs from the pictures themselves: gray, edges, lowres:4, mask, blur:2, jpeg:10. auto: where
    there is one set only, edges."""
    direction: Literal["AtoB", "BtoA"] = "AtoB"
    """Which side is translated into which."""
    labels: Literal["none", "A", "B"] = "none"
    """The side that holds label maps: grey or palette images of class numbers."""
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
            seed: names the shuffle.
            paired: keep pairs together; else inputs and samples are shuffled apart, also where they match.

        Raises:
            FileNotFoundError: there is nothing of that name.
            ValueError: it cannot be read as pictures to translate, or ``paired`` and they do not match.
        """
        source, space, held_out, inputs = self._opened()
        if paired and not inputs.matched:
            raise ValueError(
                f"{self.data}: this recipe learns from pairs, and these pictures do not match: see "
                "translate.cyclegan or translate.cut, which need none"
            )
        return Samples(
            source,
            space,
            batch=batch,
            seed=seed,
            flip=self.flip,
            jitter=self.jitter,
            held_out=held_out,
            inputs=dataclasses.replace(inputs, paired=paired),
        )

    def _opened(self) -> tuple[Source, Any, Source, Inputs]:
        if isinstance(self.data, Blank):
            if self.data.inputs is None:
                raise ValueError("this needs pictures to translate from, and the data has none")
            blank = Blank(self.data.inputs)
            return self.data, self.data.space, self.data, Inputs(blank, blank.space, blank, True, True)
        return self._made("edges" if self.pair == "auto" else self.pair)

    def _made(self, pair: str) -> tuple[Source, Any, Source, Inputs]:
        """One set of pictures, with inputs made from them."""
        how = degradation(pair)
        samples = Images(self.data, self.size, self.crop).open(batch=1)
        space = samples.space
        assert isinstance(space, ImageSpace)
        source, held_out = samples.source, samples.held_out
        if held_out is source:
            source, held_out = parted(source)
        inputs = Inputs(Degraded(source, how), how.space(space), Degraded(held_out, how), True, True)
        if self.direction == "BtoA":
            raise ValueError(
                f"--pair {pair} makes inputs A of pictures B: there is no --direction BtoA of it"
            )
        return source, space, held_out, inputs


def parted(source: Source) -> tuple[Source, Source]:
    """Most of a source to train on, and every sixth sample, in an order that looks random, held out."""
    order = permute(np.arange(len(source)), len(source), 0, "held out")
    n = len(source) // HELD_OUT
    if n == 0:
        return source, source
    return Part(source, np.sort(order[n:])), Part(source, np.sort(order[:n]))
