"""Pictures one after another as an animated GIF."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
from PIL import Image

CLEAR = 255
"""The colour of a palette that is transparent."""
HALF = 128
"""The alpha below which a pixel is."""


def write_gif(
    frames: Iterable[Image.Image],
    out: Path | IO[bytes],
    milliseconds: int | Sequence[int],
    *,
    loop: int | None = 0,
) -> None:
    """Write pictures as a GIF.

    Args:
        frames: the pictures, of one size; all are held, with 256 colours each.
        out: where to.
        milliseconds: how long each is shown.
        loop: how often they are repeated; for ever when 0, never when None.
    """
    pictures = [frame if frame.mode == "P" else indexed(frame) for frame in frames]
    options: dict[str, Any] = {} if loop is None else {"loop": loop}
    if any("transparency" in frame.info for frame in pictures):
        options["disposal"] = 2  # else the frame before shines through
    times = milliseconds if isinstance(milliseconds, int) else [*milliseconds]
    pictures[0].save(out, "GIF", save_all=True, append_images=pictures[1:], duration=times, **options)


def indexed(frame: Image.Image) -> Image.Image:
    """A picture with 256 colours at most, as a GIF has them; one of them transparent where the picture is."""
    if frame.mode not in ("LA", "RGBA"):
        return frame.convert("RGB").quantize(256)
    coloured = frame.convert("RGBA").convert("RGB").quantize(CLEAR)
    numbers = np.array(coloured)
    numbers[np.asarray(frame.getchannel("A")) < HALF] = CLEAR
    out = Image.fromarray(numbers)
    out.putpalette(coloured.getpalette() or [])
    out.info["transparency"] = CLEAR
    return out
