"""Pictures in files with captions: beside each, in a table, in shards, or in Parquet files."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from ptarmigan.core.errors import one_line
from ptarmigan.data.archives import Container, Folder, container
from ptarmigan.data.samples import Source
from ptarmigan.media.files import path_of
from ptarmigan.media.foreign import read_bytes
from ptarmigan.media.optional import needs
from ptarmigan.media.plain import parse
from ptarmigan.modalities.image.files import open_files
from ptarmigan.modalities.image.reading import Target
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.image.splits import Files, organised
from ptarmigan.modalities.text.files import decoded

TABLES = (".csv", ".tsv", ".jsonl", ".ndjson")
STEMS = ("metadata", "captions")
"""What a table of captions beside pictures is called."""
FILES = ("file_name", "filename", "file", "image", "path", "name")
CAPTIONS = ("caption", "captions", "text", "sentence", "sentences", "description", "prompt", "title", "txt")
"""What columns are called, in the order of preference."""
LARGEST = 1 << 24
"""Bytes of the captions of one picture, or rather of its file, that are read."""

Found = Mapping[str, Sequence[str]]
"""The captions of every picture by the name of its file."""


@dataclass(frozen=True, eq=False)
class Captioned:
    """Pictures in files and their captions.

    Attributes:
        source: pictures to learn from.
        space: what they are.
        captions: theirs.
        held_out: other pictures and theirs; None where the files have no split.
        notes: what was left out, in lines for people.
    """

    source: Source
    space: ImageSpace
    captions: list[tuple[str, ...]]
    held_out: tuple[Source, list[tuple[str, ...]]] | None
    notes: tuple[str, ...]


def open_captioned(data: str | Path, column: str, target: Target) -> Captioned:
    """The pictures of a path that have captions.

    Args:
        data: a folder, an archive, shards, a table, or a Parquet file or a folder of such.
        column: of a table, that holds captions; one that is called so when empty.
        target: what of every picture is read.

    Raises:
        FileNotFoundError: nothing is there.
        ValueError: there are no pictures with captions, or they cannot be read.
    """
    train, held_out, found = listed(str(data), column)
    parts = [None if files is None else captioned(files, found) for files in (train, held_out)]
    none = sum(len(files) for files in (train, held_out) if files is not None)
    none -= sum(len(files) for files in parts if files is not None)
    if parts[0] is None or not len(parts[0]):
        raise ValueError(
            f"{data}: no picture has a caption: put name.txt beside name.png, or a table metadata.csv with "
            "file_name and caption"
        )
    others = parts[1] if parts[1] is not None and len(parts[1]) else None
    source, space, other = open_files(parts[0], others, target)
    notes = (f"{none:,} pictures have no caption, and are left out",) if none else ()
    held = None if other is None else (other, captions_of(other, found))
    return Captioned(source, space, captions_of(source, found), held, notes)


def listed(text: str, column: str) -> tuple[Files, Files | None, Found]:
    """The files of pictures, those held out, and all captions.

    Raises:
        FileNotFoundError: nothing is there.
        ValueError: it is no such data.
    """
    path = path_of(text)
    name = path.name.lower()
    if name.endswith((".pickle", ".pkl")):
        raise ValueError(f"{path} is a pickle, which could run code: write a .csv of file_name and caption")
    if path.is_file() and name.endswith(TABLES):
        whole = Folder(path.parent)
        found = by_name(rows_of(read_bytes(path), path.name, str(path)), whole, "", column, str(path))
        return *only(whole, found), found
    tables = parquet_in(path)
    if tables:
        from ptarmigan.modalities.image.parquet import open_parquet

        return *open_parquet(tables, str(path)), in_parquet(tables, column)
    held = container(text)
    if held is None:
        if not path.exists():
            raise FileNotFoundError(f"there is no data {text!r}: expected scenes, or a path")
        raise ValueError(f"{path} is no folder, archive or table of pictures with captions")
    return *organised(held), in_container(held, column)


def parquet_in(path: Path) -> list[Path]:
    """The Parquet files of pictures at a path: itself, or those in a folder."""
    from ptarmigan.modalities.image.parquet import holds_images

    inside = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
    return [each for each in inside if each.suffix.lower() == ".parquet" and holds_images(each)]


def only(whole: Container, found: Found) -> tuple[Files, Files | None]:
    """The files that a table lists, by their splits."""
    train, held_out = organised(whole)
    files = [None if one is None else captioned(one, found) for one in (train, held_out)]
    assert files[0] is not None
    return files[0], files[1]


def captioned(files: Files, found: Found) -> Files:
    """Those that have a caption, without classes."""
    there = [place for place in range(len(files)) if files.name(place) in found]
    return replace(files.take(np.array(there, np.int64)), labels=None, classes=())


def captions_of(source: Any, found: Found) -> list[tuple[str, ...]]:
    """The captions of the pictures of a source, in its order."""
    return [tuple(found[source.files.name(place)]) for place in range(len(source))]


def in_container(held: Container, column: str) -> Found:
    """The captions in a folder or an archive: in tables, else beside every picture.

    Raises:
        ValueError: a table or a text cannot be read.
    """
    places = {name: i for i, name in enumerate(held.names)}
    tables = [name for name in held.names if is_table(name)]
    found: dict[str, Sequence[str]] = {}
    for name in tables:
        where = f"{held.where}/{name}"
        base = name[: len(name) - len(PurePosixPath(name).name)]
        found |= by_name(rows_of(held.read(places[name]), name, where), held, base, column, where)
    if tables:
        return found
    for name in held.names:
        stem = name[: len(name) - len(PurePosixPath(name).suffix)]
        for ending, read in BESIDE.items():
            if stem + ending in places and stem + ending != name:
                texts = read(
                    held.read(places[stem + ending], LARGEST), f"{held.where}/{stem}{ending}", column
                )
                if texts:
                    found[name] = texts
                    break
    return found


def is_table(name: str) -> bool:
    """Whether a file of this name is a table of captions."""
    path = PurePosixPath(name)
    return path.stem.lower() in STEMS and path.suffix.lower() in TABLES


def lines_in(data: bytes, where: str, column: str) -> list[str]:
    """A caption a line."""
    return [line.strip() for line in decoded(data, where).splitlines() if line.strip()]


def in_json(data: bytes, where: str, column: str) -> list[str]:
    """The caption in an object of JSON, as shards have it beside a picture; none where it says none."""
    try:
        whole = parse(data)
    except ValueError as error:
        raise ValueError(f"{where} is no JSON ({one_line(error)})") from None
    if not isinstance(whole, dict):
        return []
    name = next((name for name in ([column] if column else CAPTIONS) if name in whole), "")
    return texts_in(whole.get(name))


BESIDE = {".txt": lines_in, ".json": in_json}
"""What lies beside a picture, by the ending that stands in place of its own."""


def texts_in(value: Any) -> list[str]:
    """A caption, or several, that are not empty."""
    several = value if isinstance(value, list | tuple) else [value]
    return [one.strip() for one in several if isinstance(one, str) and one.strip()]


def rows_of(data: bytes, name: str, where: str) -> Iterator[Mapping[str, Any]]:
    """The rows of a table of text, or of lines of JSON.

    Raises:
        ValueError: it is no such table.
    """
    text = decoded(data, where)
    if name.lower().endswith((".jsonl", ".ndjson")):
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip():
                try:
                    row = parse(line)
                except ValueError:
                    raise ValueError(f"{where}: line {number:,} is no JSON") from None
                if not isinstance(row, dict):
                    raise ValueError(f"{where}: line {number:,} is no object of a file and a caption")
                yield row
        return
    head = text.partition("\n")[0]
    separator = "\t" if name.lower().endswith(".tsv") else max(",;\t", key=head.count)
    try:
        yield from csv.DictReader(io.StringIO(text, newline=""), delimiter=separator)
    except csv.Error as error:
        raise ValueError(f"{where} is no table ({one_line(error)})") from None


def by_name(
    rows: Iterable[Mapping[str, Any]], held: Container, base: str, column: str, where: str
) -> dict[str, list[str]]:
    """The captions of a table's rows by the names of files, which lie beside the table; one may have several.

    Raises:
        ValueError: it has no column of files or of captions, or no row of a file that is there.
    """
    there = set(held.names)
    found: dict[str, list[str]] = defaultdict(list)
    file = caption = ""
    missing: list[str] = []
    for row in rows:
        if not file:
            file = chosen(row, FILES, "", "files", where)
            caption = chosen(row, CAPTIONS, column, "captions", where)
        name = base + str(row.get(file)).replace("\\", "/").removeprefix("./")
        if name in there:
            found[name] += texts_in(row.get(caption))
        else:
            missing.append(name)
    if not any(found.values()):
        example = f", such as {missing[0]!r}" if missing else ""
        raise ValueError(f"{where} names no picture that lies beside it{example}")
    return {name: texts for name, texts in found.items() if texts}


def chosen(row: Mapping[str, Any], names: Sequence[str], wanted: str, what: str, where: str) -> str:
    """The column that is wanted, or that is called so.

    Raises:
        ValueError: there is none.
    """
    known = [str(name) for name in row if name is not None]
    called = {name.strip().lower(): name for name in reversed(known)}
    found = (
        [wanted] if wanted in known else [] if wanted else [called[name] for name in names if name in called]
    )
    if not found:
        expected = repr(wanted) if wanted else f"of {what} ({', '.join(names[:4])})"
        raise ValueError(f"{where} has no column {expected}: its columns are {', '.join(known)}")
    return found[0]


def in_parquet(paths: Sequence[Path], column: str) -> Found:
    """The captions in Parquet files, by the names that their pictures have here: file/row.

    Raises:
        ValueError: pyarrow is missing, a file is damaged, or has no column of captions.
    """
    pyarrow = needs("pyarrow", extra="parquet", why=f"{paths[0]} needs pyarrow")
    from pyarrow import parquet

    from ptarmigan.data.parquet import check_parquet
    from ptarmigan.media.foreign import open_binary

    found: dict[str, list[str]] = {}
    for path in paths:
        try:
            with open_binary(path) as raw, parquet.ParquetFile(raw) as file:
                check_parquet(file.metadata, path)
                names = dict.fromkeys(file.schema_arrow.names)
                cells = file.read([chosen(names, CAPTIONS, column, "captions", str(path))])[0].to_pylist()
        except pyarrow.ArrowException as error:
            raise ValueError(f"{path} is not a readable Parquet file ({one_line(error)})") from None
        found |= {f"{path.name}/{row}": texts for row, cell in enumerate(cells) if (texts := texts_in(cell))}
    return found
