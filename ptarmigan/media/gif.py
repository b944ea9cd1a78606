"""A sequence of pictures as an animated GIF."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
from PIL import Image

CLEAR = 255
"""The index of the transparent colour in a palette."""
HALF = 128
"""Pixels with an alpha below this are transparent."""


def write_gif(
    frames: Iterable[Image.Image],
    out: Path | IO[bytes],
    milliseconds: int | Sequence[int],
    *,
    loop: int | None = 0,
) -> None:
    """Write pictures as a GIF.

    Args:
        frames: the pictures, of one size; all are kept in memory, with 256 colours each.
        out: where to.
        milliseconds: the duration of each.
        loop: how often they are repeated; forever when 0, never when None.
    """
    pictures = [frame if frame.mode == "P" else indexed(frame) for frame in frames]
    options: dict[str, Any] = {} if loop is None else {"loop": loop}
    if any("transparency" in frame.info for frame in pictures):
        options["disposal"] = 2  # else the previous frame shows through
    times = milliseconds if isinstance(milliseconds, int) else [*milliseconds]
    pictures[0].save(out, "GIF", save_all=True, append_images=pictures[1:], duration=times, **options)


def is_whole(data: bytes) -> bool:
    """Whether the blocks of a GIF go on to its trailer (GIF89a, 27); else it looks whole, and shorter."""
    at = 13 + _colours(data, 10)
    while at < len(data):
        kind = data[at : at + 1]
        if kind == b";":
            return True
        if kind == b"!":
            at = _past_blocks(data, at + 2)
        elif kind == b",":
            at = _past_blocks(data, at + 10 + _colours(data, at + 9) + 1)
        else:  # some writers leave bytes between blocks
            at += 1
    return False


def _colours(data: bytes, at: int) -> int:
    """Bytes of the table of colours whose flags are at ``at``."""
    flags = data[at] if at < len(data) else 0
    return 3 << ((flags & 7) + 1) if flags & 128 else 0


def _past_blocks(data: bytes, at: int) -> int:
    """Where the blocks that begin at ``at``, each after its length, are over."""
    while at < len(data) and data[at]:
        at += data[at] + 1
    return at + 1


def indexed(frame: Image.Image) -> Image.Image:
    """A picture with a palette of at most 256 colours; one of them is transparent where the picture is."""
    if frame.mode not in ("LA", "RGBA"):
        return frame.convert("RGB").quantize(256)
    coloured = frame.convert("RGBA").convert("RGB").quantize(CLEAR)
    numbers = np.array(coloured)
    numbers[np.asarray(frame.getchannel("A")) < HALF] = CLEAR
    out = Image.fromarray(numbers)
    out.putpalette(coloured.getpalette() or [])
    out.info["transparency"] = CLEAR
    return out
