"""Sounds as vocoders hear them: log-mel frames, which Griffin-Lim makes sound again after a fashion."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from ptarmigan.modalities.sound.griffin_lim import griffin_lim
from ptarmigan.modalities.sound.mel import FrontEnd, bands
from ptarmigan.modalities.sound.space import SoundSpace


@dataclass(frozen=True)
class MelSpace(SoundSpace):
    """The same clips, whose tensor is ``(n, bands, frames)``: their log-mel frames.

    Attributes:
        window: samples of a frame.
        hop: samples from one frame to the next.
        count: of the mel bands.
        low: the lowest frequency, in hertz.
        high: the highest; half the rate when 0.
        iterations: of Griffin-Lim.
    """

    window: int = 1_024
    hop: int = 256
    count: int = 80
    low: float = 0.0
    high: float = 0.0
    iterations: int = 32

    @cached_property
    def front(self) -> FrontEnd:
        """The front end."""
        return FrontEnd(self.rate, self.window, self.hop, self.count, self.low, self.high)

    @property
    def shape(self) -> tuple[int, ...]:
        """Bands and frames."""
        return (self.count, self.front.frames(self.length))

    def encode(self, raw: NDArray[Any]) -> Tensor:
        """``(n, length)`` to ``(n, bands, frames)``, in float64, so that quiet bands are equal anywhere."""
        return self.front(torch.from_numpy(np.ascontiguousarray(raw, np.float64))).float()

    def decode(self, x: Tensor) -> NDArray[Any]:
        """Sounds of about these frames: magnitudes by least squares, phases by Griffin-Lim."""
        weights = bands(self.rate, self.window, self.count, self.low, self.high)
        inverse = torch.from_numpy(np.linalg.pinv(weights)).float().to(x.device)
        magnitudes = (inverse @ x.detach().float().exp()).clamp_min(0)
        waves = griffin_lim(magnitudes, self.window, self.hop, self.iterations)
        around = (self.window - self.hop) // 2
        clips = F.pad(waves[:, around:], (0, self.length))[:, : self.length]
        return clips.clamp(-1, 1).cpu().numpy()

    def decoded(self, x: Tensor) -> Tensor | None:
        """None: phases are searched."""
        return None

    def embed(self, x: Tensor) -> NDArray[np.float64]:
        """Means over equal parts of time."""
        return F.adaptive_avg_pool2d(x.detach().float()[:, None], (16, 16)).flatten(1).cpu().double().numpy()

    def planes(self, x: Tensor) -> Tensor:
        """Bands over time."""
        return x
