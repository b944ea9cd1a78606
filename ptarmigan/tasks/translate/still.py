"""One picture file translated into another, with what the file says of itself."""

from __future__ import annotations

import io
import math
from typing import Any

import numpy as np
from PIL import Image

from ptarmigan.media.pictures import picture
from ptarmigan.media.png import png
from ptarmigan.modalities.image.decode import ORIENTATION, Pixels, formats, picture_in
from ptarmigan.modalities.label.space import LabelSpace
from ptarmigan.tasks.translate.direction import Direction, Progress
from ptarmigan.tasks.translate.forms import ALPHA, PictureSpace, painted
from ptarmigan.tasks.translate.kinds import of_pillow

FORMAT = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
}
"""What each ending is written as."""
PNG = ".png"
QUALITY = 95
OPAQUE = ("JPEG", "BMP")
"""Formats without alpha."""

EXIF, GPS = 0x8769, 0x8825
WIDE, HIGH = 0xA002, 0xA003
"""PixelXDimension and PixelYDimension (EXIF 2.32)."""
DESCRIPTIVE = {269, 270, 271, 272, 285, 297, 305, 306, 315, 316}
STORAGE = frozenset(range(254, 533)) - DESCRIPTIVE | {700, 34675}
"""Tags that tell how a TIFF stores its pixels and not what they show (TIFF 6.0), XMP and the profile."""
PROFILES = {1: b"GRAY", 3: b"RGB "}
"""What a colour profile says it is of (ICC.1, bytes 16 to 19 of its header)."""


def still(
    direction: Direction, data: bytes, ending: str, *, seed: int, fit: bool, progress: Progress
) -> tuple[bytes, str]:
    """The translation of a picture file as a file, and its ending: ``.png`` where ``ending`` cannot hold it.

    Pixels come out upright, and EXIF, colour profile and resolution come along; not where colour has 16 bits,
    which Pillow does not write. Label maps are class numbers with a palette of their colours.

    Args:
        direction: the run.
        data: the picture's file.
        ending: what it is to be.
        seed: the random seed of the latent.
        fit: squeeze the picture instead of tiling it.
        progress: is called with the share that is done.

    Raises:
        ValueError: it cannot be read.
    """
    pixels = direction(of_pillow(picture_in(data), direction.given), seed=seed, fit=fit, progress=progress)
    if not holds(ending, direction.space, pixels.shape[2], pixels.dtype == np.uint16):
        ending = PNG
    return encoded(pixels, direction, FORMAT[ending], data), ending


def holds(ending: str, space: PictureSpace, channels: int, deep: bool = False) -> bool:
    """Whether files of an ending hold a translation as it is."""
    form = FORMAT.get(ending)
    if form is None or form == "PNG" or isinstance(space, LabelSpace):
        return form == "PNG"
    if deep:
        return form == "TIFF" and channels == 1
    return not (form in OPAQUE and channels in ALPHA)


def encoded(pixels: Pixels, direction: Direction, form: str, data: bytes) -> bytes:
    """A translation as a file, with what the file that it was made of says of itself."""
    if isinstance(direction.space, LabelSpace):
        return save(painted(pixels, direction.space), form, {})
    if pixels.dtype == np.uint16 and pixels.shape[2] > 1:
        return png(pixels)
    return save(picture(pixels), form, metadata(data, pixels))


def save(image: Image.Image, form: str, metadata: dict[str, Any]) -> bytes:
    """A Pillow image as a file; formats take of ``said`` what they can hold."""
    lossy: dict[str, Any] = {"quality": QUALITY}
    file = io.BytesIO()
    image.save(file, form, **metadata, **(lossy if form in ("JPEG", "WEBP") else {}))
    return file.getvalue()


def metadata(data: bytes, pixels: Pixels) -> dict[str, Any]:
    """What a file says of its picture, as far as it is true of what was ``made`` of it."""
    found: dict[str, Any] = {}
    try:
        with Image.open(io.BytesIO(data), formats=formats()) as image:
            exif, profile, dpi = exif_of(image, pixels), image.info.get("icc_profile"), image.info.get("dpi")
    except Exception:  # what is broken there does not make a picture unreadable
        return found
    if len(exif):
        found["exif"] = exif.tobytes()
    if profile and profile[16:20] == PROFILES[3 if pixels.shape[2] > 2 else 1]:
        found["icc_profile"] = profile
    if dpi and all(math.isfinite(n) and n > 0 for n in map(float, dpi)):
        found["dpi"] = tuple(map(float, dpi))
    return found


def exif_of(image: Image.Image, pixels: Pixels) -> Image.Exif:
    """The EXIF of an image, but for its orientation, its preview and how it was stored."""
    before, exif = image.getexif(), Image.Exif()
    for tag, value in before.items():
        if tag not in STORAGE | {ORIENTATION, EXIF, GPS}:
            exif[tag] = value
    for part in (EXIF, GPS):
        if inner := before.get_ifd(part):
            exif.get_ifd(part).update(inner)
    inner = exif.get_ifd(EXIF)
    inner.update(
        {tag: side for tag, side in zip((HIGH, WIDE), pixels.shape[:2], strict=True) if tag in inner}
    )
    return exif
