"""Pictures as programs have them: Pillow images, numpy arrays, tensors, and lists of these."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps
from torch import Tensor

from ptarmigan.core.errors import one_line
from ptarmigan.media.foreign import read_bytes
from ptarmigan.media.pictures import picture
from ptarmigan.modalities.image.decode import MOST_BYTES, Pixels, from_picture, picture_in
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.label.source import indexed
from ptarmigan.modalities.label.space import LabelSpace
from ptarmigan.tasks.translate.direction import Direction
from ptarmigan.tasks.translate.forms import PictureSpace, painted

Through: TypeAlias = Callable[[Pixels], Pixels]


def through(image: Any, direction: Direction, translate: Through) -> Any:
    """A picture, or a list of them, translated into one of the same kind.

    Args:
        image: a Pillow image; an array ``(height, width)``, ``(height, width, channels)`` or ``(n, height,
            width, channels)`` of uint8 or uint16; a tensor ``(channels, height, width)`` or ``(n, channels,
            height, width)`` of uint8, or of floats from 0 to 1. Label maps are class numbers in one channel,
            of a tensor as int64; as Pillow images they are what files of the data are, with a palette.
        direction: knows what is label maps.
        translate: what becomes of the pixels of one picture.

    Raises:
        ValueError: it is nothing of the kind.
    """
    if isinstance(image, list | tuple):
        return [through(one, direction, translate) for one in image]
    if isinstance(image, Image.Image):
        pixels = of_pillow(ImageOps.exif_transpose(image), direction.given)
        return to_pillow(translate(pixels), direction.space)
    if isinstance(image, np.ndarray):
        return of_array(image, direction, translate)
    if isinstance(image, Tensor):
        return of_tensor(image, direction, translate)
    raise ValueError(
        f"a picture is a Pillow image, a numpy array or a tensor, not {type(image).__name__}; of a file: "
        "PIL.Image.open(path)"
    )


def pixels_of(image: Any, direction: Direction) -> Pixels:
    """The pixels ``(height, width, channels)`` of a Pillow image, of an array, or of a picture's file.

    Raises:
        ValueError: it is nothing of the kind.
    """
    if isinstance(image, str | Path):
        try:
            return of_pillow(picture_in(read_bytes(image, MOST_BYTES)), direction.given)
        except (OSError, ValueError) as error:
            raise ValueError(f"{image} cannot be read as a picture: {one_line(error)}") from error
    if isinstance(image, Image.Image):
        return of_pillow(ImageOps.exif_transpose(image), direction.given)
    if isinstance(image, np.ndarray) and image.ndim in (2, 3):
        return image if image.ndim == 3 else image[..., None]
    raise ValueError("what is translated is one picture: a Pillow image, an array, or the path of a file")


def of_pillow(upright: Image.Image, given: PictureSpace) -> Pixels:
    """The pixels of a Pillow image; where it is a label map, class numbers.

    Raises:
        ValueError: it is none, or no picture.
    """
    return indexed(upright, given) if isinstance(given, LabelSpace) else from_picture(upright)


def to_pillow(pixels: Pixels, space: PictureSpace) -> Image.Image:
    """Pixels as a Pillow image, which holds colour with 8 bits only."""
    return painted(pixels, space) if isinstance(space, LabelSpace) else picture(pixels)


def of_array(image: NDArray[Any], direction: Direction, translate: Through) -> NDArray[Any]:
    """The same, of arrays."""
    integers = isinstance(direction.given, LabelSpace) and np.issubdtype(image.dtype, np.integer)
    if image.dtype not in (np.uint8, np.uint16) and not integers:
        raise ValueError(f"pixels are uint8 from 0 to 255, or uint16, not {image.dtype}: convert them first")
    if image.ndim == 2:
        made = of_array(image[..., None], direction, translate)
        return made[..., 0] if made.shape[2] == 1 else made
    if image.ndim not in (3, 4) or image.size == 0 or image.shape[-1] > 4:
        raise ValueError(
            f"an array of shape {image.shape} is no picture: expected (height, width), (height, width, "
            "channels) or (n, height, width, channels)"
        )
    return translate(image) if image.ndim == 3 else np.stack([translate(one) for one in image])


def of_tensor(image: Tensor, direction: Direction, translate: Through) -> Tensor:
    """The same, of tensors."""
    if image.ndim not in (3, 4) or image.numel() == 0 or image.shape[-3] > 4:
        raise ValueError(
            f"a tensor of shape {tuple(image.shape)} is no picture: expected (channels, height, width) or "
            "(n, channels, height, width)"
        )
    if image.ndim == 4:
        return torch.stack([of_tensor(one, direction, translate) for one in image])
    made = translate(raw(image.detach().cpu(), direction).transpose(1, 2, 0))
    out = torch.from_numpy(made.transpose(2, 0, 1).copy()).to(image.device)
    if isinstance(direction.space, LabelSpace):
        return out.long()
    if not image.is_floating_point():
        return out
    return (out.to(torch.float64) / np.iinfo(made.dtype).max).to(image.dtype)


def raw(image: Tensor, direction: Direction) -> NDArray[Any]:
    """A tensor's pixels as integers; floats as deep as networks see them.

    Raises:
        ValueError: they are neither bytes nor floats from 0 to 1.
    """
    given, floats = direction.given, image.is_floating_point()
    if image.dtype == torch.uint8 or (isinstance(given, LabelSpace) and not floats):
        return np.asarray(image.numpy())
    if isinstance(given, LabelSpace) or not floats:
        wanted = (
            "floats from 0 to 1, or uint8" if isinstance(given, ImageSpace) else "whole numbers of classes"
        )
        raise ValueError(f"pixels of a tensor are {wanted}, not {str(image.dtype).removeprefix('torch.')}")
    numbers = image.double().numpy()
    if not ((numbers >= 0) & (numbers <= 1)).all():
        raise ValueError("pixels of a float tensor are from 0 to 1, and these are not: scale them first")
    return (numbers * given.white).round().astype(np.uint8 if given.bits == 8 else np.uint16)
