"""Clips as strips, animations, slices through time, and files that other programs show."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ptarmigan.data.space import Surface
from ptarmigan.data.space.presentation import Presentation
from ptarmigan.data.writers import Chunks, Writer
from ptarmigan.media.gif import write_gif
from ptarmigan.media.markup import escaped
from ptarmigan.media.pictures import grid, picture
from ptarmigan.media.video import write_mp4
from ptarmigan.modalities.video.decode import COUNTED

Pixels = NDArray[np.uint8]

ACROSS = 8
"""Frames of a strip."""
TOGETHER = 100
"""Clips that are shown moving in one animation, at most."""
ENLARGED = 96
"""Pixels of the longer side of a clip in a page, about."""
GAP = 40
"""Grey between the strip and the slice."""


class VideoPresentation(Presentation):
    """Raw clips ``(n, frames, height, width, channels)``, shown and written.

    Attributes:
        frames_each: of a clip.
        height: pixels.
        width: pixels.
        rate: frames a second.
    """

    shown: ClassVar[int] = 12
    frames_each: int
    height: int
    width: int
    rate: float

    @property
    def most(self) -> int:
        """Clips in one picture, at most: what image viewers still open."""
        return min(500, max(1, 80_000_000 // (self.height * self.width * (ACROSS + self.frames_each))))

    def writers(self) -> Mapping[str, Writer]:
        """Also a ``.gif`` and an ``.mp4`` in which all clips move side by side."""
        words = "{n:,} moving side by side"
        return {
            **super().writers(),
            ".gif": Writer(self._write_gif, words, TOGETHER, whole=True),
            ".mp4": Writer(self._write_mp4, words, TOGETHER, whole=True),
        }

    def save(self, raw: NDArray[Any], path: Path, first: int = 0) -> None:
        """Write every clip as ``000000.png`` and so on: its frames side by side, with every pixel as it is.

        Animations of any format leave out frames that are as before, and most formats lose colours.
        """
        path.mkdir(parents=True, exist_ok=True)
        for number, clip in enumerate(raw, first):
            (path / f"{number:06d}.png").write_bytes(strip_png(clip))

    def render(
        self, raw: NDArray[Any], real: NDArray[Any] | None = None, surface: Surface | None = None
    ) -> Image.Image:
        """A row for each clip: 8 of its frames, and its liveliest row of pixels over time, from the top down.

        In that slice a frozen clip is stripes, a flickering one noise, and one that repeats itself a pattern.
        """
        columns = 2 if len(raw) > 4 else 1
        return grid(np.stack([self.row(clip) for clip in raw]), columns=columns, gap=2)

    def row(self, clip: NDArray[Any]) -> Pixels:
        """The strip and the slice ``(height, width, channels)`` of a clip."""
        chosen = np.linspace(0, len(clip) - 1, min(ACROSS, len(clip))).round().astype(int)
        strip = np.concatenate(list(clip[chosen]), 1)
        gap = np.full((strip.shape[0], 2, strip.shape[2]), GAP, np.uint8)
        return np.concatenate([strip, gap, slice_through_time(clip, strip.shape[0])], 1)

    def html(self, raw: NDArray[Any]) -> str:
        """Every clip moving, and below it its slice through time."""
        return "".join(self._moving(clip) for clip in raw)

    def strip(self, walk: NDArray[Any], frames: int) -> Image.Image:
        """The stops of a walk, one below another, as ``render`` draws them."""
        return grid(np.stack([self.row(clip) for clip in walk]), columns=1, gap=2)

    def frames(self, walk: NDArray[Any]) -> Iterator[Image.Image]:
        """The clips of a walk one after another."""
        factor = max(1, ENLARGED // max(self.height, self.width))
        return (enlarged(frame, factor) for clip in walk for frame in clip)

    def _moving(self, clip: NDArray[Any]) -> str:
        factor = max(1, ENLARGED // max(self.height, self.width))
        below = slice_through_time(clip, max(2, self.frames_each))
        frames = (enlarged(np.concatenate([frame, below]), factor) for frame in clip)
        file = io.BytesIO()
        write_gif(frames, file, milliseconds(self.rate))
        data = base64.b64encode(file.getvalue()).decode("ascii")
        words = escaped(f"one of {self.words}, and its liveliest row of pixels over time")
        return f'<img alt="{words}" title="{words}" src="data:image/gif;base64,{data}">'

    def _together(self, batches: Chunks) -> Iterator[Image.Image]:
        clips = np.concatenate(list(batches))
        return (grid(clips[:, t]) for t in range(clips.shape[1]))

    def _write_gif(self, path: Path, batches: Chunks, n: int) -> None:
        write_gif(self._together(batches), path, milliseconds(self.rate))

    def _write_mp4(self, path: Path, batches: Chunks, n: int) -> None:
        write_mp4(self._together(batches), path, max(1, round(self.rate)))


def slice_through_time(clip: NDArray[Any], rows: int) -> Pixels:
    """One row of pixels of every frame, one below another, as ``(rows, width, channels)``.

    It is the row that changes most, and the middle one where nothing changes.
    """
    change = np.abs(np.diff(clip.astype(np.float32), axis=0)).sum((0, 2, 3))
    found = clip[:, int(change.argmax()) if change.any() else clip.shape[1] // 2]
    return np.asarray(found[np.arange(rows) * len(found) // rows])


def strip_png(clip: NDArray[Any]) -> bytes:
    """All frames side by side as a PNG, which says how many they are."""
    said = PngInfo()
    said.add_text(COUNTED, str(len(clip)))
    file = io.BytesIO()
    picture(np.concatenate([*clip], 1)).save(file, "PNG", pnginfo=said)
    return file.getvalue()


def enlarged(frame: NDArray[Any], factor: int) -> Image.Image:
    """A frame whose pixels are squares of so many."""
    return picture(frame.repeat(factor, 0).repeat(factor, 1))


def milliseconds(rate: float) -> int:
    """How long a frame is shown; browsers slow down what is shorter than 20."""
    return max(20, round(1000 / rate))
