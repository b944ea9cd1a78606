"""Raw images as pretrained networks want to see them: RGB of 8 bits, resized, and a fixed number at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ptarmigan.metrics.features import Vectors

Picture: TypeAlias = NDArray[np.uint8]
"""One image, ``(height, width, 3)``."""
Prepare: TypeAlias = Callable[[Picture], NDArray[np.float32]]
"""One image to what a network takes, ``(height, width, 3)``."""

ROWS = 16
"""Images in a batch. Fixed, and the last batch is filled up, because the rounding of a matrix product depends
on how many rows it has."""
MEAN = np.array([0.485, 0.456, 0.406], np.float32)
DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)
"""Of red, green and blue in ImageNet, where white is 1."""


def show(
    raw: NDArray[Any], prepare: Prepare, net: Callable[[Tensor], Sequence[Tensor]]
) -> tuple[Vectors, ...]:
    """What ``net`` makes of raw images: the same of each, whichever are beside it.

    Args:
        raw: ``(n, height, width, channels)`` uint8 or uint16, one to four channels.
        prepare: called for one image at a time, so that few resized ones are in memory.
        net: a batch ``(rows, 3, height, width)`` to tensors with one row an image.

    Returns:
        All rows of each of these tensors.

    Raises:
        ValueError: these are no images, or there are none.
    """
    if raw.ndim != 4 or 0 in raw.shape or raw.shape[3] > 4 or raw.dtype not in (np.uint8, np.uint16):
        raise ValueError(
            "a pretrained network looks at images (n, height, width, 1 to 4 channels) of uint8 or uint16, "
            f"not at {raw.dtype} {raw.shape}"
        )
    seen = []
    with torch.inference_mode(), torch.autocast("cpu", enabled=False):
        for start in range(0, len(raw), ROWS):
            some = [prepare(rgb(image)) for image in raw[start : start + ROWS]]
            batch = torch.from_numpy(np.stack(some + some[-1:] * (ROWS - len(some))))
            seen.append([out[: len(some)].numpy() for out in net(batch.permute(0, 3, 1, 2))])
    return tuple(np.concatenate(parts) for parts in zip(*seen, strict=True))


def rgb(image: NDArray[Any]) -> Picture:
    """One raw image as RGB of 8 bits: grey is repeated, and what is transparent is on white."""
    if image.dtype == np.uint8 and image.shape[2] == 3:
        return image
    x = image.astype(np.float32) * np.float32(255 / np.iinfo(image.dtype).max)
    if image.shape[2] in (2, 4):
        opaque = x[..., -1:] / 255
        x = x[..., :-1] * opaque + 255 * (1 - opaque)
    levels = x.round().astype(np.uint8)
    return levels if levels.shape[2] == 3 else levels.repeat(3, axis=2)


def fit(picture: Picture, side: int, how: Image.Resampling) -> Picture:
    """Squeezed to ``side`` × ``side`` by Pillow, which antialiases."""
    return np.asarray(Image.fromarray(picture).resize((side, side), how))


def normalised(picture: Picture) -> NDArray[np.float32]:
    """With the mean and standard deviation that red, green and blue have in ImageNet taken out."""
    return (picture.astype(np.float32) / np.float32(255) - MEAN) / DEVIATION
