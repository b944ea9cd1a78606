"""Images of any kind by one argument: a name, a path, an array or a dataset."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Dataset

from ptarmigan.data.archives import TARS, Container, Folder, Tars, Zip, shards
from ptarmigan.data.arrays import to_array
from ptarmigan.data.blank import Blank
from ptarmigan.data.samples import Samples
from ptarmigan.media.files import path_of
from ptarmigan.modalities.image import arrays
from ptarmigan.modalities.image.arrays import Labelled, Opened
from ptarmigan.modalities.image.augmentation import ImageAugmentation
from ptarmigan.modalities.image.dataset import open_dataset
from ptarmigan.modalities.image.decode import EXTENSIONS, MOST_PIXELS
from ptarmigan.modalities.image.files import open_files
from ptarmigan.modalities.image.idx import looks_like_idx
from ptarmigan.modalities.image.reading import Target
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.image.splits import organised
from ptarmigan.modalities.image.stacked import NAME as STACKED
from ptarmigan.modalities.image.stacked import stacked

KINDS = "a folder of images, a .zip or .tar of one, .npz, .npy, idx files, or .parquet"


@dataclass(frozen=True)
class Images:
    """The images to learn from, and how they are read."""

    data: Any = "digits"
    """digits, mnist, fashion-mnist, kmnist, cifar10, stacked-mnist, or the path of a folder of images (its
    subfolders are classes), a zip or tar of one, WebDataset shards, an .npz, .npy, idx or .parquet file. In
    Python also an array (n, H, W[, C]), a pair of it and labels, a torch Dataset or DataLoader, a Blank."""
    size: str = ""
    """HxW (or N for NxN): resize every image, antialiased. Needed where sizes differ."""
    crop: bool = False
    """With a size: cut the centre out in its proportions instead of squeezing."""
    flip: bool = False
    """Mirror half of the images left to right."""

    def open(self, *, batch: int, seed: int = 0) -> Samples[ImageSpace]:
        """The samples, shuffled by ``seed`` and cut into batches.

        Raises:
            FileNotFoundError: there is nothing of that name.
            ValueError: it cannot be read as images; the message says why and what to do.
        """
        source, space, held_out = _opened(self.data, self._target())
        augment = ImageAugmentation(self.flip) if self.flip else None
        return Samples(source, space, batch=batch, seed=seed, augment=augment, held_out=held_out)

    def _target(self) -> Target:
        if self.size:
            return Target(parse_size(self.size), self.crop)
        if self.crop:
            raise ValueError("--crop needs a --size to crop to, such as --size 64")
        return Target()


def parse_size(text: str) -> tuple[int, int]:
    """Height and width of ``HxW`` or ``N``.

    Raises:
        ValueError: it is neither, or no size for an image.
    """
    found = re.fullmatch(r"\s*([0-9]{1,6})\s*(?:[xX×]\s*([0-9]{1,6}))?\s*", text)
    height, width = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
    if height * width == 0 or height * width > MOST_PIXELS:
        raise ValueError(f"--size {text} is no size: expected height x width, such as 64x48, or 64")
    return height, width


def _opened(data: Any, target: Target) -> Opened:
    match data:
        case Blank():
            return data, data.of(ImageSpace), None
        case str() | Path():
            return _by_text(str(data), target)
        case DataLoader():  # batches and their order are the run's own, which a resume repeats
            return open_dataset(data.dataset, target)
        case Dataset():
            return open_dataset(data, target)
        case tuple() | list():
            if len(data) != 2:
                raise ValueError(f"data is {len(data)} things: expected the images and their labels")
            given = Labelled(_array(data[0]), np.asarray(_array(data[1])))
        case _:
            given = Labelled(_array(data))
    return arrays.to_size(arrays.open_arrays(given, None, "the array"), target)


def _array(data: Any) -> NDArray[Any]:
    if not isinstance(data, np.ndarray | torch.Tensor | list | tuple):
        raise ValueError(
            f"data is {type(data).__name__}: expected a name, a path, an array, a torch Dataset or DataLoader"
        )
    return to_array(data)


def _by_text(text: str, target: Target) -> Opened:
    from ptarmigan.modalities.image.named import NAMES, open_named

    if text in NAMES:
        return arrays.to_size(open_named(text, None), target)
    if text == STACKED:
        return stacked(arrays.to_size(open_named("mnist", None), target))
    if "{" in text and not Path(text).exists():
        return _shards(shards(text), text, target)
    path = path_of(text)
    if not text or not path.exists():  # an empty path is the current folder to Path, and no one's wish
        raise FileNotFoundError(
            f"there is no data {text!r}: expected {', '.join((*NAMES, STACKED))}, or the path of {KINDS}"
        )
    return _folder(path, target) if path.is_dir() else _file(path, target)


def _file(path: Path, target: Target) -> Opened:
    name = path.name.lower()
    if name.endswith(".zip"):
        return _files(Zip(path), target)
    if name.endswith((*TARS, ".parquet")):
        return _shards([path], str(path), target)
    if name.endswith(".npz"):
        return arrays.to_size(arrays.open_npz(path), target)
    if name.endswith(".npy"):
        return arrays.to_size(arrays.open_npy(path), target)
    if looks_like_idx(path):
        return arrays.to_size(arrays.open_idx(path), target)
    if path.suffix[1:].lower() in EXTENSIONS:
        raise ValueError(f"{path} is a single image: give the folder that holds it")
    raise ValueError(f"{path} is no kind of data that is read: expected {KINDS}")


def _folder(path: Path, target: Target) -> Opened:
    idx = arrays.idx_in(path)
    if idx is not None:
        return arrays.to_size(arrays.open_idx(idx), target)
    folder = Folder(path)
    for ends in (TARS, ".parquet"):
        found = [path / name for name in folder.names if name.lower().endswith(ends)]
        if found:
            return _shards(found, str(path), target)
    return _files(folder, target)


def _shards(paths: list[Path], where: str, target: Target) -> Opened:
    if paths[0].name.lower().endswith(".parquet"):
        from ptarmigan.modalities.image.parquet import open_parquet

        return open_files(*open_parquet(paths, where), target)
    return _files(Tars(paths, where), target)


def _files(container: Container, target: Target) -> Opened:
    return open_files(*organised(container), target)
