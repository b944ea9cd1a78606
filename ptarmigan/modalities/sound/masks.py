"""Noise taken out of sounds without a network: by an estimate of it, and, as a bound, by the noise itself."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from ptarmigan.modalities.sound.mel import overlapped, spectrum

Waves = NDArray[np.float32]

QUIETEST = 0.1
"""The share of frames, the quietest ones, in which there is thought to be noise alone."""
OVER, FLOOR = 2.0, 0.02
"""How many times the noise's power is subtracted, and the share of a bin's power that is left at least."""
TINY = 1e-12


def subtracted(noisy: Waves, window: int) -> Waves:
    """Clips less the power of their noise, which is that of their quietest frames: Boll 1979.

    With over-subtraction and a floor: Berouti, Schwartz and Makhoul 1979, "Enhancement of speech corrupted by
    acoustic noise".

    Args:
        noisy: ``(n, length)``.
        window: samples of a frame; a hop is a quarter.
    """

    def mask(heard: Tensor) -> Tensor:
        power = heard.abs().square()
        few = max(1, round(QUIETEST * power.shape[2]))
        order = power.sum(1, keepdim=True).argsort(2)[..., :few].expand(-1, power.shape[1], -1)
        noise = power.gather(2, order).mean(2, keepdim=True)
        return (1 - OVER * noise / power.clamp_min(TINY)).clamp_min(FLOOR).sqrt()

    return masked(noisy, window, mask)


def ideal(noisy: Waves, clean: Waves, window: int) -> Waves:
    """Clips of which every bin is kept by its share of clean power: a bound of what masks can do.

    Args:
        noisy: ``(n, length)``.
        clean: the same without noise.
        window: samples of a frame; a hop is a quarter.
    """
    first, second = (framed(each, window).abs().square() for each in (clean, noisy - clean))
    ratio = first / (first + second).clamp_min(TINY)
    return masked(noisy, window, lambda heard: ratio)


def masked(noisy: Waves, window: int, mask: Callable[[Tensor], Tensor]) -> Waves:
    """Clips whose bins are multiplied."""
    heard = framed(noisy, window)
    around = window - window // 4
    made = overlapped(heard * mask(heard), window, window // 4)[:, around : around + noisy.shape[1]]
    return np.asarray(made.numpy(), np.float32)


def framed(waves: Waves, window: int) -> Tensor:
    """The short-time Fourier transform ``(n, bins, frames)`` of clips, with zeros around them."""
    hop = window // 4
    x = torch.from_numpy(np.ascontiguousarray(waves, np.float32))
    return spectrum(F.pad(x, (window - hop, window - hop - waves.shape[1] % -hop)), window, hop)
