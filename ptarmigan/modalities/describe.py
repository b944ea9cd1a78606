"""What a source of samples holds once every sample has been looked at, whatever they are."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ptarmigan.data.left_out import left_out
from ptarmigan.data.permutation import permute
from ptarmigan.data.samples import Samples, Source

CHUNK = 32 << 20
"""Bytes read at once."""
LISTED = 10
"""Entries of a long list that the table shows."""
DOTS = 2_000
"""Samples of a picture."""


@dataclass(frozen=True, eq=False)
class Census:
    """What is known of a source.

    Attributes:
        kind: ``images``: samples in the plural.
        count: samples to train on.
        held_out: samples kept apart to score against; 0 where there are none of their own.
        sizes: how many samples have which size, such as ``28 × 28``.
        channels: channels of an image, coordinates of a point.
        classes: how many samples each class has, by name; empty without labels.
        bad: files that could not be read, and why.
        duplicates: samples that equal an earlier one in every number.
        low: the smallest number.
        high: the largest number.
        constant: channels (or coordinates), from 0, that never change.
        preview: some of the samples; a row a class where they are labelled.
        bits: of a channel; 0 where samples are no integers.
        depth: the line about channels; empty where there is nothing to say.
        channel: what people call a channel.
    """

    kind: str
    count: int
    held_out: int
    sizes: Mapping[str, int]
    channels: int
    classes: Mapping[str, int]
    bad: Sequence[str]
    duplicates: int
    low: float
    high: float
    constant: Sequence[int]
    preview: Image.Image
    bits: int = 0
    depth: str = ""
    channel: str = "coordinate"

    def table(self) -> list[str]:
        """The description as lines of text."""
        rows = [
            ("kind", self.kind),
            ("count", f"{self.count:,}" + (f" and {self.held_out:,} held out" if self.held_out else "")),
            ("size" if len(self.sizes) == 1 else "sizes", counted(self.sizes)),
            ("channels", self.depth),
            ("range", f"{self.low:g} to {self.high:g}"),
            ("constant", ", ".join(f"{self.channel} {c}" for c in self.constant)),
            ("classes", f"{len(self.classes)}: {counted(self.classes)}" if self.classes else "no labels"),
            ("duplicates", f"{self.duplicates:,} equal an earlier sample" if self.duplicates else "none"),
            ("bad files", f"{len(self.bad):,}" if self.bad else "none"),
        ]
        lines = [f"{name:<12}{value}" for name, value in rows if value]
        return lines + listed(self.bad)


def listed(files: Sequence[str]) -> list[str]:
    """The first of many files, a line each."""
    lines = [f"  {file}" for file in files[:LISTED]]
    return lines + [f"  and {len(files) - LISTED:,} more"] * (len(files) > LISTED)


def counted(counts: Mapping[str, int]) -> str:
    """How many of each, in words."""
    shown = list(counts.items())[:LISTED]
    more = f", and {len(counts) - len(shown)} more" if len(counts) > len(shown) else ""
    if len(shown) == 1 and not more:
        return shown[0][0]
    return ", ".join(f"{name} ({n:,})" for name, n in shown) + more


def describe_samples(samples: Samples, kind: str) -> Census:
    """Look at every sample once, in memory that does not grow with them but for 16 bytes each.

    Args:
        samples: opened samples.
        kind: what they are, in the plural.

    Raises:
        ValueError: a sample cannot be read.
    """
    source, space = samples.source, samples.space
    seen = Extremes()
    for raw in chunks(source):
        seen.add(raw)
    order = permute(np.arange(len(source)), len(source), "preview")
    return Census(
        kind=kind,
        count=len(source),
        held_out=0 if samples.held_out is source else len(samples.held_out),
        sizes={" × ".join(map(str, space.shape)): len(source)},
        channels=space.shape[0],
        classes=class_counts(source),
        bad=left_out(samples),
        duplicates=len(source) - len(seen.digests),
        low=float(seen.low.min()),
        high=float(seen.high.max()),
        constant=tuple(int(c) for c in np.flatnonzero(seen.low == seen.high)),
        preview=space.render(source.read(order[:DOTS])),
    )


def class_counts(source: Source) -> dict[str, int]:
    """How many samples each class has, by name; empty without labels."""
    if source.labels is None:
        return {}
    counts = np.bincount(source.labels, minlength=len(source.classes))
    return dict(zip(source.classes, counts.tolist(), strict=True))


def chunks(source: Source) -> Iterator[NDArray[Any]]:
    """All raw samples, a few at a time."""
    size = max(1, source.read(np.zeros(1, np.int64)).nbytes)
    step = max(1, min(4096, CHUNK // size))
    for start in range(0, len(source), step):
        yield source.read(np.arange(start, min(start + step, len(source))))


@dataclass
class Extremes:
    """Digests of all samples, and the smallest and largest number of every channel."""

    digests: set[bytes] = field(default_factory=set)
    low: NDArray[Any] = field(default_factory=lambda: np.array(np.inf))
    high: NDArray[Any] = field(default_factory=lambda: np.array(-np.inf))

    def add(self, raw: NDArray[Any]) -> None:
        """Look at some raw samples; what is not a number does not count."""
        others = tuple(range(raw.ndim - 1))
        self.low = np.fmin(self.low, np.fmin.reduce(raw, others))
        self.high = np.fmax(self.high, np.fmax.reduce(raw, others))
        rows = np.ascontiguousarray(raw).reshape(len(raw), -1)
        self.digests.update(hashlib.blake2b(row.data, digest_size=16).digest() for row in rows)
