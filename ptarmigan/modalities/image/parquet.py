"""Images in Parquet files, as Hugging Face keeps them: encoded, one a row, with a label."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ptarmigan.data.archives import stamp
from ptarmigan.data.cache import end_with, made, note_of
from ptarmigan.data.parquet import check_parquet
from ptarmigan.media.foreign import open_binary
from ptarmigan.media.optional import is_installed, needs
from ptarmigan.modalities.image.splits import Files, Label, labelled, split

IMAGES = ("image", "img", "jpg", "png", "images", "bytes", "image_bytes")
LABELS = ("label", "labels", "cls", "class", "target", "fine_label")
ROWS = 64
"""Rows that are in memory at a time while a file is read."""


def holds_images(path: Path) -> bool:
    """Whether a Parquet file has a column of encoded images; without pyarrow none has."""
    if not is_installed("pyarrow"):
        return False
    import pyarrow
    from pyarrow import parquet

    try:
        with open_binary(path) as file:  # pyarrow itself takes no name that is no UTF-8
            schema = parquet.read_schema(file)
    except (OSError, ValueError, pyarrow.ArrowException):
        return False
    binary = [f for f in schema if pyarrow.types.is_binary(f.type) or pyarrow.types.is_large_binary(f.type)]
    encoded = [f for f in schema if pyarrow.types.is_struct(f.type) and f.type.get_field_index("bytes") >= 0]
    return any(field.name.lower() in IMAGES for field in [*binary, *encoded])


class Blob:
    """Images that came from Parquet files, laid end to end in one file of the cache.

    A row of a Parquet file cannot be read without its whole row group, which is far too slow in a shuffled
    order, so the images are copied once, a few rows at a time.
    """

    def __init__(self, path: Path, where: str, stamp: str) -> None:
        self.where, self.path, self._stamp = where, path, stamp
        note, _ = note_of(path)
        self.names: list[str] = note["names"]
        self.labels: list[Label] | None = note["labels"]
        self.sizes = np.array(note["sizes"], np.int64)
        self._begins = np.cumsum(self.sizes) - self.sizes

    def read(self, i: int, first: int | None = None) -> bytes:
        """The ``i``-th image, or only its ``first`` bytes."""
        size = int(self.sizes[i])
        with open_binary(self.path, 0) as file:
            file.seek(int(self._begins[i]))
            return file.read(size if first is None else min(first, size))

    def stamp(self) -> str:
        """Changes with the path, size or time of any of the files."""
        return self._stamp


def open_parquet(paths: Sequence[Path], where: str) -> tuple[Files, Files | None]:
    """The images to train on and those held out: files named ``train-...`` and ``test-...`` are such splits.

    Raises:
        ValueError: pyarrow is missing, a file is damaged, or has no column of images.
    """
    mark = hashlib.blake2b("\n".join(stamp(p) for p in paths).encode(), digest_size=16).hexdigest()
    need = sum(p.stat().st_size for p in paths)
    path = made("unpacked", mark + ".images", need, lambda file: _copy(paths, file))
    if path is None:
        raise ValueError(
            f"there is no room for the images of {where}: point $PTARMIGAN_CACHE to a larger disk"
        )
    blob = Blob(path, where, mark)
    train, held_out = split([tuple(name.split("/")) for name in blob.names])
    return labelled(blob, np.arange(len(blob.names)), blob.labels, train, held_out)


def _copy(paths: Sequence[Path], file: BinaryIO) -> None:
    names: list[str] = []
    sizes: list[int] = []
    labels: list[Label | None] = []
    for path in paths:
        for row, (data, label) in enumerate(_rows(path)):
            file.write(data)
            names.append(f"{path.name}/{row}")
            sizes.append(len(data))
            labels.append(label)
    if not names:
        raise ValueError(f"{paths[0]} holds no rows")
    missing = labels.count(None)
    if 0 < missing < len(labels):
        raise ValueError(f"{names[labels.index(None)]} has no label, others have")
    end_with(file, {"names": names, "sizes": sizes, "labels": None if missing else labels})


def _rows(path: Path) -> Iterator[tuple[bytes, Label | None]]:
    pyarrow = needs("pyarrow", extra="parquet", why=f"{path} needs pyarrow")
    from pyarrow import parquet

    try:
        with open_binary(path) as raw, parquet.ParquetFile(raw) as file:
            check_parquet(file.metadata, path)
            schema = file.schema_arrow
            image, label = _image_column(schema, path), next((c for c in LABELS if c in schema.names), None)
            classes = _classes(schema, label)
            columns = [image] if label is None else [image, label]
            for batch in file.iter_batches(ROWS, columns=columns):
                labels = batch.column(label).to_pylist() if label else [None] * len(batch)
                for cell, value in zip(batch.column(image).to_pylist(), labels, strict=True):
                    yield _data(cell), _label(value, classes, path)
    except pyarrow.ArrowException as error:
        raise ValueError(f"{path} is not a readable Parquet file ({str(error).splitlines()[0]})") from None


def _image_column(schema: Any, path: Path) -> str:
    import pyarrow

    def encoded(kind: Any) -> bool:
        if pyarrow.types.is_struct(kind):
            return any(kind.field(i).name == "bytes" for i in range(kind.num_fields))
        return bool(pyarrow.types.is_binary(kind) or pyarrow.types.is_large_binary(kind))

    fitting = [field.name for field in schema if encoded(field.type)]
    named = [name for name in IMAGES if name in fitting]
    if not fitting:
        raise ValueError(f"{path} has no column of encoded images: its columns are {', '.join(schema.names)}")
    return str((named or fitting)[0])


def _classes(schema: Any, label: str | None) -> list[str] | None:
    """Names of the classes, where Hugging Face's metadata holds them."""
    try:
        features = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
        names = features[label]["names"]
    except (KeyError, TypeError, ValueError):
        return None
    return [str(name) for name in names]


def _data(cell: Any) -> bytes:
    """The bytes of an image; none where the row has none, which then counts as a bad file."""
    found = cell.get("bytes") if isinstance(cell, dict) else cell
    return found if isinstance(found, bytes) else b""


def _label(value: Any, classes: list[str] | None, path: Path) -> Label | None:
    if value is None or isinstance(value, str):
        return value
    if not isinstance(value, int):
        raise ValueError(f"{path}: a label is {value!r}, neither a whole number nor a name")
    return classes[value] if classes and 0 <= value < len(classes) else int(value)
