"""One recording to frames: animations and strips by Pillow, films by PyAV, folders of frames."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ptarmigan.core.errors import one_line
from ptarmigan.core.memory import check_memory
from ptarmigan.media.gif import is_whole
from ptarmigan.media.video import pyav
from ptarmigan.modalities.image.decode import MOST_PIXELS, decode, formats, header, resized

Frames = NDArray[np.uint8]

FILMS = ("mp4", "m4v", "mov", "mkv", "webm", "avi", "mpg", "mpeg")
"""Endings of files that PyAV reads."""
ANIMATED = ("gif", "webp", "apng")
"""Endings of files that Pillow reads."""
CONTAINERS = "mov,mp4,matroska,webm,avi,mpeg,mpegts"
"""Of FFmpeg: no lists of other files, and no addresses."""
MOST_BYTES = 1 << 30
"""Of a file."""
MOST_FRAMES = 100_000
"""Of a recording."""
COUNTED = "frames"
"""What a PNG calls the number of its frames, where it is a strip that says so."""
UNKNOWN = 12.0
"""Frames a second of what does not say."""


class Form(NamedTuple):
    """Size of a frame, channels (1 or 3), and frames a second; 0 where the file does not say."""

    height: int
    width: int
    channels: int
    rate: float


class Frame(NamedTuple):
    """A frame ``(height, width, channels)``, and the seconds that it is shown; 0 where nobody says."""

    pixels: Frames
    seconds: float


@dataclass(frozen=True)
class Wanted:
    """What recordings are brought to.

    Attributes:
        height: pixels.
        width: pixels.
        channels: 1 or 3.
        rate: frames a second; as they come when 0.
        sized: frames may have other sizes, and are brought to this one.
        crop: cut the centre out where proportions differ, instead of squeezing.
    """

    height: int
    width: int
    channels: int
    rate: float
    sized: bool
    crop: bool

    def at(self, rate: float) -> Wanted:
        """The same at a rate."""
        return replace(self, rate=rate)

    def frames(self, found: Iterator[Frame], where: str) -> Frames:
        """A recording as ``(frames, height, width, channels)``.

        Raises:
            ValueError: it is a still picture, too long, or does not go into memory.
        """
        made: list[Frames] = []
        clock = 0.0
        for pixels, seconds in found:
            frame = self.frame(pixels)
            clock += seconds
            until = max(1, round(clock * self.rate)) if self.rate and seconds else len(made) + 1
            if until > MOST_FRAMES:
                raise ValueError(f"longer than {MOST_FRAMES:,} frames")
            if len(made) % 256 == 0:
                check_memory((len(made) + 256) * frame.nbytes, where)
            made += [frame] * (until - len(made))
        if len(made) < 2:
            raise ValueError("a still picture: it has one frame")
        return np.stack(made)

    def frame(self, pixels: Frames) -> Frames:
        """One frame at the size and with the channels.

        Raises:
            ValueError: it has another size, and none was asked for.
        """
        if not self.sized and pixels.shape[:2] != (self.height, self.width):
            height, width = pixels.shape[:2]
            raise ValueError(f"a frame is {height}x{width}, not {self.height}x{self.width}: give a --size")
        sized = np.asarray(resized(pixels, self.height, self.width, self.crop))
        if sized.shape[2] == self.channels:
            return sized
        return sized.repeat(3, 2) if self.channels == 3 else sized.mean(2, keepdims=True).astype(np.uint8)


def film_form(data: bytes) -> Form:
    """What a film's header says.

    Raises:
        ValueError: it is none, or a decompression bomb.
    """
    with opened_film(data) as film:
        return stream_form(film.streams.video[0])


def film_frames(data: bytes) -> Iterator[Frame]:
    """The frames of a film, upright.

    Raises:
        ValueError: it is damaged or cut short, or a decompression bomb.
    """
    av = pyav()
    with opened_film(data) as film:
        video = film.streams.video[0]
        form, done = stream_form(video), 0
        try:
            for frame in film.decode(video):
                if frame.width * frame.height > MOST_PIXELS:
                    raise ValueError(f"decompression bomb: {frame.height}x{frame.width} pixels")
                pixels = np.rot90(frame.to_ndarray(format="rgb24"), frame.rotation // 90)
                done += 1
                yield Frame(np.ascontiguousarray(pixels), 1 / form.rate if form.rate else 0.0)
        except av.FFmpegError as error:
            raise ValueError(f"damaged ({one_line(error)})") from None
        if video.frames and done < video.frames - 2:
            raise ValueError(f"cut short: it has {done:,} of {video.frames:,} frames")


def opened_film(data: bytes) -> Any:
    """An open container with a film in it.

    Raises:
        ValueError: there is none.
    """
    av = pyav()
    try:
        film = av.open(io.BytesIO(data), options={"format_whitelist": CONTAINERS})
    except (av.FFmpegError, ValueError) as error:
        raise ValueError(f"no video that can be read ({one_line(error)})") from None
    if not film.streams.video:
        film.close()
        raise ValueError("no video: there are no pictures in it")
    return film


def stream_form(video: Any) -> Form:
    """What a stream says of itself.

    Raises:
        ValueError: its frames are too large.
    """
    context = video.codec_context
    if not 0 < context.width * context.height <= MOST_PIXELS:
        raise ValueError(f"decompression bomb: {context.height}x{context.width} pixels")
    grey = "gray" in str(context.pix_fmt)
    return Form(context.height, context.width, 1 if grey else 3, float(video.average_rate or 0))


def animation_form(data: bytes) -> Form:
    """Size and rate of an animation: a frame that stands longer than the shortest is several.

    Raises:
        ValueError: it is no picture, cut short, or a decompression bomb.
    """
    form = header(data)
    shown = [frame.seconds for frame in animation_frames(data)]
    known = [each for each in shown if each] if len(shown) > 1 else []
    return Form(form.height, form.width, 1 if form.channels < 3 else 3, 1 / min(known) if known else 0.0)


def animation_frames(data: bytes) -> Iterator[Frame]:
    """The frames of a GIF, WebP or APNG, on black where they are transparent.

    What writers leave out because it is as before is shown longer.

    Raises:
        ValueError: it is damaged or cut short, or holds too many pixels.
    """
    form = header(data)
    try:
        with opened_animation(data) as film:
            count = int(getattr(film, "n_frames", 1))
            if count > MOST_FRAMES or count * form.height * form.width > 64 * MOST_PIXELS:
                raise ValueError(f"decompression bomb: {count:,} frames of {form.height}x{form.width}")
            for i in range(count):
                film.seek(i)
                film.load()
                shown = float(film.info.get("duration", 0) or 0)
                yield Frame(coloured(film, form.channels), shown / 1000)
    except (EOFError, OSError, SyntaxError) as error:
        raise ValueError(f"damaged ({one_line(error)})") from None


def opened_animation(data: bytes) -> Image.Image:
    """An animation.

    Raises:
        ValueError: it ends too soon.
    """
    film = Image.open(io.BytesIO(data), formats=formats())
    if film.format == "GIF" and not is_whole(data):
        raise ValueError("cut short: it has no end")
    return film


def is_animated(data: bytes) -> bool:
    """Whether a picture file has several frames."""
    try:
        header(data)
        with opened_animation(data) as film:
            return bool(getattr(film, "is_animated", False))
    except (ValueError, OSError, SyntaxError, EOFError):
        return False


def coloured(image: Image.Image, channels: int) -> Frames:
    """A Pillow image as grey or RGB, on black."""
    if "A" in image.getbands() or "transparency" in image.info:
        image = Image.alpha_composite(Image.new("RGBA", image.size, "black"), image.convert("RGBA"))
    pixels = np.asarray(image.convert("L" if channels < 3 else "RGB"))
    return pixels[..., None] if pixels.ndim == 2 else pixels


def picture_form(data: bytes) -> Form:
    """What the header of one picture of a folder of frames says; errors as of ``picture_frame``."""
    form = header(data)
    return Form(form.height, form.width, 1 if form.channels < 3 else 3, 0.0)


def picture_frame(data: bytes) -> Frames:
    """One picture of a folder of frames, as 8 bits.

    Raises:
        ValueError: it is damaged, or a decompression bomb.
    """
    pixels = decode(data)
    if pixels.dtype == np.uint16:
        pixels = (pixels >> 8).astype(np.uint8)
    return pixels[..., :3] if pixels.shape[2] >= 3 else pixels[..., :1]


def strip_form(data: bytes) -> tuple[Form, int]:
    """Size of a frame, and how many frames stand side by side, or one below another, in a picture.

    Raises:
        ValueError: it is no picture, or no frames that are as high as they are wide.
    """
    form = picture_form(data)
    if (count := counted_in(data)) and form.width % count == 0:
        return form._replace(width=form.width // count), count
    side, length = sorted((form.height, form.width))
    if length % side or length == side:
        raise ValueError(f"{form.height}x{form.width} pixels are no strip of square frames")
    return form._replace(height=side, width=side), length // side


def counted_in(data: bytes) -> int:
    """How many frames a PNG says that it has side by side; 0 where it says nothing."""
    with Image.open(io.BytesIO(data), formats=formats()) as image:
        said = str(image.info.get(COUNTED, ""))
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 6 else 0


def strip_frames(data: bytes) -> Iterator[Frame]:
    """The frames of a strip.

    Raises:
        ValueError: it is none, or damaged.
    """
    form, count = strip_form(data)
    pixels = picture_frame(data)
    across = pixels.shape[1] > form.width
    for frame in np.split(pixels, count, axis=1 if across else 0):
        yield Frame(np.ascontiguousarray(frame), 0.0)
