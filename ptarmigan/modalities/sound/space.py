"""Sounds: waveforms of one channel, some of them shorter than others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from ptarmigan.data.space import Space
from ptarmigan.modalities.sound.audible import audible_mel
from ptarmigan.modalities.sound.presentation import SoundPresentation

BANDS, PARTS = 16, 16
"""Mel bands of the embedding, and equal parts of time."""


@dataclass(frozen=True)
class SoundSpace(SoundPresentation, Space):
    """Clips of one channel; raw is ``(n, length)`` float32 from -1 to 1.

    A shorter clip is zero after its end (``lengths_of``). Networks see the same numbers, ``(n, 1, length)``.

    Attributes:
        rate: samples a second.
        length: samples of the longest clip.
        classes: their names.
    """

    rate: int
    length: int
    classes: tuple[str, ...] = ()

    probed = 32

    @property
    def shape(self) -> tuple[int, ...]:
        """One channel, samples."""
        return (1, self.length)

    @property
    def raw_shape(self) -> tuple[int, ...]:
        """Samples."""
        return (self.length,)

    @property
    def words(self) -> str:
        """``sounds of 8,192 samples at 8,000 Hz``."""
        return f"sounds of {self.length:,} samples at {self.rate:,} Hz"

    def check(self, raw: NDArray[Any]) -> None:
        """See that an array holds clips of this length.

        Raises:
            ValueError: it does not.
        """
        if raw.shape[1:] != (self.length,):
            raise ValueError(f"this run is of {self.words}, and these are of shape {raw.shape}")

    def encode(self, raw: NDArray[Any]) -> Tensor:
        """``(n, length)`` to ``(n, 1, length)``."""
        return torch.from_numpy(np.ascontiguousarray(raw, np.float32))[:, None]

    def decoded(self, x: Tensor) -> Tensor | None:
        """The inverse of ``encode``, clipped to what a file can hold."""
        return clipped(x)

    def embed(self, x: Tensor) -> NDArray[np.float64]:
        """Loudness in mel bands over equal parts of time, from 0, which is 60 dB below the loudest, to 1."""
        heard = audible_mel(torch.from_numpy(self.decode(x)), self.rate, BANDS)
        return F.adaptive_avg_pool2d(heard[:, None], (BANDS, PARTS)).flatten(1).double().numpy()

    def planes(self, x: Tensor) -> Tensor:
        """One channel over time."""
        return x

    def unconditional(self, recipe: str) -> str:
        """Which recipes learn classes."""
        return f"this run of {recipe} learnt nothing of classes: leave --class out, or train sound.specgan"


def lengths_of(raw: NDArray[np.float32]) -> NDArray[np.int64]:
    """Samples of every clip ``(n, length)`` up to its last one that is not zero; one of silence has none."""
    heard = raw != 0
    last = raw.shape[1] - heard[:, ::-1].argmax(1)
    return np.where(heard.any(1), last, 0)


def clipped(x: Tensor) -> Tensor:
    """Encoded clips ``(n, 1, length)`` as samples ``(n, length)`` that a file can hold."""
    return x.float().clamp(-1, 1)[:, 0]
