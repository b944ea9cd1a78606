"""The pictures of a run's samples as an animation."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

from ptarmigan.media.files import write
from ptarmigan.media.foreign import read_bytes
from ptarmigan.media.gif import write_gif
from ptarmigan.media.pictures import on_white

SIZES = ((48, 480), (24, 320), (16, 240))
"""Frames, and pixels of the longer side: the first that is small enough in bytes is taken, or the last."""
LARGEST, PIXELS = 64 << 20, 64_000_000
"""Bytes and pixels of a picture that is looked at."""
SHOWN = 200
LAST = 2_000
"""Milliseconds that a frame, and the last one, are shown."""


def film(pictures: list[tuple[int, Path]], out: Path, most: int) -> Path | None:
    """Write the pictures one after another as a GIF; None where fewer than two can be read.

    Args:
        pictures: ``(step, file)``, in order.
        out: where to; an older one is replaced.
        most: bytes that it should not exceed.
    """
    file = io.BytesIO()
    for count, side in SIZES:
        chosen = [pictures[i][1] for i in spread(len(pictures), count)]
        frames = [frame for frame in map(opened, chosen) if frame is not None]
        if len(frames) < 2:
            return None
        size = fitting(frames[-1].size, side)
        resized = (on_white(frame).resize(size, Image.Resampling.BOX) for frame in frames)
        file = io.BytesIO()
        write_gif(resized, file, [SHOWN] * (len(frames) - 1) + [LAST])
        if file.tell() <= most:
            break
    write(out, file.getvalue())
    return out


def opened(path: Path) -> Image.Image | None:
    """A picture from its file; None where it cannot be read, as when the disk was full."""
    try:
        with Image.open(io.BytesIO(read_bytes(path, LARGEST)), formats=("PNG", "GIF")) as file:
            return file.copy() if file.width * file.height <= PIXELS else None
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def spread(count: int, most: int) -> list[int]:
    """At most ``most`` of ``count`` positions, the first and the last among them, evenly apart."""
    return sorted({int(i) for i in np.linspace(0, count - 1, min(count, most)).round()}) if count else []


def fitting(size: tuple[int, int], side: int) -> tuple[int, int]:
    """A size, made smaller where its longer side is more than ``side``."""
    shrink = min(1.0, side / max(size))
    return max(1, round(size[0] * shrink)), max(1, round(size[1] * shrink))
