"""One encoded image file to pixels: size and channels by its header, decoded upright, resized, widened."""

from __future__ import annotations

import io
from functools import cache
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

Pixels: TypeAlias = NDArray[Any]

ENDINGS = {
    "PNG": ("png", "apng"),
    "JPEG": ("jpg", "jpeg", "jpe", "jfif"),
    "WEBP": ("webp",),
    "BMP": ("bmp", "dib"),
    "GIF": ("gif",),
    "TIFF": ("tif", "tiff"),
    "PPM": ("ppm", "pgm", "pbm", "pnm"),
    "AVIF": ("avif",),
    "JPEG2000": ("jp2", "j2k", "jpx", "jpf", "j2c", "jpc"),
    "QOI": ("qoi",),
    "PCX": ("pcx",),
    "SGI": ("sgi",),
    "ICO": ("ico",),
}
"""Of Pillow's formats those that are one picture and say so in their first bytes, and how their files end.

Others run programs (EPS), are no pictures, or would take anything damaged for one of theirs (TGA)."""
EXTENSIONS = frozenset(ending for endings in ENDINGS.values() for ending in endings)
UNREAD = frozenset(
    [
        "heic",
        "heif",
        "jxl",
        "jxr",
        "tga",
        "psd",
        "svg",
        "eps",
        "exr",
        "hdr",
        "dds",
        "pfm",
        "xbm",
        "xpm",
        "icns",
        *("raw", "dng", "cr2", "cr3", "nef", "arw", "orf", "rw2", "raf"),
    ]
)
"""Endings of pictures that are not read."""
MOST_PIXELS = 64_000_000
"""An image of more is taken for a decompression bomb."""
MOST_BYTES = 256 << 20
"""A file of more is not read."""

ORIENTATION = 0x0112
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What undoes each EXIF orientation (EXIF 2.32, tag 0x0112)."""
SIXTEEN = frozenset({"I", "I;16", "I;16B", "I;16L", "I;16N"})
SEE_THROUGH = frozenset({"LA", "La", "PA", "RGBA", "RGBa"})
GREY = frozenset({"1", "L", "LA", "La"})


@cache
def formats() -> tuple[str, ...]:
    """The formats of ``ENDINGS`` that this Pillow reads."""
    Image.init()
    return tuple(name for name in ENDINGS if name in Image.OPEN)


class Form(NamedTuple):
    """What an image is made of; channels are L, LA, RGB or RGBA."""

    height: int
    width: int
    channels: int
    bits: int


def header(data: bytes) -> Form:
    """The form of an image from the start of its file, nothing decoded.

    Raises:
        ValueError: it is no image that is read here, or a decompression bomb.
    """
    image = _open(data)
    width, height = image.size
    if _sideways(image):
        width, height = height, width
    return Form(height, width, *_channels_bits(image))


def decode(data: bytes, at_least: tuple[int, int] | None = None) -> Pixels:
    """The pixels of an image file, upright: ``(height, width, channels)`` uint8, or uint16 for 16-bit grey.

    Args:
        data: the whole file.
        at_least: a height and width that are enough: a larger JPEG may be decoded smaller.

    Raises:
        ValueError: it is damaged, cut short, no image that is read here, or a decompression bomb.
    """
    image = picture_in(data, at_least)
    try:
        return _pixels(image)
    except Exception as error:
        raise ValueError(_reason(error)) from None


def picture_in(data: bytes, at_least: tuple[int, int] | None = None) -> Image.Image:
    """An image file as Pillow has it, upright; arguments and errors as in ``decode``."""
    image = _open(data)
    if at_least is not None:
        height, width = at_least
        image.draft("", (height, width) if _sideways(image) else (width, height))
    try:
        image.load()
        turned = UPRIGHT.get(_orientation(image)) if image.format != "TIFF" else None
        return image if turned is None else image.transpose(turned)
    except Exception as error:  # Pillow's decoders raise some ten kinds for damaged files
        raise ValueError(_reason(error)) from None


def from_picture(image: Image.Image) -> Pixels:
    """The pixels of a Pillow image, as ``decode`` has them.

    Raises:
        ValueError: its mode has no form here.
    """
    return _pixels(image)


def resized(
    pixels: Pixels,
    height: int,
    width: int,
    crop: bool = False,
    how: Image.Resampling = Image.Resampling.LANCZOS,
) -> Pixels:
    """Pixels at another size, antialiased (Lanczos; colours weighted by alpha).

    Args:
        pixels: ``(h, w, channels)`` uint8 or uint16.
        height: of the result.
        width: of the result.
        crop: cut the centre of the target's proportions out first, instead of squeezing.
        how: another way to resample.
    """
    h, w, _ = pixels.shape
    if (h, w) == (height, width):
        return pixels
    scale = min(w / width, h / height)
    inner = (width * scale, height * scale) if crop else (float(w), float(h))
    left, top = (w - inner[0]) / 2, (h - inner[1]) / 2
    return resampled(pixels, height, width, (left, top, left + inner[0], top + inner[1]), how)


def resampled(
    pixels: Pixels,
    height: int,
    width: int,
    box: tuple[float, float, float, float],
    how: Image.Resampling = Image.Resampling.LANCZOS,
) -> Pixels:
    """What lies in a box (left, top, right, bottom) of an image, at another size; as ``resized``."""

    def one(image: Image.Image) -> Pixels:
        return np.asarray(image.resize((width, height), how, box))

    if pixels.dtype == np.uint8:
        grey = pixels.shape[2] == 1
        out = one(Image.fromarray(np.ascontiguousarray(pixels[..., 0] if grey else pixels)))
        return out[..., None] if grey else out
    planes = [one(Image.fromarray(plane)) for plane in np.moveaxis(pixels.astype(np.float32), 2, 0)]
    return np.stack(planes, 2).round().clip(0, 65535).astype(np.uint16)


def widened(pixels: Pixels, channels: int, bits: int) -> Pixels:
    """The same picture with more channels or bits: grey as colour, opaque where it had no alpha.

    Raises:
        ValueError: it has something that the result cannot hold.
    """
    deep, have = pixels.dtype == np.uint16, pixels.shape[2]
    if (have > 2 and channels <= 2) or (have in (2, 4) and channels in (1, 3)) or (deep and bits == 8):
        raise ValueError(f"{have} channels of {16 if deep else 8} bits, not {channels} of {bits}")
    if bits == 16 and not deep:
        pixels = pixels.astype(np.uint16) * np.uint16(257)
    alpha = [pixels[..., -1:]] if have in (2, 4) else []
    colours = pixels[..., : have - len(alpha)]
    if channels in (2, 4) and not alpha:
        alpha = [np.full_like(pixels[..., :1], (1 << bits) - 1)]
    if channels >= 3 and have < 3:
        colours = colours.repeat(3, axis=2)
    return np.concatenate([colours, *alpha], 2) if alpha else colours


def union(channels: set[int], bits: set[int]) -> tuple[int, int]:
    """The fewest channels and bits that hold every one of ``channels`` and ``bits``."""
    colour, alpha = any(c > 2 for c in channels), any(c in (2, 4) for c in channels)
    return (3 if colour else 1) + alpha, max(bits)


def _open(data: bytes) -> Image.Image:
    if not data:
        raise ValueError("empty file")
    try:
        image = Image.open(io.BytesIO(data), formats=formats())
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ValueError("decompression bomb: too many pixels") from None
    except Exception as error:  # Pillow's parsers raise some ten kinds for damaged files
        raise ValueError(_reason(error)) from None
    width, height = image.size
    if width * height > MOST_PIXELS:
        raise ValueError(f"decompression bomb: {height}x{width} pixels")
    if image.mode == "F":
        raise ValueError("floating-point pixels")
    return image


def _reason(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "not an image that can be read"
    return f"damaged ({str(error).splitlines()[0] if str(error) else type(error).__name__})"


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(ORIENTATION, 1))
    except Exception:  # a broken EXIF block does not make a picture unreadable
        return 1


def _sideways(image: Image.Image) -> bool:
    # Pillow turns TIFFs itself, and would decode a PNG whole to look for EXIF behind its pixels
    if image.format == "TIFF" or (image.format == "PNG" and "exif" not in image.info):
        return False
    return _orientation(image) in (5, 6, 7, 8)


def _channels_bits(image: Image.Image) -> tuple[int, int]:
    if image.mode in SIXTEEN:
        return 1, 16
    alpha = image.mode in SEE_THROUGH or (
        image.mode in ("1", "L", "P", "RGB") and "transparency" in image.info
    )
    return (1 if image.mode in GREY else 3) + alpha, 8


def _pixels(image: Image.Image) -> Pixels:
    if image.mode == "F":
        raise ValueError("floating-point pixels")
    if image.mode in SIXTEEN:
        deep = np.asarray(image)
        if deep.min() < 0 or deep.max() > 65535:
            raise ValueError("pixels of more than 16 bits")
        return deep.astype(np.uint16)[..., None]
    mode = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[_channels_bits(image)[0]]
    pixels = np.asarray(image if image.mode == mode else image.convert(mode))
    return pixels[..., None] if pixels.ndim == 2 else pixels
