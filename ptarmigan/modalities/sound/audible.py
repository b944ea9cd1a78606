"""What is heard of a clip: log-mel frames without the silence."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ptarmigan.modalities.sound.mel import FrontEnd

RANGE = 60.0
"""Decibels below the loudest band of a clip that are looked at; what is less is silence, of whatever kind."""
NEPERS = 20 / math.log(10)
"""Decibels of a natural logarithm of an amplitude."""


def window_for(rate: int) -> int:
    """A window of about 32 ms: 256 samples at 8 kHz, 512 at 16 kHz, 1,024 at 22 kHz and above."""
    return 1 << round(math.log2(0.036 * rate))


def audible_mel(waves: Tensor, rate: int, count: int, overlap: int = 4) -> Tensor:
    """Log-mel frames of clips from 0, which is 60 dB below the loudest band of the clip or less, to 1.

    So digital silence, and noise that nobody hears, are the same; and so is a clip that is played louder.

    Args:
        waves: ``(n, length)``.
        rate: samples a second.
        count: of mel bands.
        overlap: hops in a frame, which has about 32 ms.
    """
    window = min(window_for(rate), 1 << int(math.log2(waves.shape[1])))
    front = FrontEnd(rate, window, max(1, window // overlap), count)
    peak = waves.abs().amax(1, keepdim=True).clamp_min(1e-6)
    mel = front(waves / peak)
    loudest = mel.amax((1, 2), keepdim=True)
    return torch.clamp_min(1 + (mel - loudest) * (NEPERS / RANGE), 0)
