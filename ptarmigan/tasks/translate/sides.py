"""The files of two domains as sources: where they belong together, a pair is read whole or not at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.samples import Source
from ptarmigan.modalities.image.file_source import FileSource, PixelFile
from ptarmigan.modalities.image.reading import Target
from ptarmigan.modalities.image.splits import Files
from ptarmigan.modalities.image.survey import BAD_SHARE, headers
from ptarmigan.tasks.translate.domains import Domains, Two

Opener: TypeAlias = Callable[..., tuple[Source, Any, Source | None]]
"""``open_files`` or ``open_labels``."""


class Side(NamedTuple):
    """One domain: what is trained on, what is held out (None: nothing), and what one sample is."""

    source: Source
    space: Any
    held_out: Source | None


def open_sides(
    domains: Domains, openers: tuple[Opener, Opener], targets: tuple[Target, Target]
) -> tuple[Side, Side, tuple[str, ...]]:
    """Both domains, and what was left out, each ``name: reason``.

    Raises:
        ValueError: sizes differ and none is asked for, or more than a tenth of the files cannot be used.
    """
    splits = [domains.train] if domains.held_out is None else [domains.train, domains.held_out]
    if not domains.matched:
        return *_open(splits, openers, targets, keep=True), domains.alone
    splits, bad = sound(splits, targets, domains.where)
    while True:  # again without the partners of files that could not be decoded; ends, for they become fewer
        sides = _open(splits, openers, targets, keep=True)
        if not all(isinstance(source, PixelFile) for source in _sources(sides)):
            sides = _tied(_open(splits, openers, targets, keep=False))
            break
        lost = [name for source in _sources(sides) for name in _bad(source)]
        if not lost:
            break
        bad += lost
        splits = [_without(two, sides, i) for i, two in enumerate(splits)]
    if not all(len(two.a) for two in splits):
        raise ValueError(f"{domains.where}: no pair of pictures can be read, for example {bad[0]}")
    return *sides, (*domains.alone, *bad)


def sound(splits: list[Two], targets: tuple[Target, Target], where: str) -> tuple[list[Two], list[str]]:
    """Pairs of which both headers can be read, and, where no size is asked for, of the sizes that most have.

    Raises:
        ValueError: more than a tenth of the pairs are of other sizes, or of the files cannot be read.
    """
    bad: list[str] = []
    kept: list[Two] = []
    sizes: list[NDArray[np.int64]] = []
    for two in splits:
        found = [headers(files, target) for files, target in zip(two, targets, strict=True)]
        faults = [
            f"{f.name(k)}: {why}" for f, (_, _, b) in zip(two, found, strict=True) for k, why in b.items()
        ]
        bad += dict.fromkeys(faults)
        both = np.intersect1d(found[0][0], found[1][0])
        kept.append(Two(*(files.take(both) for files in two)))
        sizes.append(np.hstack([forms[np.isin(places, both), :2] for places, forms, _ in found]))
    if targets[0].size:
        return kept, bad
    most = Counter(map(tuple, np.concatenate(sizes).tolist())).most_common(1)
    common = np.array(most[0][0]) if most else np.zeros(4, np.int64)
    odd = [
        f"{two.a.name(k)} and its partner: {h}x{w} and {h2}x{w2}, most are {common[0]}x{common[1]} and "
        f"{common[2]}x{common[3]}"
        for two, rows in zip(kept, sizes, strict=True)
        for k, (h, w, h2, w2) in enumerate(rows.tolist())
        if (rows[k] != common).any()
    ]
    total = sum(map(len, sizes))
    if len(odd) > BAD_SHARE * total:
        raise ValueError(
            f"{where}: {len(odd)} of {total} pairs differ in size, for example {odd[0]} (height x width); "
            f"choose one, such as --size {common[0]}x{common[1]}"
        )
    good = [np.flatnonzero((rows == common).all(1)) for rows in sizes]
    return [Two(*(f.take(k) for f in two)) for two, k in zip(kept, good, strict=True)], bad + odd


def _open(
    splits: list[Two], openers: tuple[Opener, Opener], targets: tuple[Target, Target], *, keep: bool
) -> tuple[Side, Side]:
    parts: list[list[Files]] = [[two.a for two in splits], [two.b for two in splits]]
    a, b = (
        Side(*opener(part[0], part[1] if len(part) > 1 else None, target, keep=keep))
        for part, opener, target in zip(parts, openers, targets, strict=True)
    )
    return a, b


def _sources(sides: tuple[Side, Side]) -> Iterator[Source]:
    yield from (source for side in sides for source in (side.source, side.held_out) if source is not None)


def _bad(source: Source) -> list[str]:
    assert isinstance(source, FileSource | PixelFile)
    return source.bad


def _tied(sides: tuple[Side, Side]) -> tuple[Side, Side]:
    for one, other in ((sides[0].source, sides[1].source), (sides[0].held_out, sides[1].held_out)):
        if isinstance(one, FileSource) and isinstance(other, FileSource):
            one.tie(other)
    return sides


def _without(two: Two, sides: tuple[Side, Side], split: int) -> Two:
    """The pairs of a split that both of its sources hold."""
    held = [side.held_out if split else side.source for side in sides]
    whole = np.ones(len(two.a), bool)
    for files, source in zip(two, held, strict=True):
        assert isinstance(source, FileSource | PixelFile)
        whole &= np.isin(files.members, source.files.members)
    return Two(*(files.take(np.flatnonzero(whole)) for files in two))
