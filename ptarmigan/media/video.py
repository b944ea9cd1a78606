"""A sequence of pictures as a video, by PyAV."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ptarmigan.media.optional import needs
from ptarmigan.media.pictures import on_white

Pixels = NDArray[np.uint8]

QUALITY = {"crf": "18"}
"""Options of H.264: visually lossless."""


def pyav() -> Any:
    """The library that reads and writes videos.

    Raises:
        ValueError: PyAV is not installed.
    """
    return needs("av", extra="video", why="a video needs PyAV")


def write_mp4(frames: Iterable[Image.Image], path: Path, rate: int) -> None:
    """Write pictures of one size as an MP4 of H.264, on a white background.

    Args:
        frames: the pictures, of which one is in memory at a time.
        path: where to.
        rate: frames per second.

    Raises:
        ValueError: PyAV is not installed.
    """
    av = pyav()
    # FFmpeg itself takes no name that is no UTF-8
    with open(path, "wb") as file, av.open(file, "w", format="mp4") as container:
        track = Track(container, rate)
        for frame in frames:
            track.write(np.asarray(on_white(frame)))
        track.end()


class Track:
    """The video track of a file that is being written: H.264, or MPEG-4 where FFmpeg has no libx264.

    Args:
        container: of PyAV, open for writing.
        rate: frames per second.
        unit: of the times of frames, in seconds; one over ``rate`` when None.
    """

    def __init__(self, container: Any, rate: Fraction | int, unit: Fraction | None = None) -> None:
        self.av, self.container, self.unit = pyav(), container, unit
        codec = "libx264" if "libx264" in self.av.codecs_available else "mpeg4"
        self.stream = container.add_stream(codec, rate=rate, options=QUALITY)
        self.stream.pix_fmt = "yuv420p"
        if unit is not None:
            self.stream.codec_context.time_base = unit
        self.begun = False

    def write(self, pixels: Pixels, time: int | None = None) -> None:
        """Add a frame ``(height, width, 3)`` of the size of the first, to be shown at ``time`` units."""
        pixels = even(pixels)
        if not self.begun:
            self.stream.height, self.stream.width = pixels.shape[:2]
            self.begun = True
        frame = self.av.VideoFrame.from_ndarray(pixels, format="rgb24")
        if self.unit is not None:
            frame.time_base, frame.pts = self.unit, time
        self.container.mux(self.stream.encode(frame))

    def end(self) -> None:
        """Flush the encoder."""
        self.container.mux(self.stream.encode())


def even(pixels: Pixels) -> Pixels:
    """A picture with its last row and column repeated where their number is odd: yuv420p halves them."""
    height, width = pixels.shape[:2]
    return np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
