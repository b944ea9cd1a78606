"""What the names of sound files say: which are held out, and what their classes and speakers are."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from ptarmigan.data.archives import Container, times
from ptarmigan.media.foreign import open_binary, read_bytes
from ptarmigan.modalities.image.splits import Files, Label, above, is_visible, numbered, path_parts, split
from ptarmigan.modalities.sound.decode import EXTENSIONS, ending_of

SPOKEN = re.compile(r"(?P<label>[^_]+)_(?P<speaker>[^_]+)_(?P<number>\d+)")
"""Names as those of the Free Spoken Digit Dataset: ``7_jackson_32``."""
HELD_OUT = 10
"""Of such names one part in so many is held out, those with the lowest numbers: that set's official split."""
LISTS = (("training.txt", "validation.txt"), ("train.txt", "val.txt"))
"""Files of names ``name|text``, to train on and held out, as HiFi-GAN has them for LJ Speech."""
WHOLE = "metadata.csv"
"""The file of names ``name|text|text`` of LJ Speech."""
SCP = "wav.scp"
"""Kaldi's file of ``name path``, a clip a line."""
MOST_TEXT = 1 << 28


@dataclass(frozen=True)
class Parts:
    """Files to train on and those held out.

    Attributes:
        train: to train on.
        held_out: others; None where there are none.
    """

    train: Files
    held_out: Files | None

    def each(self) -> list[Files]:
        """The one or two."""
        return [self.train] if self.held_out is None else [self.train, self.held_out]


class Listed:
    """Files wherever they are.

    Args:
        where: what people call them.
        files: their paths by name.

    Raises:
        FileNotFoundError: one is not there.
    """

    def __init__(self, where: str, files: Mapping[str, Path]) -> None:
        self.where, self.names, self._paths = where, list(files), list(files.values())
        missing = next((each for each in self._paths if not each.exists()), None)
        if missing is not None:
            raise FileNotFoundError(f"{where}: there is no file {missing}")
        self.sizes = np.array([each.stat().st_size for each in self._paths], np.int64)

    def read(self, i: int, first: int | None = None) -> bytes:
        """The ``i``-th file, or only its ``first`` bytes."""
        with open_binary(self._paths[i], 0) as file:
            return file.read(int(self.sizes[i]) if first is None else first)

    def stamp(self) -> str:
        """Changes with the path, size or times of any file."""
        digest = hashlib.blake2b(digest_size=16)
        for path in self._paths:
            stat = path.stat()
            digest.update(f"{path.resolve()}\0{stat.st_size}\0{times(stat)}\0".encode(errors="replace"))
        return digest.hexdigest()


def listed_in(path: Path) -> Listed:
    """The files that a ``wav.scp`` names.

    Raises:
        FileNotFoundError: one is not there.
        ValueError: a line names no file: Kaldi's commands, which end with a bar, are not run.
    """
    found: dict[str, Path] = {}
    for line in lines_of(read_bytes(path, MOST_TEXT), str(path)):
        name, _, place = line.partition(" ")
        place = place.strip()
        if not place or place.endswith("|"):
            raise ValueError(f"{path}: {line[:80]!r} is no name and path of a file: commands are not run")
        found[f"{name}.{ending_of(place)}"] = path.parent / place
    if not found:
        raise ValueError(f"{path} names no files")
    return Listed(str(path), found)


def organised(container: Container) -> Parts:
    """The sounds to train on and those held out, with their classes.

    Folders called train and test are a split, and so are lists of names beside the files; classes are the
    folders that hold them, or the first part of names ``label_speaker_number``.

    Raises:
        ValueError: there are no sounds.
    """
    members = [i for i, name in enumerate(container.names) if is_sound(name)]
    if not members:
        endings = " ".join(EXTENSIONS)
        raise ValueError(f"{container.where} holds no sounds (files ending in: {endings})")
    listed = by_lists(container, members)
    if listed is not None:
        train, held_out = listed
        return parts(container, [*train, *held_out], None, len(train))
    paths = [path_parts(container.names[i]) for i in members]
    first, second = split(paths)
    labels = above(paths, bool(second))
    if labels is None and not second and (found := spoken(paths)) is not None:
        labels, first, second = found
    ordered = None if labels is None else [labels[k] for k in (*first, *second)]
    return parts(container, [members[k] for k in (*first, *second)], ordered, len(first))


def parts(
    container: Container, members: Sequence[int], labels: Sequence[Label] | None, trained: int
) -> Parts:
    """Files, the first of them to train on and the others held out, with classes numbered alike."""
    if not trained:
        raise ValueError(f"{container.where} holds no sounds to train on")
    if labels is None or len(set(labels)) < 2:
        made = [Files(container, np.array(some, np.int64)) for some in (members[:trained], members[trained:])]
    else:
        numbers, classes = numbered(labels[:trained])
        others, _ = numbered(labels[trained:], classes)
        made = [
            Files(container, np.array(members[:trained], np.int64), numbers, classes),
            Files(container, np.array(members[trained:], np.int64), others, classes),
        ]
    return Parts(made[0], made[1] if len(made[1]) else None)


def spoken(paths: Sequence[tuple[str, ...]]) -> tuple[list[Label], list[int], list[int]] | None:
    """Labels, and places to train on and held out, of names ``label_speaker_number``; None of others."""
    found = [SPOKEN.fullmatch(PurePosixPath(path[-1]).stem) for path in paths]
    if not all(found):
        return None
    labels: list[Label] = [one["label"] for one in found if one]
    numbers = [int(one["number"]) for one in found if one]
    below = (max(numbers) + 1) // HELD_OUT
    first = [k for k, number in enumerate(numbers) if number >= below]
    return labels, first, [k for k, number in enumerate(numbers) if number < below]


def speakers_of(files: Files) -> list[str]:
    """Who speaks in each file, by names ``label_speaker_number``; empty where they are no such."""
    found = [SPOKEN.fullmatch(PurePosixPath(files.name(k)).stem) for k in range(len(files))]
    return [one["speaker"] for one in found if one] if all(found) else []


def by_lists(container: Container, members: Sequence[int]) -> tuple[list[int], list[int]] | None:
    """The sounds that lists beside them name, to train on and held out; None where there are no lists."""
    stems = {PurePosixPath(container.names[i]).stem: i for i in members}
    lists = {PurePosixPath(name).name: i for i, name in enumerate(container.names)}
    for first, second in LISTS:
        if first in lists and second in lists:
            return named(container, lists[first], stems), named(container, lists[second], stems)
    return (named(container, lists[WHOLE], stems), []) if WHOLE in lists else None


def named(container: Container, i: int, stems: dict[str, int]) -> list[int]:
    """The sounds that a list of ``name|text`` names.

    Raises:
        ValueError: it names none of them.
    """
    where = f"{container.where}: {container.names[i]}"
    if container.sizes[i] > MOST_TEXT:
        raise ValueError(f"{where} is too large for a list of names")
    names = [line.partition("|")[0].strip() for line in lines_of(container.read(i), where)]
    found = [
        stems[stem] for name in names if (stem := PurePosixPath(name).name.removesuffix(".wav")) in stems
    ]
    if not found:
        raise ValueError(f"{where} names none of the sounds beside it: a line is name|text")
    return sorted(set(found))


def lines_of(data: bytes, where: str) -> list[str]:
    """The lines of a text that are not empty."""
    try:
        return [line.strip() for line in data.decode("utf-8-sig").splitlines() if line.strip()]
    except UnicodeDecodeError:
        raise ValueError(f"{where} is no text in UTF-8") from None


def is_sound(name: str) -> bool:
    """Whether a file of this name is read as a sound."""
    return is_visible(name) and ending_of(name) in EXTENSIONS
