"""Videos: clips of so many frames, each of so many pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from ptarmigan.data.space import Space
from ptarmigan.data.space.encoding import Encoding
from ptarmigan.modalities.video.presentation import VideoPresentation

TIMES, SIDE = 4, 8
"""Parts of time, and of a side, of which an embedding keeps the means."""
WHITE = 255


@dataclass(frozen=True)
class VideoSpace(VideoPresentation, Space):
    """Clips; raw is ``(n, frames, height, width, channels)`` uint8.

    Encoded they are ``(n, channels, frames, height, width)``, black at -1 and white at 1.

    Attributes:
        frames_each: of a clip.
        height: pixels.
        width: pixels.
        channels: 1 (grey) or 3 (RGB).
        rate: frames a second.
        classes: their names.
    """

    bounds: ClassVar[tuple[float, float]] = (-1.0, 1.0)
    layout: ClassVar[torch.memory_format] = torch.channels_last_3d

    frames_each: int
    height: int
    width: int
    channels: int
    rate: float
    classes: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Channels, frames, height, width."""
        return self.channels, self.frames_each, self.height, self.width

    @property
    def raw_shape(self) -> tuple[int, int, int, int]:
        """Frames, height, width, channels."""
        return self.frames_each, self.height, self.width, self.channels

    @property
    def words(self) -> str:
        """``videos of 16 frames of 32×32×3``."""
        size = f"{self.height}×{self.width}×{self.channels}"
        return f"videos of {self.frames_each} frames of {size}"

    def same_form(self, other: Encoding) -> str:
        """Clips have one length and size; what their rate is, is only said."""
        reason = super().same_form(other)
        return f"{reason}: give a --length and a --size" if reason else ""

    def check(self, raw: NDArray[Any]) -> None:
        """See that an array holds clips of this length and size.

        Raises:
            ValueError: it does not.
        """
        if raw.shape[1:] != self.raw_shape:
            raise ValueError(f"this run is of {self.words}, and these are of shape {raw.shape}")

    def encode(self, raw: NDArray[Any]) -> Tensor:
        """``(n, frames, height, width, channels)`` integers to ``(n, channels, frames, height, width)``."""
        x = np.multiply(raw, 2 / WHITE, dtype=np.float32)
        x -= 1
        return torch.from_numpy(np.ascontiguousarray(x)).permute(0, 4, 1, 2, 3)

    def decoded(self, x: Tensor) -> Tensor:
        """The inverse of ``encode``, rounded and clipped to what a pixel can hold."""
        pixels = x.float().add(1).mul(WHITE / 2).round().clamp(0, WHITE)
        return pixels.permute(0, 2, 3, 4, 1).to(torch.uint8)

    def embed(self, x: Tensor) -> NDArray[np.float64]:
        """Means over parts of time and areas, and how much these areas change from frame to frame."""
        x = x.detach().float()
        shape = (min(TIMES, x.shape[2]), min(SIDE, x.shape[3]), min(SIDE, x.shape[4]))
        still = F.adaptive_avg_pool3d(x, shape).flatten(1)
        moving = F.adaptive_avg_pool3d(x.diff(dim=2).abs(), (1, *shape[1:])).flatten(1)
        return torch.cat([still, moving], 1).cpu().double().numpy()

    def planes(self, x: Tensor) -> Tensor:
        """Pixels of all frames are places."""
        return x.flatten(2)

    def unconditional(self, recipe: str) -> str:
        """Which recipes learn classes."""
        return (
            f"this run of {recipe} learnt nothing of classes: leave --class out, or train video.mocogan, or "
            "video.vgan with --conditional"
        )
