"""Which files of a folder or an archive are of domain A, which of B, and which belong together: by names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import NamedTuple

import numpy as np

from ptarmigan.data.archives import Container
from ptarmigan.modalities.image.splits import (
    HELD_OUT,
    TRAIN,
    Files,
    is_image,
    organised,
    path_parts,
    stripped,
)
from ptarmigan.modalities.image.survey import BAD_SHARE

SPLITS = (*TRAIN, *HELD_OUT)
SHOWN = 3


class Two(NamedTuple):
    """Files of both domains; the i-th of both belong together where they are matched."""

    a: Files
    b: Files


@dataclass(frozen=True)
class Domains:
    """What two domains are made of.

    Attributes:
        where: what people call the folder or archive.
        train: files to train on.
        held_out: files that are kept apart; None where there are none of both domains.
        matched: every file of A belongs to one of B.
        alone: names of files that belong to none, and are left out.
    """

    where: str
    train: Two
    held_out: Two | None
    matched: bool
    alone: tuple[str, ...] = ()

    def turned(self) -> Domains:
        """With B for A."""
        held_out = None if self.held_out is None else Two(*self.held_out[::-1])
        return Domains(self.where, Two(*self.train[::-1]), held_out, self.matched, self.alone)


class Place(NamedTuple):
    """Where a file stands: in which split and domain, and its name there, without an extension."""

    split: str
    domain: str
    name: str


def side_by_side(container: Container) -> Domains:
    """Pictures that each are A on the left and B on the right.

    Raises:
        ValueError: there are no pictures.
    """
    train, held_out = organised(container)
    other = None if held_out is None else Two(held_out, held_out)
    return Domains(container.where, Two(train, train), other, True)


def two_folders(container: Container, *, wanted: bool) -> Domains | None:
    """The two domains that the folders of a container show, or None where they show none.

    These are ``trainA trainB testA testB``, or two folders inside of every split (``train/photo``), or splits
    inside of two folders (``photo/train``), or two folders. A is the first one in the order of the alphabet.
    Files belong together by their names.

    Args:
        container: the files.
        wanted: pairs are asked for.

    Raises:
        ValueError: one domain has nothing to train on, or pairs are wanted and too many files belong to none.
    """
    images = [i for i, name in enumerate(container.names) if is_image(name)]
    if not images:
        return None
    paths = stripped([path_parts(container.names[i]) for i in images])
    places = next((found for layout in LAYOUTS if (found := _located(layout, paths))), None)
    if places is None:
        return None
    names = sorted({place.domain for place in places}, key=str.lower)
    splits = {
        split: [
            _of(images, [place if place[:2] == (split, name) else None for place in places]) for name in names
        ]
        for split in {"train", *(place.split for place in places)}
    }
    for name, files in zip(names, splits["train"], strict=True):
        if not files:
            raise ValueError(f"{container.where} holds no pictures of {name} to train on")
    held_out = next((splits[split] for split in HELD_OUT if split in splits and all(splits[split])), None)
    return _domains(container, [splits["train"], *([held_out] if held_out else [])], wanted)


def pairs(a: Sequence[str], b: Sequence[str]) -> list[tuple[str, str]]:
    """Names of A and B that belong together: equal ones, once what most of a side end in is cut off.

    Of the ways to do so the one with the most pairs is taken; nothing is cut off where that gives as many.
    """
    ends_a, ends_b = endings(a), endings(b)
    ways = [("", ""), *(("", end) for end in ends_b), *((end, "") for end in ends_a)]
    if ends_a and ends_b:
        ways.append((ends_a[-1], ends_b[-1]))
    found = [_pairs(a, b, *way) for way in ways]
    return max(found, key=len)


def endings(names: Sequence[str]) -> list[str]:
    """All that nearly all of the names end in, the shortest first: x, _x of a_x, b_x, c_x."""
    found: list[str] = []
    while True:
        n = len(found) + 1
        counts = Counter(name[-n:] for name in names if len(name) > n)
        if not counts or counts.most_common(1)[0][1] < (1 - BAD_SHARE) * len(names):
            return found
        found.append(counts.most_common(1)[0][0])


def _pairs(a: Sequence[str], b: Sequence[str], end_a: str, end_b: str) -> list[tuple[str, str]]:
    there = {name.removesuffix(end_b): name for name in b if name.endswith(end_b)}
    keys = [(name, name.removesuffix(end_a)) for name in a if name.endswith(end_a)]
    return [(name, there[key]) for name, key in keys if key in there]


def _of(images: Sequence[int], places: Sequence[Place | None]) -> dict[str, int]:
    """The images at these places, by name; of two with one name, the second has a name that no other has."""
    found: dict[str, int] = {}
    for i, place in zip(images, places, strict=True):
        if place is not None:
            found[place.name if place.name not in found else f"{place.name}\0{i}"] = i
    return found


def _domains(container: Container, splits: list[list[dict[str, int]]], wanted: bool) -> Domains:
    where, matched = container.where, [pairs(list(a), list(b)) for a, b in splits]
    alone = [
        container.names[i] for both, found in zip(splits, matched, strict=True) for i in _alone(both, found)
    ]
    total = sum(len(files) for both in splits for files in both)
    good = all(matched) and len(alone) <= BAD_SHARE * total
    if wanted and any(matched) and not good:
        raise ValueError(
            f"{where}: {len(alone)} of {total} pictures have no partner of their name in the other domain, "
            f"such as {', '.join(alone[:SHOWN])}"
        )

    def files(members: list[int]) -> Files:
        return Files(container, np.array(members, np.int64))

    def both(split: list[dict[str, int]], found: list[tuple[str, str]]) -> Two:
        a, b = split
        if not good:
            return Two(files(list(a.values())), files(list(b.values())))
        return Two(files([a[name] for name, _ in found]), files([b[name] for _, name in found]))

    made = [both(split, found) for split, found in zip(splits, matched, strict=True)]
    words = tuple(f"{name}: it has no partner" for name in alone) if good else ()
    return Domains(where, made[0], made[1] if len(made) > 1 else None, good, words)


def _alone(both: list[dict[str, int]], found: list[tuple[str, str]]) -> Iterator[int]:
    """Files of either domain that no pair holds."""
    for files, held in zip(both, zip(*found, strict=True) if found else ((), ()), strict=True):
        taken = set(held)
        yield from (i for name, i in files.items() if name not in taken)


Layout = Callable[[tuple[str, ...]], Place | None]


def _joined(path: tuple[str, ...]) -> Place | None:
    """``trainA/x.png``."""
    found = re.fullmatch(rf"({'|'.join(SPLITS)})[-_ ]?([ab])", path[0].lower())
    return _place(found[1], found[2].upper(), path[1:]) if found and len(path) > 1 else None


def _within(path: tuple[str, ...]) -> Place | None:
    """``train/photo/x.png``."""
    fits = len(path) > 2 and path[0].lower() in SPLITS
    return _place(path[0].lower(), path[1], path[2:]) if fits else None


def _around(path: tuple[str, ...]) -> Place | None:
    """``photo/train/x.png``."""
    fits = len(path) > 2 and path[1].lower() in SPLITS
    return _place(path[1].lower(), path[0], path[2:]) if fits else None


def _plain(path: tuple[str, ...]) -> Place | None:
    """``photo/x.png``."""
    fits = len(path) > 1 and path[0].lower() not in SPLITS
    return _place("train", path[0], path[1:]) if fits else None


def _place(split: str, domain: str, rest: tuple[str, ...]) -> Place:
    split = "train" if split in TRAIN else split
    return Place(split, domain, PurePosixPath(*rest).with_suffix("").as_posix())


LAYOUTS: tuple[Layout, ...] = (_joined, _within, _around, _plain)


def _located(layout: Layout, paths: Sequence[tuple[str, ...]]) -> list[Place] | None:
    """Where every path stands by this layout, or None where that is not two domains."""
    places = [layout(path) for path in paths]
    found = [place for place in places if place is not None]
    fits = len(found) == len(places) and len({place.domain for place in found}) == 2
    return found if fits else None
