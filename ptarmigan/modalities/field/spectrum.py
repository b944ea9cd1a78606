"""Radially averaged spectra of fields, by which blur is seen that errors reward."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
QUIET = 1e-12
"""Power below which there is none, relative to that of a field of ones."""


def spectrum(fields: NDArray[Any]) -> Floats:
    """The radially averaged power spectrum ``(…, n)`` of fields ``(…, height, width)``.

    The mean of |FFT|² / (height · width) over all wave vectors whose length, rounded, is 0, 1, …, up to half
    of the longer side. Places that are missing are given the mean of the others.
    """
    height, width = fields.shape[-2:]
    filled = np.where(np.isfinite(fields), fields, np.nan)
    if np.isnan(filled).any():
        with np.errstate(invalid="ignore"):
            known = np.isfinite(filled)
            mean = np.where(known, filled, 0).sum((-2, -1)) / np.maximum(known.sum((-2, -1)), 1)
        filled = np.where(known, filled, mean[..., None, None])
    power = np.abs(np.fft.fft2(filled)) ** 2 / (height * width)
    radius = radii(height, width)
    longest = max(height, width) // 2 + 1 if max(height, width) % 2 else max(height, width) // 2
    inside = radius < longest
    counts = np.bincount(radius[inside], minlength=longest)
    flat = power[..., inside].reshape(-1, int(inside.sum()))
    sums = np.stack([np.bincount(radius[inside], each, longest) for each in flat])
    means: Floats = (sums / np.maximum(counts, 1)).reshape(*fields.shape[:-2], longest)
    return means


def radii(height: int, width: int) -> NDArray[np.int64]:
    """The rounded length of every wave vector ``(height, width)``, in waves over the longer side."""
    longer = max(height, width)
    y, x = np.fft.fftfreq(height) * longer, np.fft.fftfreq(width) * longer
    found: NDArray[np.int64] = np.hypot(y[:, None], x).round().astype(np.int64)
    return found


def decibels(fields: NDArray[Any]) -> Floats:
    """Spectra in decibels, without the mean, which is the first; down to nothing, which is 120 dB below 1."""
    return np.asarray(10 * np.log10(np.maximum(spectrum(fields)[..., 1:], QUIET)), np.float64)


def log_spectral_distance(a: NDArray[Any], b: NDArray[Any]) -> Floats:
    """The root mean square difference of the spectra of pairs of fields ``(…, height, width)``, in dB."""
    return np.asarray(np.sqrt(np.square(decibels(a) - decibels(b)).mean(-1)), np.float64)


def fine_power(fields: NDArray[Any], real: NDArray[Any]) -> float:
    """log10 of how much more power fields have than real ones, in waves shorter than four cells.

    Sums over fields, beyond a quarter of the longer side in waves: -1 is a tenth of the power, as blurred
    fields have it.
    """
    cut = max(real.shape[-2:]) // 4
    first, second = (spectrum(each)[..., cut:].mean() for each in (fields, real))
    return float(np.log10(max(first, QUIET) / max(second, QUIET)))
