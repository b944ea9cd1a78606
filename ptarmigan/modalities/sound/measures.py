"""How near sounds are to those that they should be, clip by clip, where something is to be heard.

Distances of magnitudes look at frames within 60 dB of the loudest of the target alone: else clips that end
with silence would be told by what kind of silence it is.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ptarmigan.modalities.sound.audible import NEPERS, window_for
from ptarmigan.modalities.sound.mel import QUIET, FrontEnd, magnitude
from ptarmigan.modalities.sound.stoi import stoi

Floats = NDArray[np.float64]
Waves = NDArray[np.float32]
Compare = Callable[[Waves, Waves], Floats]
"""Targets and outputs ``(n, length)`` to one number for each clip."""

BANDS, CEPSTRUM = 40, 13
"""Mel bands, and coefficients of the mel cepstrum without the 0th."""
VOICED = 0.45
"""The height of the autocorrelation from which on a frame has a pitch."""
PITCHES = (60.0, 400.0)
"""Hertz, from and to."""
NEARLY = 0.8
"""The share of the highest peak that the first one has to reach, so that no octave is taken for another."""
HEARD = 40.0
"""Decibels below the loudest frame in which a pitch is looked for."""
RANGE = 60.0
RESOLUTIONS = (0.5, 1.0, 2.0)
"""Windows of the multi-resolution distance, in windows of about 32 ms; hops are a quarter."""


def multi_resolution(rate: int) -> Compare:
    """Spectral convergence and distance of log-magnitudes, a mean over three windows.

    Yamamoto, Song and Kim 2020, "Parallel WaveGAN", arXiv 1910.11480, equations 4 to 6.
    """

    def compare(real: Waves, fake: Waves) -> Floats:
        found = []
        for size in RESOLUTIONS:
            window = round(size * window_for(rate))
            a, b = (magnitude(tensor(waves), window, window // 4) for waves in (real, fake))
            heard = loud(a)
            a, b = a * heard, b * heard
            convergence = (a - b).square().sum((1, 2)).sqrt() / a.square().sum((1, 2)).sqrt().clamp_min(1e-9)
            apart = (a.clamp_min(QUIET).log() - b.clamp_min(QUIET).log()).abs() * heard
            found.append(convergence + apart.sum((1, 2)) / (heard.sum((1, 2)) * a.shape[1]).clamp_min(1))
        return numbers(torch.stack(found).mean(0))

    return compare


def log_mel(rate: int) -> Compare:
    """The mean difference of log-mel bands. Griffin-Lim from mel bands is made to win this one."""

    def compare(real: Waves, fake: Waves) -> Floats:
        (a, b), heard = both_mels(real, fake, rate)
        return numbers(((a - b).abs() * heard).sum((1, 2)) / (heard.sum((1, 2)) * BANDS).clamp_min(1))

    return compare


def cepstral_distortion(rate: int) -> Compare:
    """Mel cepstral distortion in decibels: Kubichek 1993, of coefficients 1 to 13, frame by frame."""

    def compare(real: Waves, fake: Waves) -> Floats:
        from scipy.fft import dct

        (a, b), heard = both_mels(real, fake, rate)
        first, second = (dct(x.numpy(), 2, axis=1, norm="ortho")[:, 1 : 1 + CEPSTRUM] for x in (a, b))
        apart = 10 / np.log(10) * np.sqrt(2) * np.sqrt(np.square(first - second).sum(1))
        mask = heard[:, 0].numpy()
        distortion: Floats = (apart * mask).sum(1) / np.maximum(mask.sum(1), 1)
        return distortion

    return compare


def pitch_error(rate: int) -> Compare:
    """The median difference of pitch where both have one, in cents; NaN where none has."""

    def compare(real: Waves, fake: Waves) -> Floats:
        a, b = (pitches(waves, rate) for waves in (real, fake))
        both = (a > 0) & (b > 0)
        apart = np.abs(1200 * np.log2(np.where(both, a, 1) / np.where(both, b, 1)))
        return np.array(
            [np.median(one[here]) if here.any() else np.nan for one, here in zip(apart, both, strict=True)]
        )

    return compare


def voicing_error(rate: int) -> Compare:
    """The share of frames in which the one has a pitch and the other has none."""

    def compare(real: Waves, fake: Waves) -> Floats:
        a, b = (pitches(waves, rate) > 0 for waves in (real, fake))
        errors: Floats = (a != b).sum(1) / np.maximum((a | b).sum(1), 1)
        return errors

    return compare


def si_sdr(real: Waves, fake: Waves) -> Floats:
    """The scale-invariant signal-to-distortion ratio in decibels: Le Roux et al. 2019, arXiv 1811.02508."""
    a, b = (x.astype(np.float64) - x.mean(1, keepdims=True, dtype=np.float64) for x in (real, fake))
    scale = (a * b).sum(1) / np.maximum(np.square(a).sum(1), 1e-12)
    target = scale[:, None] * a
    power, noise = np.square(target).sum(1), np.square(b - target).sum(1)
    return np.asarray(10 * np.log10(np.maximum(power, 1e-12) / np.maximum(noise, 1e-12)))


def pitches(waves: Waves, rate: int) -> Floats:
    """The pitch in hertz of every frame of clips ``(n, frames)``; 0 where there is none.

    By the normalised autocorrelation of frames of 32 ms and more, every 16 ms: the first high peak.
    """
    low, high = (rate / hertz for hertz in reversed(PITCHES))
    size = 2 * int(np.ceil(high))
    hop = max(1, round(0.016 * rate))
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(waves, ((0, 0), (0, size))), size, 1)[:, ::hop]
    frames = frames.astype(np.float64) - frames.mean(2, keepdims=True)
    spectrum = np.fft.rfft(frames, 2 * size)
    found = np.fft.irfft(np.abs(spectrum) ** 2)[:, :, :size]
    power = np.cumsum(np.square(frames), 2)
    total = power[:, :, -1:]
    lags = np.arange(size)
    # the energies of the two parts that a lag compares
    ahead = power[:, :, ::-1]
    behind = total - np.concatenate([np.zeros_like(total), power[:, :, :-1]], 2)
    score = found / np.sqrt(np.maximum(ahead * behind, 1e-12))
    inside = (lags >= low) & (lags <= high)
    score = np.where(inside, score, 0)
    best = score.max(2)
    first = (score >= NEARLY * best[:, :, None]).argmax(2)
    first = climbed(score, first)
    loudest = total[:, :, 0].max(1, keepdims=True)
    voiced = (best > VOICED) & (total[:, :, 0] > loudest * 10 ** (-HEARD / 10))
    return np.where(voiced, rate / np.maximum(refined(score, first), 1), 0.0)


def climbed(score: Floats, start: NDArray[np.int64]) -> NDArray[np.int64]:
    """From a lag up to the peak that it leads to."""
    at = start
    for _ in range(score.shape[2]):
        here = np.take_along_axis(score, at[:, :, None], 2)[:, :, 0]
        following = np.minimum(at + 1, score.shape[2] - 1)
        better = np.take_along_axis(score, following[:, :, None], 2)[:, :, 0] > here
        if not better.any():
            break
        at = np.where(better, following, at)
    return at


def refined(score: Floats, at: NDArray[np.int64]) -> Floats:
    """The top of the parabola through a peak and its neighbours."""
    last = score.shape[2] - 1
    before, here, after = (
        np.take_along_axis(score, np.clip(at + shift, 0, last)[:, :, None], 2)[:, :, 0]
        for shift in (-1, 0, 1)
    )
    bend = before - 2 * here + after
    shift = np.where(np.abs(bend) > 1e-9, 0.5 * (before - after) / np.where(np.abs(bend) > 1e-9, bend, 1), 0)
    return np.asarray(at + np.clip(shift, -0.5, 0.5))


def both_mels(real: Waves, fake: Waves, rate: int) -> tuple[tuple[Tensor, Tensor], Tensor]:
    """Log-mel frames of both, no lower than 60 dB below the target's loudest, and where it is to be heard."""
    window = window_for(rate)
    front = FrontEnd(rate, window, window // 4, BANDS)
    a, b = (front(tensor(waves)) for waves in (real, fake))
    floor = a.amax((1, 2), keepdim=True) - RANGE / NEPERS
    return (torch.maximum(a, floor), torch.maximum(b, floor)), loud(a.exp())


def loud(magnitudes: Tensor) -> Tensor:
    """Which frames have something within 60 dB of the loudest, ``(n, 1, frames)``, as 0 and 1."""
    peak = magnitudes.amax(1, keepdim=True)
    return (peak > peak.amax(2, keepdim=True) * 10 ** (-RANGE / 20)).to(magnitudes.dtype)


def tensor(waves: Waves) -> Tensor:
    """Clips as a tensor."""
    return torch.from_numpy(np.ascontiguousarray(waves, np.float32))


def numbers(found: Tensor) -> Floats:
    """A number a clip."""
    return found.double().numpy()


MEASURES: dict[str, tuple[str, str, bool, Callable[[int], Compare]]] = {
    "stft": ("multi-resolution STFT", "convergence + log-magnitude", True, multi_resolution),
    "mel": ("log-mel L1", "nepers", True, log_mel),
    "mcd": ("mel cepstral distortion", "dB", True, cepstral_distortion),
    "pitch": ("pitch error", "cents", True, pitch_error),
    "voicing": ("voicing error", "share", True, voicing_error),
    "si-sdr": ("SI-SDR", "dB", False, lambda rate: si_sdr),
    "stoi": ("STOI", "share", False, lambda rate: lambda real, fake: stoi(real, fake, rate)),
}
"""Name, unit, whether lower is better, and the function for a rate."""
