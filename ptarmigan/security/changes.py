"""What happens to pictures on their way, as programs do it: to 8-bit pictures, by Pillow."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

Change = Callable[[Image.Image], Image.Image]
Raw = NDArray[np.uint8]


def jpeg(quality: int) -> Change:
    """Saved as JPEG of a quality, and read again."""

    def changed(picture: Image.Image) -> Image.Image:
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=quality)
        return Image.open(io.BytesIO(file.getvalue()))

    return changed


def crop(share: float) -> Change:
    """The centre, of a share of both sides, resized to the whole."""

    def changed(picture: Image.Image) -> Image.Image:
        width, height = picture.size
        left, top = (1 - share) * width / 2, (1 - share) * height / 2
        return picture.resize(
            picture.size, Image.Resampling.BILINEAR, (left, top, width - left, height - top)
        )

    return changed


def resize(share: float) -> Change:
    """Down to a share of both sides, and up again."""

    def changed(picture: Image.Image) -> Image.Image:
        small = [max(1, round(side * share)) for side in picture.size]
        again = picture.resize((small[0], small[1]), Image.Resampling.BILINEAR)
        return again.resize(picture.size, Image.Resampling.BILINEAR)

    return changed


def blur(radius: float) -> Change:
    """A Gaussian blur of a radius in pixels."""
    return lambda picture: picture.filter(ImageFilter.GaussianBlur(radius))


def noise(deviation: float) -> Change:
    """White noise of a standard deviation in steps of 255, the same each time."""

    def changed(picture: Image.Image) -> Image.Image:
        pixels = np.asarray(picture, np.float64)
        drawn = np.random.default_rng(pixels.astype(np.int64).ravel()[:64]).normal(0, deviation, pixels.shape)
        return Image.fromarray((pixels + drawn).round().clip(0, 255).astype(np.uint8))

    return changed


def brightness(factor: float) -> Change:
    """All light times a factor."""
    return lambda picture: ImageEnhance.Brightness(picture).enhance(factor)


CHANGES: dict[str, Change] = {
    "JPEG 90": jpeg(90),
    "JPEG 75": jpeg(75),
    "JPEG 50": jpeg(50),
    "cropped to 90 %": crop(0.9),
    "halved and doubled": resize(0.5),
    "blurred by 1 pixel": blur(1),
    "noise of 3 %": noise(0.03 * 255),
    "brighter by 20 %": brightness(1.2),
    "darker by 20 %": brightness(0.8),
    "mirrored": ImageOps.mirror,
}


def changed(raw: Raw, change: Change) -> Raw:
    """Raw pictures ``(n, height, width, channels)``, each changed."""
    out = []
    for pixels in raw:
        grey = pixels.shape[-1] == 1
        picture = change(Image.fromarray(pixels[..., 0] if grey else pixels))
        found = np.asarray(picture, np.uint8)
        out.append(found[..., None] if grey else found)
    return np.stack(out)
