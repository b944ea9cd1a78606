"""What the names of files say: which are images, which are held out, and what their classes are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TypeAlias

import numpy as np

from ptarmigan.data.archives import Container
from ptarmigan.data.permutation import Indices
from ptarmigan.media.plain import parse
from ptarmigan.modalities.image.decode import EXTENSIONS, MOST_BYTES, UNREAD

Label: TypeAlias = int | str

TRAIN = ("train", "training")
BESIDE = frozenset(
    ["cls", "json", "jsonl", "txt", "csv", "tsv", "xml", "yaml", "yml", "md", "html", "npy", "npz", "parquet"]
)
"""Endings of what lies beside pictures and is none."""
STARTS = (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*")
"""The first bytes of PNG, JPEG, GIF and TIFF."""
HELD_OUT = ("test", "testing", "val", "valid", "validation", "dev")
"""In the order of preference."""


@dataclass(frozen=True)
class Files:
    """Some of the files of a container, each an image, and their classes.

    Attributes:
        container: has them.
        members: their numbers in it.
        labels: the class of each.
        classes: the names of the classes.
        unread: pictures of the container that are none of these, each ``name: reason``.
    """

    container: Container
    members: Indices
    labels: Indices | None = None
    classes: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.members)

    def take(self, places: Indices) -> Files:
        """Those at ``places``."""
        labels = None if self.labels is None else self.labels[places]
        return replace(self, members=self.members[places], labels=labels)

    def name(self, place: int) -> str:
        """Of the file at ``place``, within its container."""
        return self.container.names[int(self.members[place])]


def numbered(
    labels: Sequence[Label], classes: tuple[str, ...] | None = None
) -> tuple[Indices, tuple[str, ...]]:
    """Labels as integers from 0, and the names of the classes, sorted.

    Args:
        labels: whole numbers or names.
        classes: those that there are; found from the labels where None.

    Raises:
        ValueError: a label is not one of ``classes``.
    """
    if classes is None:
        mixed = {type(label) for label in labels} == {int, str}
        classes = tuple(str(c) for c in sorted(set(labels), key=str if mixed else None))
    number = {name: i for i, name in enumerate(classes)}
    unknown = next((label for label in labels if str(label) not in number), None)
    if unknown is not None:
        raise ValueError(f"the held-out samples have a class {unknown!r} that the training samples have not")
    return np.array([number[str(label)] for label in labels], np.int64), classes


def organised(container: Container) -> tuple[Files, Files | None]:
    """The images to train on and those that are held out, with their classes.

    Top-level folders (or shards) named train, test, val, ... are splits. Classes are StyleGAN's
    ``dataset.json``, WebDataset's ``.cls`` or ``.json`` members, or the names of the subfolders.

    Raises:
        ValueError: there are no images, or labels do not fit them.
    """
    images = [i for i, name in enumerate(container.names) if is_image(name)]
    left_out = unread(container)
    if not images:
        kinds = " ".join(sorted(EXTENSIONS))
        others = f"; {len(left_out)} files are not read, for example {left_out[0]}" if left_out else ""
        raise ValueError(f"{container.where} holds no images (files ending in: {kinds}){others}")
    paths = [path_parts(container.names[i]) for i in images]
    train, held_out = split(paths)
    lists = [i for i, name in enumerate(container.names) if path_parts(name)[-1] == "dataset.json"]
    if lists:
        listing = min(lists, key=lambda i: len(path_parts(container.names[i])))
        labels = _listed(container, images, listing)
    else:
        labels = _beside(container, images) or above(paths, bool(held_out))
    files, apart = labelled(container, np.array(images, np.int64), labels, train, held_out)
    return replace(files, unread=left_out), apart


def labelled(
    container: Container,
    members: Indices,
    labels: Sequence[Label] | None,
    train: Sequence[int],
    held_out: Sequence[int],
) -> tuple[Files, Files | None]:
    """The files at ``train`` and at ``held_out`` (None where there are none), with classes numbered alike."""
    classes: tuple[str, ...] | None = None
    out: list[Files | None] = []
    for places in (train, held_out):
        if not places:
            out.append(None)
        elif labels is None:
            out.append(Files(container, members[places]))
        else:
            numbers, classes = numbered([labels[k] for k in places], classes)
            out.append(Files(container, members[places], numbers, classes))
    if out[0] is None:
        raise ValueError(f"{container.where} holds no images to train on")
    return out[0], out[1]


def split(paths: Sequence[tuple[str, ...]]) -> tuple[list[int], list[int]]:
    """Which paths are trained on and which are held out; all are trained on where their tops are no splits.

    A path is its folders and its name. Its top is a folder or a shard such as ``train-000.tar``.
    """
    paths = stripped(paths)
    tops = [_split_name(parts[0]) if len(parts) > 1 else "" for parts in paths]
    kinds = set(tops)
    train = next((name for name in TRAIN if name in kinds), None)
    held_out = next((name for name in HELD_OUT if name in kinds), None)
    if train is None or held_out is None or not kinds <= {*TRAIN, *HELD_OUT}:
        return list(range(len(paths))), []
    return [k for k, t in enumerate(tops) if t in TRAIN], [k for k, t in enumerate(tops) if t == held_out]


def _split_name(top: str) -> str:
    """``train`` of ``Train``, of ``train-00000.tar`` and of ``train-00000-of-00010.parquet``."""
    return re.split(r"[-_.\d]", top.lower(), maxsplit=1)[0] if _is_shard(top) else top.lower()


def _is_shard(top: str) -> bool:
    return bool(re.search(r"\.(tar|tgz|tar\.\w+|parquet)$", top.lower()))


def is_image(name: str) -> bool:
    """Whether a file of this name is read as an image."""
    return is_visible(name) and ending(name) in EXTENSIONS


def is_visible(name: str) -> bool:
    """Whether no part of a path is hidden."""
    return not any(part.startswith(".") or part == "__MACOSX" for part in path_parts(name))


def ending(name: str) -> str:
    """What follows the last dot of a name: ``png``."""
    return PurePosixPath(name).suffix[1:].lower()


def unread(container: Container) -> tuple[str, ...]:
    """The pictures that are left out, by their endings or by their first bytes, each ``name: reason``."""
    found = []
    for i, name in enumerate(container.names):
        kind = ending(name)
        if not is_visible(name) or kind in EXTENSIONS or kind in BESIDE:
            continue
        if kind in UNREAD:
            found.append(f"{name}: a .{kind} is not read (save it as .png or .jpg)")
        elif _begins_like_a_picture(container, i):
            found.append(f"{name}: a picture by what is in it, but not by its ending (rename it)")
    return tuple(found)


def _begins_like_a_picture(container: Container, i: int) -> bool:
    try:
        start = container.read(i, 12)
    except (OSError, ValueError):
        return False
    return start.startswith(STARTS) or start[8:12] == b"WEBP" or start[4:12] in (b"ftypavif", b"ftypheic")


def path_parts(name: str) -> tuple[str, ...]:
    """The folders of a path and its name."""
    return tuple(part for part in name.split("/") if part not in ("", "."))


def stripped(paths: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Without the folders that all paths share."""
    first = paths[0]
    shared = min(len(parts) for parts in paths) - 1
    for parts in paths:
        shared = next((d for d in range(shared) if parts[d] != first[d]), shared)
    return [parts[shared:] for parts in paths]


def above(paths: Sequence[tuple[str, ...]], has_splits: bool) -> list[Label] | None:
    """The top folder of every path below its split or shard, or None where an image lies in none."""
    paths = stripped(paths)
    if has_splits or all(_is_shard(parts[0]) for parts in paths):
        paths = [parts[1:] for parts in paths]
    paths = stripped(paths)
    return [parts[0] for parts in paths] if all(len(parts) > 1 for parts in paths) else None


def _listed(container: Container, images: list[int], place: int) -> list[Label] | None:
    """Labels of StyleGAN's ``dataset.json``: ``{"labels": [[name, number], ...]}``; ``null`` is none."""
    where = f"{container.where}: {container.names[place]}"
    listed = _json(container, place)
    entries = listed.get("labels") if isinstance(listed, dict) else None
    if entries is None:
        return None
    root = container.names[place].removesuffix("dataset.json")
    try:
        label = {root + name: number for name, number in entries}
    except (TypeError, ValueError):
        raise ValueError(f"{where}: labels are not a list of [name, number]") from None
    out: list[Label] = []
    for i in images:
        number = label.get(container.names[i])
        if type(number) is not int:
            raise ValueError(f"{where} gives {container.names[i]} no whole number as label")
        out.append(number)
    return out


def _beside(container: Container, images: list[int]) -> list[Label] | None:
    """Labels that lie beside the images as WebDataset has them: ``key.cls`` or ``key.json``."""
    keys = {
        (_key(name), PurePosixPath(name).suffix): i
        for i, name in enumerate(container.names)
        if name.endswith((".cls", ".json"))
    }
    for suffix in (".cls", ".json"):
        if (_key(container.names[images[0]]), suffix) in keys:
            return _read_beside(container, images, keys, suffix)
    return None


def _read_beside(
    container: Container, images: list[int], keys: dict[tuple[str, str], int], suffix: str
) -> list[Label] | None:
    out: list[Label] = []
    for i in images:
        name = container.names[i]
        place = keys.get((_key(name), suffix))
        if place is None:
            raise ValueError(f"{container.where}: {name} has no {suffix} beside it, others have")
        value = _in_json(container, place) if suffix == ".json" else _text(container, place).strip()
        if value is None and not out:
            return None
        if not isinstance(value, int | str) or value == "":
            raise ValueError(f"{container.where}: {container.names[place]} holds no label")
        out.append(int(value) if re.fullmatch(r"-?\d+", str(value)) else value)
    return out


def _in_json(container: Container, i: int) -> object:
    described = _json(container, i)
    return described.get("label") if isinstance(described, dict) else None


def _key(name: str) -> str:
    """A WebDataset key: the path up to the first dot of its last part."""
    folder, _, last = name.rpartition("/")
    return f"{folder}/{last.split('.')[0]}"


def _text(container: Container, i: int) -> str:
    if container.sizes[i] > MOST_BYTES:
        raise ValueError(f"{container.where}: {container.names[i]} is too large to be read")
    try:
        return container.read(i).decode()
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise ValueError(f"{container.where}: {container.names[i]} cannot be read ({error})") from None


def _json(container: Container, i: int) -> object:
    text = _text(container, i)
    try:
        plain: object = parse(text)
    except ValueError:
        raise ValueError(f"{container.where}: {container.names[i]} is not JSON") from None
    return plain
