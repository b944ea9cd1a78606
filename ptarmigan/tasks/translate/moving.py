"""Pictures that move, translated frame by frame: GIFs and videos."""

from __future__ import annotations

import io
from pathlib import Path
from typing import IO, Any

import numpy as np
from PIL import Image
from PIL.GifImagePlugin import GifImageFile

from ptarmigan.media.gif import indexed, is_whole, write_gif
from ptarmigan.media.video import Track, pyav
from ptarmigan.modalities.image.decode import MOST_PIXELS, Pixels, header
from ptarmigan.modalities.label.space import LabelSpace
from ptarmigan.tasks.translate.direction import Direction, Progress
from ptarmigan.tasks.translate.forms import deep
from ptarmigan.tasks.translate.kinds import of_pillow

VIDEOS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}
"""Endings of videos that are written, and their containers."""
READ = frozenset({*VIDEOS, ".avi", ".webm", ".mpg", ".mpeg", ".ts"})
"""Endings of those that are read."""
CONTAINERS = "mov,mp4,matroska,webm,avi,mpeg,mpegts"
SLACK = 2
"""Frames that a whole video may lack: some containers count one too many."""
WHOLE = 0.9
"""The share of its duration that the last packet of a whole video reaches."""
MOST_FRAMES = 16 * MOST_PIXELS
"""Pixels in all frames of a GIF, which are held until it is written."""


def translate_gif(
    direction: Direction, data: bytes, target: Path, *, seed: int, fit: bool, progress: Progress
) -> None:
    """Write the translation of a GIF: as long frames, and as many repetitions.

    Raises:
        ValueError: it cannot be read, or its frames hold too many pixels.
    """
    form = header(data)
    if not is_whole(data):
        raise ValueError("damaged (cut short: it has no end)")
    try:
        with GifImageFile(io.BytesIO(data)) as film:
            count = film.n_frames
            if count * form.height * form.width > MOST_FRAMES:
                raise ValueError(f"{count:,} frames of {form.height}x{form.width} are too many for a GIF")
            loop = film.info.get("loop")
            frames, milliseconds = [], []
            for i in range(count):
                film.seek(i)
                pixels = direction(of_pillow(film, direction.given), seed=seed, fit=fit)
                frames.append(indexed(to_image(pixels, direction)))
                milliseconds.append(film.info.get("duration", 0))
                progress((i + 1) / count)
    except (EOFError, OSError, SyntaxError) as error:
        raise ValueError(f"damaged ({error})") from None
    write_gif(frames, target, milliseconds, loop=loop)


def translate_video(
    direction: Direction,
    source: IO[bytes],
    target: Path,
    form: str,
    *,
    seed: int,
    fit: bool,
    progress: Progress,
) -> str:
    """Write the translation of a video, one frame at a time, and say what could not come along.

    Every frame is shown when it was. Sound is copied as it is, where the new container holds it. H.264 has
    even sides: an odd one has its last row or column twice.

    Args:
        direction: the run.
        source: the open file.
        target: where to.
        form: of the container, as FFmpeg calls it.
        seed: the random seed of the latent.
        fit: squeeze frames instead of tiling them.
        progress: is called with the share that is done.

    Raises:
        ValueError: it cannot be read, or PyAV is not there.
    """
    av = pyav()
    # a list of other files, or of addresses, is no video
    safe = {"protocol_whitelist": "file,pipe", "format_whitelist": CONTAINERS}
    try:
        with (
            open(target, "wb") as file,  # FFmpeg itself takes no name that is no UTF-8
            av.open(source, options=safe) as film,
            av.open(file, "w", format=form) as out,
        ):
            return transcribed(av, film, out, direction, seed=seed, fit=fit, progress=progress)
    except av.FFmpegError as error:
        raise ValueError(f"no video that can be read ({error.strerror})") from None


def transcribed(
    av: Any, film: Any, out: Any, direction: Direction, *, seed: int, fit: bool, progress: Progress
) -> str:
    """Frames translated and sound copied from one open container to another."""
    if not film.streams.video:
        raise ValueError("no video: there are no pictures in it")
    video, sound = film.streams.video[0], next(iter(film.streams.audio), None)
    if video.codec_context.width * video.codec_context.height > MOST_PIXELS:
        raise ValueError(
            f"decompression bomb: {video.codec_context.height}x{video.codec_context.width} pixels"
        )
    rate = video.average_rate or 25
    new = Track(out, rate, video.time_base)
    copied = sound is not None and copies(av, sound, out.format.name)
    track = out.add_stream_from_template(sound) if copied else None
    count = video.frames or round(float((video.duration or 0) * video.time_base * rate))
    done, reached = 0, 0.0
    for packet in film.demux(*([video, sound] if copied else [video])):
        if packet.dts is not None:
            reached = max(reached, float(packet.dts * packet.time_base))
        if packet.stream is not video:
            if packet.dts is not None:
                packet.stream = track
                out.mux(packet)
            continue
        for frame in packet.decode():
            time = round(done / rate / video.time_base) if frame.pts is None else frame.pts
            new.write(upright(direction, frame, seed, fit), time)
            done += 1
            progress(min(1.0, done / max(count, done, 1)))
    if done == 0:
        raise ValueError("no video: there are no pictures in it")
    reached += float((SLACK + 1) / rate)
    if is_cut(film, video.frames, done, None if sound is not None and not copied else reached):
        raise ValueError("damaged (cut short: it says that it is longer)")
    new.end()
    return "" if sound is None or copied else "its sound does not go into such a file and is left out"


def is_cut(film: Any, frames: int, done: int, reached: float | None) -> bool:
    """Whether a video ends before its container says.

    Args:
        film: the open container; MPEG streams say nothing of their length.
        frames: that it should have, 0 where it does not say.
        done: frames that were there.
        reached: the end of the last packet, in seconds; None where not all were looked at.
    """
    if frames:
        return done < frames - SLACK
    says = "matroska" in film.format.name and film.duration and reached is not None
    return bool(says) and reached < WHOLE * film.duration / 1e6


def copies(av: Any, sound: Any, form: str) -> bool:
    """Whether a container can hold a sound as it is."""
    try:
        # what it says that it can hold is more than it can
        with av.open(io.BytesIO(), "w", format=form) as trial:
            trial.add_stream_from_template(sound)
            trial.start_encoding()
    except (av.FFmpegError, ValueError):
        return False
    return True


def upright(direction: Direction, frame: Any, seed: int, fit: bool) -> Pixels:
    """The translation of a frame as colours of 8 bits, turned as the video says it is to be shown."""
    pixels = np.ascontiguousarray(np.rot90(frame.to_ndarray(format="rgb24"), frame.rotation // 90))
    seen = of_pillow(Image.fromarray(pixels), direction.given)
    return np.asarray(to_image(direction(seen, seed=seed, fit=fit), direction).convert("RGB"))


def to_image(pixels: Pixels, direction: Direction) -> Image.Image:
    """A translation as people look at it: label maps in their colours, 16 bits as 8."""
    if isinstance(direction.space, LabelSpace):
        return Image.fromarray(direction.space.pixels(pixels))
    pixels = deep(pixels, np.uint8)
    return Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
