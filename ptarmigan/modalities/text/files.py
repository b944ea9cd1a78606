"""Sentences in files: lines, JSON lines, tables with a column of text, folders with or without classes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.archives import Container, container
from ptarmigan.data.cells import OPEN, unpacked
from ptarmigan.data.dialect import encoding_of
from ptarmigan.data.glimpse import is_frame
from ptarmigan.media.files import path_of
from ptarmigan.media.foreign import read_bytes
from ptarmigan.modalities.table.source import CSV, PARQUET, read_frame

LINES, OBJECTS = (".txt", ".text"), (".jsonl", ".ndjson")
PACKED = tuple(OPEN)
HALVES = re.compile("[\ud800-\udfff]")
NULS = 0.1
"""The share of NUL characters above which what is read as UTF-8 is something else."""
NAMES = ("text", "sentence", "caption", "content", "review", "answer", "response", "title")
"""What a column of text is called, in the order of preference."""
SPLITS = {"train": "train", "training": "train", "test": "test", "valid": "test", "val": "test"}


@dataclass
class Corpus:
    """Texts, none of them empty, with what is said of each.

    Attributes:
        texts: sentences.
        labels: the class of each by name; empty where there are none.
        questions: what each answers; empty where there are none.
        held_out: other texts, that are not to be trained on, where the data has such.
        empty: how many were left out because they, or their questions, are empty.
        notes: how they were read, in lines for people.
    """

    texts: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    held_out: Corpus | None = None
    empty: int = 0
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.texts)

    def numbers(self, classes: Sequence[str]) -> NDArray[np.int64] | None:
        """The classes as numbers; None where there are none.

        Raises:
            ValueError: one is not among ``classes``.
        """
        if not self.labels:
            return None
        known = {name: i for i, name in enumerate(classes)}
        if other := next((label for label in self.labels if label not in known), ""):
            raise ValueError(f"the held-out text has a class {other!r} that the text to learn from has not")
        return np.array([known[label] for label in self.labels], np.int64)

    def some(self, rows: Sequence[int]) -> Corpus:
        """Those at ``rows``, without those held out."""
        texts, labels, questions = (
            [of[i] for i in rows] if of else [] for of in (self.texts, self.labels, self.questions)
        )
        return Corpus(texts, labels, questions, empty=self.empty, notes=self.notes)


def gathered(rows: Iterable[tuple[str, ...]], names: Sequence[str], notes: tuple[str, ...] = ()) -> Corpus:
    """A corpus of rows whose values are ``texts``, ``labels`` and ``questions``; empty ones are left out.

    Halves of surrogate pairs, which JSON and Python can hold and no file of text can, become U+FFFD.
    """
    whole = [tuple(HALVES.sub("\ufffd", value) for value in row) for row in rows]
    kept = [row for row in whole if all(value.strip() for value in row)]
    found = Corpus(empty=len(whole) - len(kept), notes=notes)
    columns = {"texts": found.texts, "labels": found.labels, "questions": found.questions}
    for i, name in enumerate(names):
        columns[name].extend(row[i] for row in kept)
    return found


def read(data: Any, column: str = "", label: str = "", question: str = "") -> Corpus:
    """The texts of a source.

    Args:
        data: a list of strings, a frame, a file, or a folder or an archive of ``.txt`` files.
        column: of a table or of JSON lines, which holds the texts.
        label: which holds their classes.
        question: which holds what they answer.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it holds no text; the message says why and what to do.
    """
    if is_frame(data):
        return in_columns(data, "the data frame", column, label, question)
    if not isinstance(data, str | Path):
        return gathered(((text,) for text in strings(data)), ("texts",))
    path = path_of(data)
    name = path.name.lower()
    if name.endswith((*CSV, *PARQUET)):
        return in_columns(read_frame(path), str(path), column, label, question)
    form = Path(name.removesuffix(path.suffix.lower()) if name.endswith(PACKED) else name).suffix
    if form in OBJECTS:
        return in_objects(path, column, label, question)
    if column or label or question:
        option = "column" if column else "label" if label else "question"
        raise ValueError(f"--{option} is for tables and .jsonl: {path} has no columns")
    if form in LINES:
        return gathered(((line,) for line in whole_text(path).splitlines()), ("texts",))
    held = container(str(data))
    if held is None:
        if not path.exists():
            raise FileNotFoundError(f"there is no text {str(data)!r}: nothing is there")
        raise ValueError(
            f"{path} is no text: give a .txt, .jsonl, .csv or .parquet file, or a folder of .txt"
        )
    return in_folders(held)


def strings(data: Any) -> list[str]:
    """Strings in memory.

    Raises:
        ValueError: these are none.
    """
    if isinstance(data, list | tuple) and all(isinstance(one, str) for one in data):
        return list(data)
    raise ValueError(f"text is a path, a list of strings or a data frame, not {type(data).__name__}")


def whole_text(path: Path) -> str:
    """What a text file holds, also a packed one."""
    if path.suffix.lower() in PACKED:
        with unpacked(path) as file:
            return decoded(file.read(), str(path))
    return decoded(read_bytes(path), str(path))


def decoded(whole: bytes, where: str) -> str:
    """UTF-8, or UTF-16 with a byte order mark, as text.

    Raises:
        ValueError: it is neither.
    """
    try:
        text = whole.decode(encoding_of(whole[:4]))
    except UnicodeDecodeError as error:
        line = whole.count(b"\n", 0, error.start) + 1
        raise ValueError(f"{where} is no UTF-8 text (line {line:,}): save it as UTF-8") from None
    if text.count("\0") > NULS * len(text):
        raise ValueError(f"{where} is no UTF-8 text, but UTF-16 or UTF-32, or no text: save it as UTF-8")
    return text.removeprefix("\ufeff").replace("\0", " ")


def in_columns(frame: Any, where: str, column: str, label: str, question: str) -> Corpus:
    """The texts in a table, whose cells that are missing are empty."""
    frame = frame.to_pandas() if type(frame).__module__.startswith("polars") else frame
    texts = [str(name) for name in frame.columns if frame[name].dtype.kind not in "fiubMm"]
    chosen = column or chosen_column(texts, [label, question], where)
    names = {"texts": chosen, "labels": label, "questions": question}
    for name in filter(None, names.values()):
        if name not in frame.columns:
            raise ValueError(
                f"{where} has no column {name!r}; there are {', '.join(map(str, frame.columns))}"
            )
    used = {key: name for key, name in names.items() if name}
    cells = (frame[name].astype(object).where(frame[name].notna(), "").astype(str) for name in used.values())
    return gathered(zip(*cells, strict=True), list(used), (f"text is the column {chosen!r}",))


def chosen_column(names: Sequence[str], taken: Sequence[str], where: str) -> str:
    """The column of texts: the only one, or one that is called so.

    Raises:
        ValueError: it cannot be told.
    """
    left = [name for name in names if name not in taken]
    called = {name.lower(): name for name in reversed(left)}
    found = [called[name] for name in NAMES if name in called]
    if found or len(left) == 1:
        return found[0] if found else left[0]
    if not left:
        raise ValueError(f"{where} has no column of text")
    raise ValueError(f"{where}: which column holds the text? say it with --column: {', '.join(left)}")


def in_objects(path: Path, column: str, label: str, question: str) -> Corpus:
    """The texts in a file with a JSON object, or a JSON string, in each line."""
    rows: list[dict[str, Any]] = []
    for number, line in enumerate(whole_text(path).split("\n"), 1):  # strings may hold other line ends
        if line.strip():
            rows.append(parsed(line, f"{path}: line {number:,}"))
    names = list(dict.fromkeys(name for row in rows for name, value in row.items() if isinstance(value, str)))
    chosen = column or (chosen_column(names, [label, question], str(path)) if rows else "")
    used = {
        key: name for key, name in (("texts", chosen), ("labels", label), ("questions", question)) if name
    }
    for name in used.values():
        if not any(name in row for row in rows):
            raise ValueError(f"{path} has no {name!r}; there are {', '.join(names)}")
    cells = (tuple(plain(row.get(name)) for name in used.values()) for row in rows)
    return gathered(cells, list(used), (f"text is what is called {chosen!r}",))


def parsed(line: str, where: str) -> dict[str, Any]:
    """A line of JSON as an object; a string is a text.

    Raises:
        ValueError: it is neither.
    """
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        raise ValueError(f"{where} is no JSON") from None
    if isinstance(found, str):
        return {NAMES[0]: found}
    if not isinstance(found, dict):
        raise ValueError(f'{where} is no object such as {{"text": "…"}}')
    return found


def plain(value: Any) -> str:
    """A value of JSON as text; nothing where there is none."""
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)


def in_folders(held: Container) -> Corpus:
    """The lines of all ``.txt`` files; folders at the top are splits, and those below are classes.

    Raises:
        ValueError: there is no such file, or some are in a class and some in none.
    """
    files = [
        (i, PurePosixPath(name).parts)
        for i, name in enumerate(held.names)
        if name.lower().endswith(LINES) and not name.startswith("__MACOSX")
    ]
    if not files:
        raise ValueError(f"{held.where} holds no .txt file")
    while all(len(parts) > 1 for _, parts in files) and len({parts[0] for _, parts in files}) == 1:
        files = [(i, parts[1:]) for i, parts in files]  # one folder around all
    parted = all(len(parts) > 1 and parts[0].lower() in SPLITS for _, parts in files)
    found: dict[str, list[tuple[str, ...]]] = {"train": [], "test": []}
    classes = set()
    for i, parts in files:
        split, inner = (SPLITS[parts[0].lower()], parts[1:]) if parted else ("train", parts)
        classes.add(inner[0] if len(inner) > 1 else "")
        said = decoded(held.read(i), f"{held.where}/{held.names[i]}").splitlines()
        found[split] += [(line, inner[0]) if len(inner) > 1 else (line,) for line in said]
    if "" in classes and len(classes) > 1:
        raise ValueError(f"{held.where}: some files are in the folder of a class, and some are in none")
    names = ("texts",) if "" in classes else ("texts", "labels")
    whole = gathered(found["train"], names)
    if parted and found["test"]:
        whole.held_out = gathered(found["test"], names)
    return whole
