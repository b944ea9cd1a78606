"""Pictures with captions by one argument: built-in scenes, files, or arrays and sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.blank import Blank
from ptarmigan.data.condition import Condition
from ptarmigan.data.glimpse import text_of
from ptarmigan.data.part import Part
from ptarmigan.data.permutation import Indices, permute
from ptarmigan.data.samples import Samples, Source
from ptarmigan.modalities.image.file_source import FileSource
from ptarmigan.modalities.image.reading import Target
from ptarmigan.modalities.image.source import Images, parse_size
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.text.space import TextSpace
from ptarmigan.modalities.text.tokens import CHARACTERS, PLAIN, UNK, WORDS, split, tokenizer_for
from ptarmigan.modalities.text.vocabulary import vocabulary_of
from ptarmigan.tasks.caption import scenes
from ptarmigan.tasks.caption.files import Captioned, open_captioned

SHARE, MOST, FEWEST = 10, 1_000, 50
"""One in ten captions is held out, at most 1,000, and none of fewer than 50."""
KEPT = 256
"""Captions that are kept with the weights: what samples show where nobody says what they are to."""


@dataclass(frozen=True)
class Captions:
    """The pictures with captions to learn from, and how they are read."""

    data: Any = scenes.NAME
    """scenes (built in: shapes, and what a caption says of them), or the path of a folder, a zip or a tar of
    pictures with name.txt beside each (a caption a line), or with a table metadata.csv or .jsonl of file and
    caption; of such a table; of WebDataset shards; or of .parquet files with a column of pictures and one of
    captions. In Python also an array (n, H, W[, C]) and a list of n captions, or a Blank."""
    size: str = ""
    """HxW (or N for NxN): resize every picture, antialiased. Needed where sizes differ."""
    crop: bool = False
    """With a size: cut the centre out in its proportions instead of squeezing."""
    column: str = ""
    """Of a table, the column of captions; one that is called so when empty."""
    least: int = 2
    """Words that occur less often are unknown: nobody can ask for them."""
    longest: int = 32
    """Words of a caption, at most: longer ones are cut."""

    def open(self, *, batch: int, seed: int = 0) -> Samples[ImageSpace]:
        """The pictures with their captions, shuffled by ``seed`` and cut into batches.

        Args:
            batch: pictures in a batch.
            seed: the random seed of the shuffle.

        Raises:
            FileNotFoundError: there is nothing of that name.
            ValueError: it cannot be read as pictures with captions; the message says why and what to do.
        """
        if self.longest < 1 or self.least < 1:
            raise ValueError(f"--longest and --least are 1 or more, not {self.longest} and {self.least}")
        if isinstance(self.data, Blank):
            return self._blank(self.data, batch, seed)
        found = self._opened()
        known = space_of([text for texts in found.captions for text in texts], self.least, self.longest)
        captions, others = (
            Sentences(texts, known, source)
            for source, texts in ((found.source, found.captions), found.held_out)
        )
        condition = Condition(known, captions, others, matched=True, paired=True)
        samples = Samples(
            Unlabelled(found.source),
            replace(found.space, classes=()),
            batch=batch,
            seed=seed,
            held_out=Unlabelled(found.held_out[0]),
            condition=condition,
        )
        samples.understood = (*found.notes, understood(captions, others))
        if text_of(self.data) != scenes.NAME:
            samples.named = (
                f"it names every word of {self.least} captions or more, and keeps {KEPT} captions",
            )
        return samples

    def _blank(self, blank: Blank, batch: int, seed: int) -> Samples[ImageSpace]:
        if not isinstance(blank.inputs, TextSpace):
            raise ValueError("this needs pictures with captions, and the data has none")
        none = Blank(blank.inputs)
        condition = Condition(none.space, none, none, matched=True, paired=True)
        return Samples(blank, blank.of(ImageSpace), batch=batch, seed=seed, condition=condition)

    def _opened(self) -> Opened:
        target = Target(parse_size(self.size), self.crop) if self.size else Target()
        if self.crop and not self.size:
            raise ValueError("--crop needs a --size to crop to, such as --size 64")
        if text_of(self.data) == scenes.NAME:
            return of_scenes(target)
        if isinstance(self.data, str | Path):
            return of_files(open_captioned(self.data, self.column, target))
        return self._arrays()

    def _arrays(self) -> Opened:
        if not isinstance(self.data, tuple | list) or len(self.data) != 2:
            kind = type(self.data).__name__
            raise ValueError(
                f"data is {kind}: expected a path, or an array of pictures and a list of captions"
            )
        pictures = Images(self.data[0], self.size, self.crop).open(batch=1)
        texts = [(one,) if isinstance(one, str) else tuple(one) for one in self.data[1]]
        if len(texts) != len(pictures):
            raise ValueError(f"there are {len(pictures):,} pictures, and captions of {len(texts):,}")
        return parted(pictures.source, pictures.space, texts, ())


Texts = Sequence[tuple[str, ...]]
"""The captions of every picture, one or more."""


@dataclass(frozen=True, eq=False)
class Opened:
    """Pictures and their captions.

    Attributes:
        source: pictures to learn from.
        space: what they are.
        captions: theirs.
        held_out: other pictures, and theirs.
        notes: how they were read, in lines for people.
    """

    source: Source
    space: ImageSpace
    captions: Texts
    held_out: tuple[Source, Texts]
    notes: tuple[str, ...] = ()


def of_scenes(target: Target) -> Opened:
    """The built-in scenes."""
    sides = target.size or (scenes.SIDE, scenes.SIDE)
    (train, texts), held_out = (
        (scenes.SceneSource(found, *sides), [(caption,) for caption in found.captions])
        for found in (scenes.drawn(scenes.TRAINED, "train"), scenes.drawn(scenes.HELD_OUT, "held out"))
    )
    return Opened(train, ImageSpace(*sides, 3), texts, held_out)


def of_files(found: Captioned) -> Opened:
    """Pictures in files: with the split that there is, or one in ten captions held out."""
    if found.held_out is not None:
        return Opened(found.source, found.space, found.captions, found.held_out, found.notes)
    return parted(found.source, found.space, found.captions, found.notes)


def parted(source: Source, space: ImageSpace, texts: Texts, notes: tuple[str, ...]) -> Opened:
    """One in ten captions held out, with all of its pictures, where there are enough."""
    different = list(dict.fromkeys(texts))
    n = len(different)
    if n < FEWEST:
        return Opened(source, space, texts, (source, texts), notes)
    chosen = {different[i] for i in permute(np.arange(min(n // SHARE, MOST)), n, "captions", "held out")}
    apart = np.array([text in chosen for text in texts])
    sides = [np.flatnonzero(~apart), np.flatnonzero(apart)]
    (train, own), held_out = ((Part(source, rows), [texts[i] for i in rows.tolist()]) for rows in sides)
    said = f"held out: {len(chosen):,} of {n:,} captions, with their {len(sides[1]):,} pictures"
    return Opened(train, space, own, held_out, (*notes, said))


def space_of(texts: Sequence[str], least: int, longest: int) -> TextSpace:
    """What one caption is: plain words, or characters where there are no blanks between words."""
    tokenizer = PLAIN if tokenizer_for(texts) == WORDS or len(set(map(len, texts))) < 2 else CHARACTERS
    sentences = [split(text, tokenizer, lower=True)[:longest] for text in texts]
    lengths = [len(sentence) for sentence in sentences]
    if not max(lengths, default=0):
        raise ValueError("no caption has a word")
    return TextSpace(
        vocabulary=vocabulary_of(sentences, least),
        length=max(lengths),
        tokenizer=tokenizer,
        lower=True,
        ends=min(lengths) < max(lengths),
    )


class Sentences:
    """The captions of pictures, as rows of numbers; of several that a picture has another one each epoch.

    Args:
        texts: the captions of every picture.
        space: what a caption is.
        pictures: the source that they belong to: another picture may stand in for one that is damaged.
    """

    labels = None
    classes: tuple[str, ...] = ()

    def __init__(self, texts: Texts, space: TextSpace, pictures: Source) -> None:
        self.counts = np.array([len(each) for each in texts])
        self.first = np.cumsum(self.counts) - self.counts
        self.raw = space.number([text for each in texts for text in each], space.length)
        self.pictures = pictures

    def __len__(self) -> int:
        return len(self.counts)

    def read(self, indices: Indices) -> NDArray[Any]:
        """The first caption of each picture."""
        return self.read_in(indices, np.zeros(len(indices), np.int64))

    def read_in(self, indices: Indices, epochs: Indices) -> NDArray[Any]:
        """The caption of each picture in its epoch."""
        rows = standing(self.pictures, np.asarray(indices))
        found: NDArray[Any] = self.raw[self.first[rows] + epochs % self.counts[rows]]
        return found


def standing(pictures: Source, rows: Indices) -> Indices:
    """Which pictures are read at ``rows``: others, where some turned out damaged."""
    if isinstance(pictures, FileSource):
        return pictures.standing(rows)
    if isinstance(pictures, Part) and isinstance(pictures.source, FileSource):
        whole = pictures.source.standing(pictures.rows[rows])
        places = np.searchsorted(pictures.rows, whole).clip(max=len(pictures) - 1)
        return np.where(pictures.rows[places] == whole, places, rows)
    return rows


@dataclass(frozen=True, eq=False)
class Unlabelled:
    """A source whose classes are left out: captions say more."""

    source: Source
    labels: None = None
    classes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.source)

    def read(self, indices: Indices) -> NDArray[Any]:
        """The same samples."""
        return self.source.read(indices)


def understood(captions: Sentences, others: Sentences) -> str:
    """How many words are known, in a line."""
    shares = [
        100 * float((each.raw == UNK).sum() / max(1, (each.raw >= UNK).sum())) for each in (captions, others)
    ]
    known = len(np.unique(captions.raw[captions.raw > UNK]))
    said = f"{shares[0]:.3g} % of all are not, {shares[1]:.3g} % of those held out"
    return f"captions: {known:,} words are known; {said}"


def few(samples: Samples) -> list[list[int]]:
    """Some captions of the data, as numbers: what is kept with the weights."""
    given = samples.require_condition().source
    rows = permute(np.arange(min(KEPT, len(given))), len(given), "captions", "kept")
    found: list[list[int]] = given.read(rows).tolist()
    return found
