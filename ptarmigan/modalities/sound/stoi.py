"""Short-time objective intelligibility (STOI).

Taal, Hendriks, Heusdens and Jensen 2011, "An algorithm for intelligibility prediction of time-frequency
weighted noisy speech", IEEE TASLP 19 (7), doi 10.1109/TASL.2011.2114881.

Envelopes in third octaves of clean and processed speech at 10 kHz are correlated over 384 ms at a time, the
processed ones as loud as the clean ones and clipped at 15 dB of distortion (equations 1 to 6). Frames that
are 40 dB below the loudest clean one are left out before.
"""

from __future__ import annotations

from functools import cache
from math import gcd

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RATE = 10_000
FRAME, HOP, SIZE = 256, 128, 512
"""Samples of a frame, from one to the next, and of its Fourier transform."""
BANDS, LOWEST = 15, 150.0
"""Third octaves, and the middle of the first, in hertz."""
SPAN = 30
"""Frames that are correlated at a time."""
CLIPPED = 10 ** (15 / 20)
RANGE = 40.0
REJECTION = 60.0
"""Decibels by which resampling rejects what does not fit: that of Octave's, which the published code uses."""
EPSILON = float(np.finfo(np.float64).eps)


def stoi(clean: NDArray[np.float32], processed: NDArray[np.float32], rate: int) -> Floats:
    """The measure of every pair of clips ``(n, length)``, about 0 to 1; NaN where too little is spoken."""
    return np.array([one(a, b, rate) for a, b in zip(clean, processed, strict=True)])


def one(clean: NDArray[np.float32], processed: NDArray[np.float32], rate: int) -> float:
    """The measure of one pair ``(length,)``."""
    heard = spoken(*(framed(at_10_khz(x, rate)) for x in (clean, processed)))
    if heard is None:
        return float("nan")
    envelopes = [np.sqrt(third_octaves() @ power(x)) for x in heard]
    if envelopes[0].shape[1] < SPAN:
        return float("nan")
    a, b = (np.lib.stride_tricks.sliding_window_view(x, SPAN, 1) for x in envelopes)
    b = b * (norm(a) / (norm(b) + EPSILON))
    return float((unit(a) * unit(np.minimum(b, a * (1 + CLIPPED)))).sum(2).mean())


def at_10_khz(samples: NDArray[np.float32], rate: int) -> Floats:
    """Samples at the rate of the measure."""
    x = samples.astype(np.float64)
    if rate == RATE:
        return x
    from scipy.signal import resample_poly

    shared = gcd(rate, RATE)
    up, down = RATE // shared, rate // shared
    return np.asarray(resample_poly(x, up, down, window=low_pass(max(up, down))))


@cache
def low_pass(factor: int) -> Floats:
    """A sinc with Kaiser's window, which ends at the ``factor``-th part of the band."""
    half = np.ceil((REJECTION - 8) / (28.714 / (20 * factor)))
    times = np.arange(-half, half + 1)
    shape = np.kaiser(len(times), 0.1102 * (REJECTION - 8.7)) * np.sinc(times / factor)
    return np.asarray(shape / shape.sum())


def framed(x: Floats) -> Floats:
    """Windowed frames ``(frames, 256)``; one that would end with the last sample is none, as published."""
    count = max(0, -(-(len(x) - FRAME) // HOP))
    if not count:
        return np.empty((0, FRAME))
    return np.lib.stride_tricks.sliding_window_view(x, FRAME)[: count * HOP : HOP] * window()


def spoken(clean: Floats, processed: Floats) -> tuple[Floats, Floats] | None:
    """Both without the frames in which the clean one is silent; None where nothing is left."""
    loud = 20 * np.log10(np.linalg.norm(clean, axis=1) + EPSILON)
    kept = loud > loud.max(initial=-np.inf) - RANGE
    if not kept.any() or not clean.any():
        return None
    first, second = (added(x[kept]) for x in (clean, processed))
    return first, second


def added(frames: Floats) -> Floats:
    """Frames, one after another, which overlap by half, as a wave."""
    out = np.zeros((len(frames) + 1) * HOP)
    out[:-HOP] += frames[:, :HOP].ravel()
    out[HOP:] += frames[:, HOP:].ravel()
    return out


def power(x: Floats) -> Floats:
    """The squared magnitudes of a wave's frames ``(bins, frames)``."""
    return np.square(np.abs(np.fft.rfft(framed(x), SIZE))).T


@cache
def window() -> Floats:
    """Hann's, without the zeros at its ends."""
    return np.asarray(np.hanning(FRAME + 2)[1:-1])


@cache
def third_octaves() -> Floats:
    """Which bins are in which band ``(15, bins)``, as 0 and 1."""
    bins = np.arange(SIZE // 2 + 1) * RATE / SIZE
    numbers = np.arange(BANDS)
    low, high = (
        np.abs(bins[:, None] - LOWEST * 2 ** ((2 * numbers + side) / 6)).argmin(0) for side in (-1, 1)
    )
    places = np.arange(len(bins))
    return np.asarray((places >= low[:, None]) & (places < high[:, None]), np.float64)


def norm(x: Floats) -> Floats:
    """Of the last dimension, which stays."""
    return np.asarray(np.linalg.norm(x, axis=2, keepdims=True))


def unit(x: Floats) -> Floats:
    """Without its mean, and of length 1."""
    centred = x - x.mean(2, keepdims=True)
    return np.asarray(centred / (norm(centred) + EPSILON))
