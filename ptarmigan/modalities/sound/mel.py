"""The front end of sound: short-time spectra and mel bands in torch, for inputs, losses and measures alike.

Bands are those of Slaney's Auditory Toolbox (1998, Interval technical report 1998-010): linear in frequency
up to 1,000 Hz, logarithmic above, triangles of equal area. They are the default of librosa, and so what
published vocoders were trained on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from ptarmigan.core.precision import at_least_float32
from ptarmigan.nets.sides import mirror

LINEAR = 200 / 3
"""Hertz of a mel below the bend."""
BEND = 1_000.0
LOGARITHMIC = math.log(6.4) / 27
"""Growth of the frequency's logarithm in a mel above the bend."""
QUIET = 1e-5
"""The smallest amplitude of a band, of which the logarithm is taken: HiFi-GAN's (arXiv 2010.05646)."""
TINY = 1e-9
"""Added to a squared magnitude, whose root has no gradient at 0: HiFi-GAN's."""


def mel_of(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Frequencies in mels."""
    above = BEND / LINEAR + np.log(np.maximum(hertz, BEND) / BEND) / LOGARITHMIC
    return np.where(hertz < BEND, hertz / LINEAR, above)


def hertz_of(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mels as frequencies: the inverse."""
    bend = BEND / LINEAR
    return np.where(mel < bend, mel * LINEAR, BEND * np.exp(LOGARITHMIC * np.maximum(mel - bend, 0)))


@cache
def bands(rate: int, window: int, count: int, low: float = 0.0, high: float = 0.0) -> NDArray[np.float64]:
    """The weights of ``count`` mel bands over the bins of a spectrum, ``(count, window // 2 + 1)``.

    Args:
        rate: samples a second.
        window: samples of a frame.
        count: of the bands.
        low: the lowest frequency, in hertz.
        high: the highest; half the rate when 0.
    """
    ends = mel_of(np.array([low, high or rate / 2], np.float64))
    edges = hertz_of(np.linspace(ends[0], ends[1], count + 2))
    bins = np.linspace(0, rate / 2, window // 2 + 1)
    rising = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    area = 2 / (edges[2:] - edges[:-2])
    return np.maximum(0, np.minimum(rising, falling)) * area[:, None]


@dataclass(frozen=True)
class FrontEnd:
    """How a waveform becomes log-mel frames.

    Frames are centred in the middle of every hop: the wave is reflected by half of ``window - hop`` at both
    ends, as HiFi-GAN has it, so that ``length`` samples are ``length / hop`` frames.

    Attributes:
        rate: samples a second.
        window: samples of a frame, Hann-windowed.
        hop: samples from one frame to the next.
        count: of the mel bands.
        low: the lowest frequency, in hertz.
        high: the highest; half the rate when 0.
    """

    rate: int
    window: int
    hop: int
    count: int
    low: float = 0.0
    high: float = 0.0

    def __call__(self, waves: Float[Tensor, "batch length"]) -> Float[Tensor, "batch band frame"]:
        """The natural logarithm of the amplitude in every mel band."""
        waves = at_least_float32(waves)
        around = (self.window - self.hop) // 2
        padded = mirror(waves[:, None, None], 3, around, around)[:, 0, 0]
        weights = torch.from_numpy(bands(self.rate, self.window, self.count, self.low, self.high))
        mel = weights.to(waves) @ magnitude(padded, self.window, self.hop)
        return mel.clamp_min(QUIET).log()

    def frames(self, length: int) -> int:
        """How many frames so many samples have."""
        return (length + 2 * ((self.window - self.hop) // 2) - self.window) // self.hop + 1


def spectrum(waves: Float[Tensor, "batch length"], window: int, hop: int) -> torch.Tensor:
    """The short-time Fourier transform ``(batch, window // 2 + 1, frames)``, without padding."""
    return torch.stft(waves, window, hop, window=hann(window, waves), center=False, return_complex=True)


def magnitude(
    waves: Float[Tensor, "batch length"], window: int, hop: int
) -> Float[Tensor, "batch bin frame"]:
    """The magnitude of the transform, whose gradient is finite everywhere."""
    parts = torch.view_as_real(spectrum(waves, window, hop))
    return (parts.square().sum(-1) + TINY).sqrt()


def overlapped(frames: Tensor, window: int, hop: int) -> Float[Tensor, "batch length"]:
    """The waveform of a short-time Fourier transform: windowed frames added, over the sum of the windows.

    Args:
        frames: complex, ``(batch, window // 2 + 1, frames)``.
        window: samples of a frame.
        hop: samples from one to the next.
    """
    pieces = torch.fft.irfft(frames, window, 1)
    shape = hann(window, pieces)
    length = window + hop * (frames.shape[2] - 1)

    def added(columns: Tensor) -> Tensor:
        return F.fold(columns, (1, length), (1, window), stride=(1, hop))[:, 0, 0]

    weight = added(shape.square()[None, :, None].expand(1, window, frames.shape[2]))
    return added(pieces * shape[:, None]) / weight.clamp_min(EDGE)


def of_frames(frames: Tensor, window: int, hop: int) -> Float[Tensor, "batch 1 length"]:
    """The same, a hop of samples for every frame, each in its middle as those of ``FrontEnd`` are."""
    around = (window - hop) // 2
    return overlapped(frames, window, hop)[:, None, around : around + frames.shape[2] * hop]


EDGE = 1e-3
"""The smallest sum of squared windows that is divided by: at the ends there is nearly none."""


def hann(window: int, like: Tensor) -> Tensor:
    """The periodic Hann window, of the dtype and on the device of a tensor."""
    return torch.hann_window(window, dtype=at_least_float32(like).dtype, device=like.device)
