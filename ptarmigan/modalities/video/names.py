"""Which files of a folder or an archive are recordings, how each is read, and what its name says of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from ptarmigan.data.archives import Container
from ptarmigan.modalities.image.splits import (
    Files,
    above,
    ending,
    is_image,
    is_visible,
    numbered,
    path_parts,
    split,
)
from ptarmigan.modalities.video.decode import (
    ANIMATED,
    FILMS,
    MOST_BYTES,
    Form,
    Frame,
    animation_form,
    animation_frames,
    film_form,
    film_frames,
    is_animated,
    picture_form,
    picture_frame,
    strip_form,
    strip_frames,
)

Kind: TypeAlias = Literal["film", "animation", "strip", "frames"]
LOOKED_AT = 16
"""Pictures by whose headers strips are told from frames."""
START = 1 << 16


@dataclass(frozen=True)
class Recordings:
    """Some of the recordings of a container.

    Attributes:
        files: all files that they are in.
        kind: how they are read.
        members: the numbers of the files of each; one, but for folders of frames.
        names: what people call each.
        labels: the class of each.
        classes: the names of the classes.
    """

    files: Files
    kind: Kind
    members: tuple[tuple[int, ...], ...]
    names: tuple[str, ...]
    labels: tuple[int, ...] | None
    classes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.members)

    def form(self, place: int) -> Form:
        """Size, channels and rate of a recording, by its header.

        Raises:
            OSError: it cannot be read.
            ValueError: it is damaged, or a decompression bomb.
        """
        first = self.data(self.members[place][0])
        if self.kind == "film":
            return film_form(first)
        if self.kind == "animation":
            return animation_form(first)
        return strip_form(first)[0] if self.kind == "strip" else picture_form(first)

    def frames(self, place: int) -> Iterator[Frame]:
        """The frames of a recording; errors as of ``form``."""
        if self.kind == "frames":
            return (Frame(picture_frame(self.data(member)), 0.0) for member in self.members[place])
        read = {"film": film_frames, "animation": animation_frames, "strip": strip_frames}[self.kind]
        return read(self.data(self.members[place][0]))

    def data(self, member: int) -> bytes:
        """A file.

        Raises:
            ValueError: it is empty or too large.
        """
        size = int(self.files.container.sizes[member])
        if not 0 < size <= MOST_BYTES:
            raise ValueError("empty" if not size else f"larger than {MOST_BYTES >> 20} MB")
        return self.files.container.read(member)


def organised(container: Container) -> tuple[Recordings, Recordings | None]:
    """The recordings to train on and those held out (None where there are none), with their classes.

    Films count before animations, and these before pictures. Of pictures, those that are wider or higher than
    they should be are strips of square frames; else every folder is a recording, of frames in the order of
    their numbers. Top folders called train and test are a split, and the folders below them classes.

    Raises:
        ValueError: there are no recordings.
    """
    kind, groups = recordings_in(container)
    paths = [path_parts(name) for name, _ in groups]
    train, held_out = split(paths)
    labels = above(paths, bool(held_out))
    if labels is not None and len(set(labels)) < 2:
        labels = None
    classes: tuple[str, ...] = ()
    found = []
    for places in (train, held_out):
        numbers = None
        if labels is not None and places:
            codes, classes = numbered([labels[k] for k in places], classes or None)
            numbers = tuple(codes.tolist())
        found.append(part(container, kind, [groups[k] for k in places], numbers, classes))
    if not train:
        raise ValueError(f"{container.where} holds no videos to train on")
    return found[0], found[1] if held_out else None


def part(
    container: Container,
    kind: Kind,
    groups: Sequence[tuple[str, tuple[int, ...]]],
    labels: tuple[int, ...] | None,
    classes: tuple[str, ...],
) -> Recordings:
    """Some recordings."""
    members = [member for _, several in groups for member in several]
    files = Files(container, np.array(members, np.int64))
    several = tuple(each for _, each in groups)
    return Recordings(files, kind, several, tuple(name for name, _ in groups), labels, classes)


def recordings_in(container: Container) -> tuple[Kind, list[tuple[str, tuple[int, ...]]]]:
    """How the recordings of a container are read, and the name and the files of each.

    Raises:
        ValueError: there are none.
    """
    seen = [i for i, name in enumerate(container.names) if is_visible(name)]
    films = [i for i in seen if ending(container.names[i]) in FILMS]
    if films:
        return "film", alone(container, films)
    moving = [i for i in seen if ending(container.names[i]) in ANIMATED]
    pictures = [i for i in seen if is_image(container.names[i])]
    if moving and (ending(container.names[moving[0]]) == "gif" or any_moves(container, moving)):
        return "animation", alone(container, moving)
    if not pictures:
        endings = " ".join((*FILMS, *ANIMATED))
        raise ValueError(f"{container.where} holds no videos (files ending in: {endings}, or pictures)")
    if are_strips(container, pictures):
        return "strip", alone(container, pictures)
    folders: dict[str, list[int]] = {}
    for i in pictures:
        folders.setdefault(container.names[i].rpartition("/")[0], []).append(i)
    return "frames", [
        (name or container.where, tuple(sorted(several, key=lambda i: in_numbers(container.names[i]))))
        for name, several in sorted(folders.items())
    ]


def alone(container: Container, members: Sequence[int]) -> list[tuple[str, tuple[int, ...]]]:
    """Every file as a recording."""
    return [(container.names[i], (i,)) for i in members]


def any_moves(container: Container, members: Sequence[int]) -> bool:
    """Whether one of the first files has several frames."""
    return any(is_animated(contents) for contents in beginnings(container, members, whole=True))


def are_strips(container: Container, members: Sequence[int]) -> bool:
    """Whether the first pictures are strips of square frames."""
    found = False
    for data in beginnings(container, members, whole=False):
        try:
            found = strip_form(data)[1] > 1
        except ValueError:
            return False
    return found


def beginnings(container: Container, members: Sequence[int], *, whole: bool) -> Iterator[bytes]:
    """The first of many files, or their beginnings; those that cannot be read are left out."""
    for i in members[:LOOKED_AT]:
        if container.sizes[i] <= MOST_BYTES:
            try:
                yield container.read(i, None if whole else START)
            except (OSError, ValueError):
                continue


def in_numbers(name: str) -> list[tuple[int, str]]:
    """A key by which frame10 comes after frame9."""
    return [(int(p), "") if p.isdecimal() else (-1, p) for p in re.split(r"(\d+)", name)]
