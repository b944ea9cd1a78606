"""A person's picture as a sample: its middle, in the size, channels and depth of a space."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.media.files import path_of
from ptarmigan.media.foreign import read_bytes
from ptarmigan.media.pictures import on_white, picture
from ptarmigan.modalities.image.decode import Form, Pixels, decode, resized, widened

FORMS = {1: "grey", 2: "grey with alpha", 3: "colour", 4: "colour with alpha"}


def read_photo(path: Path, form: Form) -> tuple[NDArray[Any], str]:
    """A picture as a raw sample ``(1, height, width, channels)``, and what was done to it in words.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no picture that can be read.
    """
    found = path_of(path)
    try:
        pixels = decode(read_bytes(found), (2 * form.height, 2 * form.width))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    height, width, channels = pixels.shape
    said = []
    if (height, width) != (form.height, form.width):
        how = "resized" if height * form.width == width * form.height else "its middle cropped and resized"
        said.append(f"{how} from {height}×{width} to {form.height}×{form.width}")
        pixels = resized(pixels, form.height, form.width, crop=True)
    if channels != form.channels:
        said.append(f"{FORMS[channels]} made {FORMS[form.channels]}")
    return in_form(pixels, form)[None], ", ".join(said)


def in_form(pixels: Pixels, form: Form) -> Pixels:
    """Pixels with the channels and bits of a form; on white where it has no alpha."""
    if pixels.dtype == np.uint16 and form.bits == 8:
        pixels = (pixels >> 8).astype(np.uint8)
    have, want = pixels.shape[2], form.channels
    if pixels.dtype == np.uint8 and have in (2, 4) and want in (1, 3):
        pixels = np.asarray(on_white(picture(pixels)))
        have = 3
    if have >= 3 and want <= 2:
        weights = np.array([0.299, 0.587, 0.114])  # ITU-R 601, as Pillow's "L"
        grey = (pixels[..., :3] @ weights).round()[..., None].astype(pixels.dtype)
        pixels = np.concatenate([grey, pixels[..., 3:]], 2)
    return widened(pixels, want, form.bits)
