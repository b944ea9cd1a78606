"""What a source of samples holds, as a table for people and one picture."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ptarmigan.data.archives import container
from ptarmigan.data.permutation import Indices, permute
from ptarmigan.data.samples import Samples, Source
from ptarmigan.data.space import Space
from ptarmigan.media.pictures import grid
from ptarmigan.modalities.image.decode import MOST_BYTES, header
from ptarmigan.modalities.image.files import in_order
from ptarmigan.modalities.image.source import Images, bad_files
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.image.splits import Files, organised
from ptarmigan.modalities.label.space import LabelSpace
from ptarmigan.modalities.point.source import NAMES as POINTS
from ptarmigan.modalities.point.source import points

CHUNK = 32 << 20
"""Bytes read at once."""
LISTED = 10
"""Entries of a long list that the table shows."""
WORDS = {1: "grey", 2: "grey and alpha", 3: "RGB", 4: "RGBA"}
COLUMNS, ROWS, DOTS = 10, 10, 2_000


@dataclass(frozen=True, eq=False)
class Description:
    """What is known of a source once every sample has been looked at.

    Attributes:
        kind: ``images``, or the name of another space.
        count: samples to train on.
        held_out: samples kept apart to score against; 0 where there are none of their own.
        sizes: how many samples have which size, such as ``28 × 28``.
        channels: channels of an image, coordinates of a point.
        bits: of a channel; 0 where samples are no integers.
        classes: how many samples each class has, by name; empty without labels.
        bad: files that could not be read, and why.
        duplicates: samples that equal an earlier one in every number.
        low: the smallest number.
        high: the largest number.
        constant: channels (or coordinates), from 0, that never change.
        preview: some of the samples; a row a class where they are labelled.
    """

    kind: str
    count: int
    held_out: int
    sizes: Mapping[str, int]
    channels: int
    bits: int
    classes: Mapping[str, int]
    bad: Sequence[str]
    duplicates: int
    low: float
    high: float
    constant: Sequence[int]
    preview: Image.Image

    def table(self) -> list[str]:
        """The description as lines of text."""
        images = self.kind == "images"
        rows = [
            ("kind", self.kind),
            ("count", f"{self.count:,}" + (f" and {self.held_out:,} held out" if self.held_out else "")),
            ("size" if len(self.sizes) == 1 else "sizes", _counted(self.sizes)),
            (
                "channels",
                f"{self.channels} ({WORDS[self.channels]}), {self.bits} bits each" if images else "",
            ),
            ("range", f"{self.low:g} to {self.high:g}"),
            ("constant", ", ".join(f"{'channel' if images else 'coordinate'} {c}" for c in self.constant)),
            ("classes", f"{len(self.classes)}: {_counted(self.classes)}" if self.classes else "no labels"),
            ("duplicates", f"{self.duplicates:,} equal an earlier sample" if self.duplicates else "none"),
            ("bad files", f"{len(self.bad):,}" if self.bad else "none"),
        ]
        lines = [f"{name:<12}{value}" for name, value in rows if value]
        lines += [f"  {file}" for file in self.bad[:LISTED]]
        return lines + [f"  and {len(self.bad) - LISTED:,} more"] * (len(self.bad) > LISTED)


def _counted(counts: Mapping[str, int]) -> str:
    shown = list(counts.items())[:LISTED]
    more = f", and {len(counts) - len(shown)} more" if len(counts) > len(shown) else ""
    if len(shown) == 1 and not more:
        return shown[0][0]
    return ", ".join(f"{name} ({n:,})" for name, n in shown) + more


def describe(data: Images | Samples | str) -> Description:
    """What a source holds: images or points by name or path, images and their size, or opened samples.

    Image files of several sizes are described too, which is more than can be learned from: their sizes are
    counted, and the rest is said of them as cut to the most common one.

    Raises:
        FileNotFoundError: there is nothing of that name.
        ValueError: it cannot be read; the message says why.
    """
    if isinstance(data, Samples):
        return describe_samples(data)
    images = Images(data) if isinstance(data, str) else data
    text = str(images.data) if isinstance(images.data, str | Path) else ""
    if _is_points(text):
        return describe_samples(points(text, batch=1))
    try:
        return describe_samples(images.open(batch=1))
    except ValueError:
        sizes = {} if images.size else _sizes(text)
        if len(sizes) < 2:
            raise
    common = next(iter(sizes)).replace(" ", "")
    described = describe_samples(replace(images, size=common, crop=True).open(batch=1))
    return replace(described, sizes=sizes)


def describe_samples(samples: Samples) -> Description:
    """Look at every sample once, in memory that does not grow with them but for 16 bytes each.

    Raises:
        ValueError: a sample cannot be read.
    """
    source, space = samples.source, samples.space
    seen = _Seen()
    for raw in _chunks(source):
        seen.add(raw)
    image = isinstance(space, ImageSpace)
    shape = space.shape
    return Description(
        kind="images" if image else type(space).__name__.removesuffix("Space").lower() + "s",
        count=len(source),
        held_out=0 if samples.held_out is source else len(samples.held_out),
        sizes={" × ".join(map(str, shape[1:] if image else shape)): len(source)},
        channels=shape[0],
        bits=space.bits if isinstance(space, ImageSpace) else 0,
        classes=_classes(source),
        bad=bad_files(samples),
        duplicates=len(source) - len(seen.digests),
        low=float(seen.low.min()),
        high=float(seen.high.max()),
        constant=tuple(int(c) for c in np.flatnonzero(seen.low == seen.high)),
        preview=preview(source, space),
    )


def described_pairs(samples: Samples) -> list[str]:
    """What is translated into what, as lines of text; of samples that come with inputs."""
    given, bad = samples.inputs, bad_files(samples)
    assert given is not None
    count = f"{len(samples):,} and {len(samples.held_out):,} held out"
    if not given.matched:
        ours = f"{len(given.source):,} of A and {len(samples):,} of B"
        count = f"none: {ours}, and {len(given.held_out):,} and {len(samples.held_out):,} held out"
    rows = [
        ("A", _said(given.space)),
        ("B", _said(samples.space)),
        ("pairs", count),
        ("left out", f"{len(bad):,}" if bad else "none"),
    ]
    lines = [f"{name:<12}{value}" for name, value in rows] + [f"  {file}" for file in bad[:LISTED]]
    return lines + [f"  and {len(bad) - LISTED:,} more"] * (len(bad) > LISTED)


def _said(space: Space) -> str:
    size = " × ".join(map(str, space.shape[1:]))
    if isinstance(space, LabelSpace):
        return f"label maps of {space.labels} classes, {size}" + ("" if space.void is None else ", and void")
    bits = f", {space.bits} bits each" if isinstance(space, ImageSpace) else ""
    return f"images, {size}, {space.shape[0]} ({WORDS[space.shape[0]]}){bits}"


def _is_points(text: str) -> bool:
    if text.endswith(".npy") and Path(text).is_file():
        try:
            return bool(np.load(text, mmap_mode="r", allow_pickle=False).ndim == 2)
        except (ValueError, EOFError):
            return False
    return text in POINTS or text.endswith(".csv")


def _sizes(text: str) -> dict[str, int]:
    """How many of the image files below a path have which size, by their headers; the most common first."""
    found = container(text)
    if found is None:
        return {}
    files, _ = organised(found)
    counts: Counter[str] = Counter()
    for sizes in in_order(
        lambda a, b: [_size(files, i) for i in range(a, b)], len(files), "Looking at images"
    ):
        counts.update(size for size in sizes if size)
    return dict(counts.most_common())


def _size(files: Files, place: int) -> str | None:
    container, i = files.container, int(files.members[place])
    if container.sizes[i] > MOST_BYTES:
        return None
    try:
        height, width, _, _ = header(container.read(i))
    except (OSError, ValueError):  # bad files are named elsewhere
        return None
    return f"{height} × {width}"


def preview(source: Source, space: Space) -> Image.Image:
    """Some of the samples as one picture: a row a class for labelled images, else a mixture."""
    order = permute(np.arange(len(source)), len(source), "preview")
    if not isinstance(space, ImageSpace):
        return space.preview(source.read(order[:DOTS]))
    if source.labels is None:
        return grid(source.read(order[: ROWS * COLUMNS]))
    rows = [_row(source, order[source.labels[order] == c]) for c in range(min(len(source.classes), ROWS))]
    return grid(np.concatenate(rows), columns=COLUMNS)


def _row(source: Source, indices: Indices) -> NDArray[Any]:
    """Images of one class; black ones fill the row where there are too few."""
    chosen = indices[:COLUMNS]
    raw = source.read(chosen if len(chosen) else np.zeros(1, np.int64))
    row = np.zeros((COLUMNS, *raw.shape[1:]), raw.dtype)
    row[: len(chosen)] = raw[: len(chosen)]
    return row


def _classes(source: Source) -> dict[str, int]:
    if source.labels is None:
        return {}
    counts = np.bincount(source.labels, minlength=len(source.classes))
    return dict(zip(source.classes, counts.tolist(), strict=True))


def _chunks(source: Source) -> Iterator[NDArray[Any]]:
    size = max(1, source.read(np.zeros(1, np.int64)).nbytes)
    step = max(1, min(4096, CHUNK // size))
    for start in range(0, len(source), step):
        yield source.read(np.arange(start, min(start + step, len(source))))


@dataclass
class _Seen:
    """Digests of all samples, and the smallest and largest number of every channel."""

    digests: set[bytes] = field(default_factory=set)
    low: NDArray[Any] = field(default_factory=lambda: np.array(np.inf))
    high: NDArray[Any] = field(default_factory=lambda: np.array(-np.inf))

    def add(self, raw: NDArray[Any]) -> None:
        others = tuple(range(raw.ndim - 1))
        self.low = np.minimum(self.low, raw.min(others))
        self.high = np.maximum(self.high, raw.max(others))
        rows = np.ascontiguousarray(raw).reshape(len(raw), -1)
        self.digests.update(hashlib.blake2b(row.data, digest_size=16).digest() for row in rows)
