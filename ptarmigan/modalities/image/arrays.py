"""Images that are arrays already: in memory, in .npy and .npz files, and in idx files."""

from __future__ import annotations

import math
import re
import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.npy import npy_header
from ptarmigan.data.permutation import Indices
from ptarmigan.data.rows import Rows
from ptarmigan.data.samples import Source
from ptarmigan.media.foreign import DAMAGED, check_unpacked, open_binary, regular
from ptarmigan.modalities.image.decode import resized
from ptarmigan.modalities.image.idx import read_idx
from ptarmigan.modalities.image.reading import Target
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.image.splits import numbered

Stored: TypeAlias = NDArray[Any] | Rows
Opened: TypeAlias = tuple[Source, ImageSpace, Source | None]

IN_MEMORY = 1 << 30
"""A packed array of more bytes is refused: it would have to be unpacked into memory."""
WANTED = "give uint8, uint16, or floating-point numbers in [0, 1]"
LOOKED_AT = 256
"""Images that are looked at in the beginning; floating-point numbers are checked whenever they are read."""
IMAGES = ("x", "images", "image", "imgs", "data", "arr_0")
LABELS = ("y", "labels", "label", "c", "targets", "arr_1")
TRAIN = ("x_train", "train_images", "train_x")
TRAIN_LABELS = ("y_train", "train_labels", "train_y")
HELD_OUT = ("x_test", "test_images", "test_x", "x_val", "val_images", "val_x")
HELD_OUT_LABELS = ("y_test", "test_labels", "test_y", "y_val", "val_labels", "val_y")


class Labelled(NamedTuple):
    """Images, one a row, and their labels."""

    images: Stored
    labels: NDArray[Any] | None = None


class ArrayImages:
    """Images from an array of any layout and kind of number, made whole numbers as they are read."""

    def __init__(self, images: Stored, labels: Indices | None, classes: tuple[str, ...], where: str) -> None:
        self.labels, self.classes = labels, classes
        self._images, self._where = images, where
        self._first = channels_first(images.shape[1:], where)

    def __len__(self) -> int:
        return len(self._images)

    @property
    def form(self) -> tuple[int, int, int, int]:
        """Height, width, channels, bits."""
        shape = self._images.shape[1:]
        c, h, w = shape if self._first else (*shape[2:], *shape[:2]) if len(shape) == 3 else (1, *shape)
        return h, w, c, 16 if self._images.dtype.kind == "u" and self._images.dtype.itemsize == 2 else 8

    def read(self, indices: Indices) -> NDArray[Any]:
        """The images at ``indices``, ``(n, height, width, channels)`` uint8 or uint16.

        Raises:
            ValueError: floating-point numbers lie outside [0, 1].
        """
        raw = np.asarray(self._images[indices])
        raw = raw[..., None] if raw.ndim == 3 else raw
        return whole_numbers(raw.transpose(0, 2, 3, 1) if self._first else raw, self._where)


class Resized:
    """Another source's images, at another size."""

    def __init__(self, source: Source, target: Target) -> None:
        self.labels, self.classes = source.labels, source.classes
        self.source, self._target = source, target

    def __len__(self) -> int:
        return len(self.source)

    def read(self, indices: Indices) -> NDArray[Any]:
        """The images at ``indices``, ``(n, height, width, channels)``."""
        size = self._target.size
        raw = self.source.read(indices)
        return raw if size is None else np.stack([resized(p, *size, self._target.crop) for p in raw])


def to_size(opened: Opened, target: Target) -> Opened:
    """What was opened, with all images at the target's size."""
    source, space, held_out = opened
    if target.size is None or target.size == (space.height, space.width):
        return opened
    space = ImageSpace(*target.size, space.channels, space.bits, space.classes)
    return Resized(source, target), space, None if held_out is None else Resized(held_out, target)


def open_arrays(train: Labelled, held_out: Labelled | None, where: str) -> Opened:
    """Sources of images that are arrays.

    Args:
        train: ``(n, H, W)``, ``(n, H, W, C)`` or ``(n, C, H, W)`` with 1 to 4 channels, and labels.
        held_out: the same.
        where: what people call it.

    Raises:
        ValueError: that is no array of images, or labels do not fit.
    """
    source = _array_images(train, None, where)
    space = ImageSpace(*source.form, classes=source.classes)
    if held_out is None:
        return source, space, None
    if held_out.labels is None or train.labels is None:
        held_out = Labelled(held_out.images)
    other = _array_images(held_out, source.classes, where)
    if other.form != source.form:
        raise ValueError(f"{where}: the held-out images differ in size or channels from the training images")
    return source, space, other


def open_npy(path: Path) -> Opened:
    """The images in an ``.npy`` file, read from it as they are needed.

    Raises:
        ValueError: it is damaged, holds Python objects, or no images.
    """
    with open_binary(path) as file:
        shape, dtype = plain_header(file, str(path))
        begin = file.tell()
    if path.stat().st_size - begin < math.prod(shape) * dtype.itemsize:
        raise ValueError(f"{path} ends before the {shape} numbers that its header promises")
    return open_arrays(Labelled(Rows(path, begin, shape, dtype)), None, str(path))


def open_npz(path: Path) -> Opened:
    """The images and labels in an ``.npz`` file; one that ``np.savez`` wrote is read as they are needed.

    Keys are ``x``/``images``/``arr_0`` and ``y``/``labels``/``c``, or ``x_train``, ``y_train``, ``x_test``,
    ``y_test`` and the like.

    Raises:
        ValueError: it is damaged, holds Python objects, or no images.
    """
    file = regular(path)
    try:
        with zipfile.ZipFile(file) as archive:
            members = {m.filename.removesuffix(".npy").lower(): m for m in archive.infolist()}

            def get(keys: Sequence[str], labels: bool = False) -> Stored | None:
                key = next((key for key in keys if key in members), None)
                return None if key is None else _member(path, archive, members[key], labels)

            for images, labels in ((TRAIN, TRAIN_LABELS), (IMAGES, LABELS)):
                x = get(images)
                if x is None:
                    continue
                train = Labelled(x, _array(get(labels, True)))
                held = get(HELD_OUT)
                other = None if held is None else Labelled(held, _array(get(HELD_OUT_LABELS, True)))
                return open_arrays(train, other, str(path))
    except DAMAGED as error:
        raise ValueError(f"{path} is not a readable .npz file ({error})") from None
    raise ValueError(
        f"{path} holds {', '.join(members) or 'nothing'}; expected x or images, and perhaps y or labels"
    )


def open_idx(path: Path) -> Opened:
    """The images in an idx file, with the labels, and the ``t10k`` set as held out, found by their names.

    Raises:
        FileNotFoundError: the file is not there.
        ValueError: it is damaged, or holds no images.
    """
    if "labels" in path.name:
        raise ValueError(f"{path} holds labels: give the file of the images")
    held_out = _sibling(path, "train-", "t10k-") if path.name.startswith("train-") else None
    return open_arrays(_idx_pair(path), _idx_pair(held_out) if held_out else None, str(path))


def idx_in(folder: Path) -> Path | None:
    """The idx file of training images in a folder, if it holds one."""
    names = ("train-images-idx3-ubyte", "train-images.idx3-ubyte")
    return next((p for name in names for end in (".gz", "") if (p := folder / (name + end)).is_file()), None)


def whole_numbers(raw: NDArray[Any], where: str) -> NDArray[Any]:
    """Pixels as uint8 or uint16: floating-point numbers in [0, 1] and booleans become 0 to 255.

    Raises:
        ValueError: they are of another kind, or outside [0, 1].
    """
    kind, size = raw.dtype.kind, raw.dtype.itemsize
    if kind == "u" and size <= 2:
        return np.ascontiguousarray(raw, np.uint8 if size == 1 else np.uint16)
    if kind == "b":
        return raw.astype(np.uint8) * np.uint8(255)
    if kind != "f":
        raise ValueError(f"{where} holds pixels of type {raw.dtype}: {WANTED}")
    if size < 4:  # in half precision 255 times a pixel is rounded twice
        raw = raw.astype(np.float32)
    low, high = raw.min(initial=0), raw.max(initial=0)
    if not (low >= 0 and high <= 1):  # NaN too
        raise ValueError(f"{where} holds pixels from {low:.4g} to {high:.4g}: {WANTED}")
    out: NDArray[np.uint8] = np.rint(raw * 255).astype(np.uint8)
    return out


def _array_images(given: Labelled, classes: tuple[str, ...] | None, where: str) -> ArrayImages:
    images, labels = given
    if len(images.shape) not in (3, 4) or 0 in images.shape:
        raise ValueError(
            f"{where} is an array of shape {images.shape}: images are (n, height, width[, channels])"
        )
    numbers = None
    if labels is not None:
        numbers, classes = _numbers(labels, len(images), classes, where)
    source = ArrayImages(images, numbers, classes or (), where)
    source.read(np.linspace(0, len(images) - 1, min(LOOKED_AT, len(images))).astype(np.int64))
    return source


def channels_first(shape: tuple[int, ...], where: str) -> bool:
    """Whether an image of that shape has its channels before its sides.

    Raises:
        ValueError: none of its ends is 1 to 4 channels.
    """
    if len(shape) == 2 or 1 <= shape[2] <= 4:
        return False
    if 1 <= shape[0] <= 4:
        return True
    raise ValueError(f"{where} holds images of shape {shape}: none of its ends is 1 to 4 channels")


def _numbers(
    labels: NDArray[Any], n: int, classes: tuple[str, ...] | None, where: str
) -> tuple[Indices, tuple[str, ...]]:
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.shape != (n,):
        raise ValueError(f"{where}: labels of shape {labels.shape} do not fit {n} images: expected ({n},)")
    if labels.dtype.kind == "f" and (labels == np.rint(labels)).all():
        labels = labels.astype(np.int64)
    if labels.dtype.kind not in "iubU":
        raise ValueError(f"{where}: labels of type {labels.dtype} are neither whole numbers nor names")
    if labels.dtype.kind == "b":
        labels = labels.astype(np.int64)
    return numbered(labels.tolist(), classes)


def plain_header(file: IO[bytes], where: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and dtype of an array of plain numbers in C order, from its header.

    Raises:
        ValueError: it is none, or not readable.
    """
    shape, fortran, dtype = npy_header(file, where)
    if dtype.hasobject:
        raise ValueError(f"{where} holds Python objects, which could run code: save plain numbers")
    if fortran and len(shape) > 1:
        raise ValueError(f"{where} is in Fortran order: save it again after np.ascontiguousarray")
    return shape, dtype


def _member(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo, whole: bool) -> Stored:
    where = f"{path}: {member.filename}"
    with archive.open(member) as file:
        shape, dtype = plain_header(file, where)
        size, head = math.prod(shape) * dtype.itemsize, file.tell()
        if member.file_size - head < size:
            raise ValueError(f"{where} ends before the {shape} numbers that its header promises")
        if member.compress_type == zipfile.ZIP_STORED and not whole and dtype.kind in "bufi":
            begin = _data_begins(path, member) + head
            if begin + size > path.stat().st_size:
                raise ValueError(f"{where} is cut short by the end of the file")
            return Rows(path, begin, shape, dtype)
        if size > IN_MEMORY:
            raise ValueError(
                f"{where} unpacks to {size >> 20} MB: save it with np.save, which is read without unpacking"
            )
        check_unpacked(size, member.compress_size, where)
        data = file.read(size)
    if len(data) < size:
        raise ValueError(f"{where} is cut short")
    return np.frombuffer(data, dtype).reshape(shape)


def _data_begins(path: Path, member: zipfile.ZipInfo) -> int:
    """Where the bytes of an unpacked member of a zip lie (APPNOTE 6.3.10, section 4.3.7)."""
    with open_binary(path) as file:
        file.seek(member.header_offset + 26)
        name, extra = struct.unpack("<HH", file.read(4))
    return member.header_offset + 30 + int(name) + int(extra)


def _array(stored: Stored | None) -> NDArray[Any] | None:
    return None if stored is None else np.asarray(stored[np.arange(len(stored))])


def _idx_pair(images: Path) -> Labelled:
    labels = _sibling(images, "images", "labels", ("idx3", "idx1"))
    x = read_idx(images)
    if x.ndim not in (3, 4):
        raise ValueError(f"{images} holds an array of {x.ndim} dimensions, not images")
    return Labelled(x, read_idx(labels) if labels else None)


def _sibling(path: Path, old: str, new: str, *more: tuple[str, str]) -> Path | None:
    """The file beside ``path`` whose name has ``new`` for ``old``, packed or not."""
    if old not in path.name:
        return None
    name = path.name.replace(old, new)
    for before, after in more:
        name = name.replace(before, after)
    plain = re.sub(r"\.gz$", "", name)
    return next((p for n in (name, plain, plain + ".gz") if (p := path.parent / n).is_file()), None)
