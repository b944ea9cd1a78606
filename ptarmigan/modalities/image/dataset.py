"""A ``torch.utils.data.Dataset`` of images as a source."""

from __future__ import annotations

from collections.abc import Sized
from threading import Lock
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch.utils.data import Dataset, IterableDataset

from ptarmigan.data.arrays import to_array
from ptarmigan.data.permutation import Indices
from ptarmigan.modalities.image.arrays import Opened, whole_numbers
from ptarmigan.modalities.image.decode import from_picture
from ptarmigan.modalities.image.reading import Target, fitted
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.image.splits import Label, numbered
from ptarmigan.modalities.image.survey import common_form

WHERE = "the dataset"


class DatasetSource:
    """Items of a dataset; asked for one at a time, since few datasets bear several threads."""

    def __init__(
        self, dataset: Dataset[Any], labels: Indices | None, space: ImageSpace, target: Target
    ) -> None:
        self.labels, self.classes = labels, space.classes
        self._dataset, self._space, self._target = dataset, space, target
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._dataset)  # type: ignore[arg-type]

    def read(self, indices: Indices) -> NDArray[Any]:
        """The images at ``indices``, ``(n, height, width, channels)``."""
        out = []
        for index in indices.tolist():
            with self._lock:
                image, _ = _item(self._dataset[index])
            out.append(fitted(pixels(image), self._space, self._target))
        return np.stack(out)


def open_dataset(dataset: Dataset[Any], target: Target) -> Opened:
    """A source of the items of a dataset; every one is looked at once, for its size and label.

    An item is an image, ``(image,)`` or ``(image, label)``, where an image is a Pillow image, an array
    ``(H, W[, C])`` or a tensor ``(C, H, W)``.

    Raises:
        ValueError: an item is no image, sizes differ and none is asked for, only some have labels, or the
            dataset has no length or can only be iterated.
    """
    if isinstance(dataset, IterableDataset) or not isinstance(dataset, Sized):
        raise ValueError(
            f"{WHERE} has no length or can only be iterated: give one whose items are found by their number"
        )
    n = len(dataset)
    if n == 0:
        raise ValueError(f"{WHERE} is empty")
    forms, labels = np.empty((n, 4), np.int64), []
    for i in range(n):
        image, label = _item(dataset[i])
        raw = pixels(image)
        forms[i] = (*raw.shape, 8 * raw.itemsize)
        labels.append(label)
    missing = labels.count(None)
    if 0 < missing < n:
        raise ValueError(f"{WHERE}: item {labels.index(None)} has no label, others have")
    form = common_form(forms, lambda row: f"item {row}", target, WHERE)
    numbers, classes = (None, ()) if missing else numbered([label for label in labels if label is not None])
    space = ImageSpace(*form, classes=classes)
    return DatasetSource(dataset, numbers, space, target), space, None


def pixels(image: Any) -> NDArray[Any]:
    """``(height, width, channels)`` uint8 or uint16 of a Pillow image, array or tensor.

    Raises:
        ValueError: it is none of these, or its shape or numbers are no image's.
    """
    if isinstance(image, Image.Image):
        return from_picture(image)
    tensor = isinstance(image, torch.Tensor)
    raw = to_array(image) if tensor else image
    if not isinstance(raw, np.ndarray) or raw.ndim not in (2, 3) or 0 in raw.shape:
        raise ValueError(f"{WHERE}: an item is {type(image).__name__}, not an image or (image, label)")
    if raw.ndim == 2:
        raw = raw[..., None]
    elif tensor or raw.shape[2] > 4:
        raw = raw.transpose(1, 2, 0)
    if not 1 <= raw.shape[2] <= 4:
        raise ValueError(f"{WHERE}: an item of shape {tuple(image.shape)} has not 1 to 4 channels")
    return whole_numbers(raw, WHERE)


def _item(item: Any) -> tuple[Any, Label | None]:
    if not isinstance(item, tuple | list):
        return item, None
    if len(item) == 1:  # as a TensorDataset of images alone has them
        return item[0], None
    if len(item) != 2:
        raise ValueError(f"{WHERE}: an item is {len(item)} things, not an image or (image, label)")
    image, label = item
    if isinstance(label, torch.Tensor):
        label = to_array(label)
    if isinstance(label, np.ndarray | np.generic) and label.size == 1:
        label = label.item()
    if label is None or isinstance(label, str):
        return image, label
    if not isinstance(label, int):
        raise ValueError(f"{WHERE}: a label is {label!r}, neither a whole number nor a name")
    return image, int(label)
