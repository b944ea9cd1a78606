"""Which data these are, by what they hold: a digest, and words for people."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np

from ptarmigan.core.memory import amount
from ptarmigan.data.archives import Container, Folder
from ptarmigan.data.dataset import Dataset
from ptarmigan.data.digest import MOST, digest_of, joined, of_file, of_files, parts_of
from ptarmigan.data.left_out import origin
from ptarmigan.data.permutation import Indices
from ptarmigan.data.source import Source
from ptarmigan.media.files import path_of

ROWS = 64
"""Samples that are read of a source of which nothing else is known, at most."""


@dataclass(frozen=True)
class Fingerprint:
    """Which data these are.

    Attributes:
        words: what they are, such as ``array 100×2 float64``.
        digest: equal where the content is; empty where it is another each time that it is read.
        path: where they are, from the root; empty where they are in no file.
        in_memory: they were handed over in Python, and are in no file.
    """

    words: str
    digest: str
    path: str = ""
    in_memory: bool = False


class Listing(Protocol):
    """Files that samples are read from."""

    @property
    def container(self) -> Container:
        """The folder or archive."""
        ...

    @property
    def members(self) -> Indices:
        """Their numbers in it."""
        ...

    @property
    def labels(self) -> Indices | None:
        """The class of each."""
        ...


@runtime_checkable
class FromFiles(Protocol):
    """A source whose samples are files, one each."""

    @property
    def listing(self) -> Listing | None:
        """The files, also those that turned out damaged; None where samples of its kind come from none."""
        ...


def fingerprint(data: Any, samples: Dataset, *, named: bool = False) -> Fingerprint:
    """Which data samples were opened from.

    Args:
        data: what they were opened from: a name, a path, an array, a frame, …; None where nobody knows.
        samples: what was opened.
        named: ``data`` is the name of a set, and no path.
    """
    if named:
        return Fingerprint(f"the set {data}", digest_of(str(data)))
    if not isinstance(data, str | Path):
        return of_memory(data, samples)
    path = path_of(data).absolute()
    if path.exists() or "{" in path.name:  # several shards by one name
        return of_path(path, samples)
    return by_samples(samples, in_memory=False)  # a name that only its kind of data knows


def of_memory(data: Any, samples: Dataset) -> Fingerprint:
    """Which data these are that were handed over in Python."""
    try:
        return Fingerprint(described(data), digest_of(data), in_memory=True)
    except TypeError:
        return by_samples(samples)


def of_path(path: Path, samples: Dataset) -> Fingerprint:
    """Which data are at a path: of sets of files those that are read, and no others that lie beside them."""
    files = listings(samples)
    if files:
        return Fingerprint(called(files), joined(chain.from_iterable(map(of_listing, files))), str(path))
    labels = parts_of([source.labels for source in sources(samples)])  # they may be in a file of their own
    if path.is_file():
        size = amount(path.stat().st_size)
        return Fingerprint(f"a file of {size}", joined(chain(of_file(path), labels)), str(path))
    whole = Folder(path)
    held = of_files(whole, np.arange(len(whole.names)))
    size = amount(int(whole.sizes.sum()))
    return Fingerprint(f"a folder of {size}", joined(chain(held, labels)), str(path))


def by_samples(samples: Dataset, *, in_memory: bool = True) -> Fingerprint:
    """Which data samples are by some of them, which are read twice: some sources give others each time."""
    words = f"{len(samples):,} samples"
    once, again = (joined(some_samples(samples)) for _ in range(2))
    return Fingerprint(words, once if once == again else "", in_memory=in_memory)


def some_samples(samples: Dataset) -> Iterator[bytes]:
    """What is the same wherever the same samples are: their space, their classes, and some of them."""
    known = {name: value for name, value in samples.space.to_json().items() if value}  # those that are new
    yield json.dumps(known, sort_keys=True, default=str).encode()
    for source in sources(samples):
        yield from parts_of([len(source), source.labels, source.classes])
        rows = min(ROWS, len(source))
        if rows:
            size = source.read(np.zeros(1, np.int64)).nbytes
            rows = max(1, min(rows, MOST // max(1, size)))
            yield from parts_of(source.read(np.linspace(0, len(source) - 1, rows).astype(np.int64)))


def sources(samples: Dataset) -> list[Source]:
    """The sources of samples and of what they are conditioned on, each once."""
    given = samples.condition
    found = [samples.source, samples.held_out]
    found += [] if given is None else [given.source, given.held_out]
    return [*{id(source): source for source in found}.values()]


def listings(samples: Dataset) -> list[Listing]:
    """The files of all sources; none where one of them is in no files of its own."""
    whole = {id(source): source for source in map(origin, sources(samples))}.values()
    found = [source.listing if isinstance(source, FromFiles) else None for source in whole]
    return [] if None in found else [files for files in found if files is not None]


def of_listing(files: Listing) -> Iterator[bytes]:
    """Of files their names, sizes and classes, and what some of them begin with."""
    yield from of_files(files.container, files.members)
    yield from parts_of(files.labels)


def called(files: list[Listing]) -> str:
    """How many files there are, and how large."""
    size = sum(int(one.container.sizes[one.members].sum()) for one in files)
    return f"{sum(len(one.members) for one in files):,} files of {amount(size)}"


def described(value: Any) -> str:
    """What a value in memory is, in a few words that say nothing of its content."""
    if isinstance(value, list | tuple):
        if 1 < len(value) <= 3 and any(hasattr(one, "shape") for one in value):
            return ", ".join(map(described, value))
        kinds = {type(one).__name__ for one in value}
        return f"list of {len(value):,}" + (f" {kinds.pop()}" if len(kinds) == 1 else "")
    shape = getattr(value, "shape", None)
    name = {"ndarray": "array", "Tensor": "tensor", "DataFrame": "table"}.get(
        type(value).__name__, type(value).__name__
    )
    dtype = str(getattr(value, "dtype", "")).removeprefix("torch.")
    return " ".join(filter(None, [name, "×".join(map(str, shape)) if shape else "", dtype]))
