"""RainFARM: Rebora et al. 2006, "RainFARM: Rainfall downscaling by a filtered autoregressive model".

A coarse field says where large waves are; smaller ones are Gaussian, with random phases and a spectrum that
goes on as a power law, made log-normal and scaled so that every coarse cell keeps its mean.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

SLOPE = 2.5
"""Of the radially averaged power spectrum of rain, below scales of some kilometres."""


def rainfarm(
    coarse: NDArray[Any], factor: int, rng: np.random.Generator, slope: float = SLOPE
) -> NDArray[np.float64]:
    """One fine field ``(height · factor, width · factor)`` of a coarse one ``(height, width)``, not negative.

    Args:
        coarse: means of cells.
        factor: fine cells along the side of a coarse one.
        rng: of the phases.
        slope: of the power spectrum.
    """
    height, width = coarse.shape
    shape = (height * factor, width * factor)
    y, x = np.fft.fftfreq(shape[0])[:, None], np.fft.fftfreq(shape[1])
    waves = np.hypot(y, x)
    waves[0, 0] = np.inf
    # of a spectrum k^-β averaged over rings, an amplitude in the plane is k^(-(β + 1)/2) times k^½ … = k^-β/2
    noise = np.fft.ifft2(np.fft.fft2(rng.standard_normal(shape)) * waves ** (-slope / 2)).real
    noise *= spread_of(coarse, slope) / max(float(noise.std()), 1e-12)
    fine = np.exp(noise)
    scale = coarse / block_mean(fine, factor)
    return np.asarray(fine * enlarged(scale, factor), np.float64)


def spread_of(coarse: NDArray[Any], slope: float) -> float:
    """The standard deviation of the logarithm of fine rain: that of 1, as rain of showers has."""
    return 1.0


def block_mean(fields: NDArray[Any], factor: int) -> NDArray[Any]:
    """Means of blocks of ``factor`` × ``factor`` cells of fields ``(…, height, width)``."""
    *rest, height, width = fields.shape
    blocks = fields.reshape(*rest, height // factor, factor, width // factor, factor)
    return np.asarray(blocks.mean((-3, -1), dtype=np.float64), fields.dtype)


def enlarged(fields: NDArray[Any], factor: int) -> NDArray[Any]:
    """Every cell of fields ``(…, height, width)`` as a block of ``factor`` × ``factor``."""
    return fields.repeat(factor, -2).repeat(factor, -1)
