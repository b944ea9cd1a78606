"""Well-known image sets by name: looked for on this machine first, downloaded where they are not."""

from __future__ import annotations

import gzip
import os
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from gzip import BadGzipFile, GzipFile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.cache import cache_dir
from ptarmigan.data.download import fetch
from ptarmigan.data.permutation import permute
from ptarmigan.data.samples import ArraySource, Source
from ptarmigan.media.files import path_of
from ptarmigan.media.foreign import regular
from ptarmigan.modalities.image.idx import read_idx
from ptarmigan.modalities.image.space import ImageSpace


@dataclass(frozen=True)
class _File:
    name: str
    md5: str
    size: int


@dataclass(frozen=True)
class _Set:
    """What is published about a set: addresses, files and classes; and the folders people keep it in."""

    mirrors: tuple[str, ...]
    files: tuple[_File, ...]
    classes: tuple[str, ...]
    folders: tuple[str, ...]


def _idx(*published: tuple[str, int]) -> tuple[_File, ...]:
    names = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
    return tuple(_File(f"{n}-ubyte.gz", *p) for n, p in zip(names, published, strict=True))


DIGITS = tuple("0123456789")
DIGITS_FILE = ("datasets", "data", "digits.csv.gz")
"""Where scikit-learn keeps them."""
SETS = {
    "mnist": _Set(
        (
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ),
        _idx(
            ("f68b3c2dcbeaaa9fbdd348bbdeb94873", 9_912_422),
            ("d53e105ee54ea40749a09fcbcd1e9432", 28_881),
            ("9fb629c4189551a2d022fa330f9573f3", 1_648_877),
            ("ec29112dd5afa0611ce80d1b7f02629c", 4_542),
        ),
        DIGITS,
        ("mnist", "MNIST/raw"),
    ),
    "fashion-mnist": _Set(
        (
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        ),
        _idx(
            ("8d4fb7e6c68d591d4c3dfef9ec88bf0d", 26_421_880),
            ("25c81989df183df01b3e8a0aad5dffbe", 29_515),
            ("bef4ecab320f06d8554ea6380940ec79", 4_422_102),
            ("bb300cfdad3c16e7a12a480ee83cd310", 5_148),
        ),
        (
            "T-shirt/top",
            "Trouser",
            "Pullover",
            "Dress",
            "Coat",
            "Sandal",
            "Shirt",
            "Sneaker",
            "Bag",
            "Ankle boot",
        ),
        ("fashion_mnist", "fashion-mnist", "FashionMNIST/raw"),
    ),
    "kmnist": _Set(
        ("https://codh.rois.ac.jp/kmnist/dataset/kmnist/", "http://codh.rois.ac.jp/kmnist/dataset/kmnist/"),
        _idx(
            ("bdb82020997e1d708af4cf47b453dcf7", 18_165_135),
            ("e144d726b3acfaa3e44228e80efcd344", 29_497),
            ("5c965bf0a639b31b8f53240b1b52f4d7", 3_041_136),
            ("7320c461ea6c1c855c0b718fb2a4b134", 5_120),
        ),
        ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
        ("kmnist", "KMNIST/raw"),
    ),
    "cifar10": _Set(
        ("https://www.cs.toronto.edu/~kriz/", "https://cave.cs.toronto.edu/kriz/"),
        (_File("cifar-10-binary.tar.gz", "c32a1d4ab5d03f1284b67883e8d87530", 170_052_171),),
        ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
        ("cifar10", "cifar-10", "."),
    ),
}
NAMES = ("digits", *SETS)

CIFAR_TRAIN = tuple(f"data_batch_{i}.bin" for i in range(1, 6))
CIFAR_TEST = ("test_batch.bin",)
CIFAR_ROW = 1 + 3 * 32 * 32
CIFAR_MOST = 256 << 20
"""Bytes to unpack at most: the archive holds 184 million."""


def open_named(name: str, data_dir: Path | None = None) -> tuple[Source, ImageSpace, Source | None]:
    """The training images of a set, their space, and images that are held out from training.

    The files are looked for in ``data_dir``, in ``$PTARMIGAN_DATA`` (which ``--data-dir`` sets) and in the
    cache (``$PTARMIGAN_CACHE``, or ``~/.cache/ptarmigan``), and downloaded into the cache otherwise. What is
    held out is the published test set; of ``digits``, which has none, a fixed fifth.

    Raises:
        FileNotFoundError: the set is not here and cannot be downloaded; the message says what to put where.
        ValueError: the name is unknown, or a file does not hold what it should.
    """
    if name == "digits":
        return _digits()
    if name not in SETS:
        raise ValueError(f"there is no data set {name!r}: the names are {', '.join(NAMES)}")
    files = _files(name, data_dir)
    train, test = _cifar(files[0]) if name == "cifar10" else (_pair(*files[:2]), _pair(*files[2:]))
    classes = SETS[name].classes
    for (_, labels), path in ((train, files[0]), (test, files[-1])):
        if labels.max() >= len(classes):
            raise ValueError(
                f"{path.parent}: a label is {labels.max()}, but {name} has {len(classes)} classes"
            )
    _, height, width, channels = train[0].shape
    space = ImageSpace(height, width, channels, classes=classes)
    if test[0].shape[1:] != train[0].shape[1:]:
        raise ValueError(f"{files[-1].parent}: training and test images differ in size")
    return ArraySource(*train, classes), space, ArraySource(*test, classes)


def _digits() -> tuple[Source, ImageSpace, Source]:
    """The 1,797 handwritten digits, 8 × 8, that come with scikit-learn (Alpaydin and Kaynak 1998).

    Their file is read without scikit-learn, whose import takes half as long as that of torch.
    """
    package = find_spec("sklearn")
    assert package is not None
    assert package.submodule_search_locations is not None
    with gzip.open(regular(Path(package.submodule_search_locations[0], *DIGITS_FILE))) as file:
        rows = np.loadtxt(file, delimiter=",", dtype=np.int64)
    raw = np.round(rows[:, :-1].reshape(-1, 8, 8, 1) * (255 / 16)).astype(np.uint8)
    labels = rows[:, -1]
    order = permute(np.arange(len(raw)), len(raw), "digits", "held out")
    test, train = np.split(order, [len(raw) // 5])
    space = ImageSpace(8, 8, 1, classes=DIGITS)
    return (
        ArraySource(raw[train], labels[train], DIGITS),
        space,
        ArraySource(raw[test], labels[test], DIGITS),
    )


def _files(name: str, data_dir: Path | None) -> list[Path]:
    """The files of a set in their published order, from the first folder that has them all."""
    wanted = SETS[name]
    for folder in _folders(wanted, data_dir):
        found = [next(_spellings(folder, file.name), None) for file in wanted.files]
        if all(found):
            return [path for path in found if path]
    place = cache_dir() / wanted.folders[0]
    return [_fetched(file, wanted, place) for file in wanted.files]


def _folders(wanted: _Set, data_dir: Path | None) -> Iterator[Path]:
    named = os.environ.get("PTARMIGAN_DATA")
    for root in (data_dir, Path(named) if named else None):
        if root is None:
            continue
        root = path_of(root)
        if not root.is_dir():
            raise FileNotFoundError(f"{root}, named by --data-dir or $PTARMIGAN_DATA, is not a folder")
        yield from (root / folder for folder in wanted.folders)
        # The idx files of all sets have the same names, so only a folder's own name tells them apart.
        if any(root.resolve().as_posix().endswith(f"/{folder}") for folder in wanted.folders):
            yield root
    yield cache_dir() / wanted.folders[0]


def _spellings(folder: Path, name: str) -> Iterator[Path]:
    plain = () if name.endswith(".tar.gz") else (folder / name.removesuffix(".gz"),)
    return (path for path in (folder / name, *plain) if path.is_file())


def _fetched(file: _File, wanted: _Set, place: Path) -> Path:
    try:
        return fetch(
            [mirror + file.name for mirror in wanted.mirrors], place / file.name, file.md5, file.size
        )
    except FileNotFoundError as error:
        names = ", ".join(file.name for file in wanted.files)
        raise FileNotFoundError(
            f"{error}, or all of {names} into {wanted.folders[0]}/ of the --data-dir or $PTARMIGAN_DATA"
        ) from None


Labelled = tuple[NDArray[np.uint8], NDArray[np.int64]]


def _pair(images: Path, labels: Path) -> Labelled:
    x, c = read_idx(images), read_idx(labels)
    if x.ndim != 3 or 0 in x.shape:
        raise ValueError(f"{images} holds an array of {x.ndim} dimensions, not images")
    if c.shape != x.shape[:1]:
        raise ValueError(f"{labels} does not hold one label for each of the {len(x)} images in {images.name}")
    return x[..., None], c.astype(np.int64)


def _cifar(path: Path) -> tuple[Labelled, Labelled]:
    """Training and test images of CIFAR-10's binary version; rows of a label and 3 × 32 × 32 bytes."""
    try:
        with GzipFile(path) as unpacked, _tar(_Bounded(unpacked, path)) as tar:
            wanted = (m for m in tar if m.isfile() and m.name.endswith(".bin"))
            parts = {Path(m.name).name: _rows(tar, m, path) for m in wanted}
    except (tarfile.TarError, BadGzipFile, zlib.error, EOFError) as error:
        raise ValueError(f"{path} is a damaged archive ({error}): remove it to fetch it again") from None
    missing = [part for part in (*CIFAR_TRAIN, *CIFAR_TEST) if part not in parts]
    if missing:
        raise ValueError(f"{path} is not the binary version of CIFAR-10: it holds no {missing[0]}")
    return _labelled([parts[part] for part in CIFAR_TRAIN]), _labelled([parts[part] for part in CIFAR_TEST])


def _tar(file: _Bounded) -> tarfile.TarFile:
    return tarfile.open(fileobj=file, mode="r|")  # type: ignore[call-overload,no-any-return]


def _rows(tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> NDArray[np.uint8]:
    file = tar.extractfile(member)
    data = np.frombuffer(file.read() if file else b"", np.uint8)
    if len(data) == 0 or len(data) % CIFAR_ROW:
        raise ValueError(f"{path}: {member.name} does not consist of rows of {CIFAR_ROW} bytes")
    return data.reshape(-1, CIFAR_ROW)


def _labelled(parts: list[NDArray[np.uint8]]) -> Labelled:
    images = [rows[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1) for rows in parts]
    x = np.empty((sum(map(len, parts)), 32, 32, 3), np.uint8)
    return np.concatenate(images, out=x), np.concatenate([rows[:, 0] for rows in parts]).astype(np.int64)


class _Bounded:
    """A file that refuses to give more than ``CIFAR_MOST`` bytes, whatever an archive packs or claims."""

    def __init__(self, file: GzipFile, path: Path) -> None:
        self.file, self.path, self.left = file, path, CIFAR_MOST

    def read(self, n: int) -> bytes:
        data = self.file.read(n)
        self.left -= len(data)
        if self.left < 0:
            raise ValueError(
                f"{self.path} unpacks to far more than CIFAR-10 holds: remove it to fetch it again"
            )
        return data
