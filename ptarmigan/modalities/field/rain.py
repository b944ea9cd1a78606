"""Rain of the built-in set: log-normal random fields with a known spectrum that move and change.

In every event cells drift with one wind, and waves of wavelength λ are forgotten in a time that grows with
it, τ = 48 (λ / 64)^0.8 steps, as rain's do (Seed 2003, "A dynamic and spatial scaling approach to advection
forecasting"): each Fourier coefficient is an autoregressive process of the first order, turned by the wind.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from ptarmigan.core.noise import key
from ptarmigan.modalities.field.grid import Axis, Grid, Named

NAME = "rain"
SIDE, TIMES, EVENTS, MINUTES = 64, 24, 10, 5
"""Cells of a side, fields of an event, events, and minutes from one field to the next."""
SLOPE = 3.0
"""Of the radially averaged spectrum of the Gaussian field, beyond 4 waves."""
WETTEST = 1.1
"""The standard deviation of the logarithm of rain."""
MEMORY = 48.0
"""Steps after which waves of 64 cells are forgotten, to 1/e."""
LEAST = 0.1
"""Millimetres an hour below which there is none."""


@cache
def rain(events: int = EVENTS, side: int = SIDE, times: int = TIMES, seed: str = NAME) -> tuple[Grid, ...]:
    """Events of rain in millimetres an hour, on cells of a kilometre, every five minutes."""
    return tuple(event(number, side, times, seed) for number in range(events))


def event(number: int, side: int, times: int, seed: str) -> Grid:
    """One event, a day after the one before."""
    rng = np.random.default_rng(key(seed, number))
    speed, angle = rng.uniform(0.3, 1.5), rng.uniform(0, 2 * np.pi)
    wet = rng.uniform(0.9, 1.9)  # how far below the mean of the logarithm the threshold is
    y, x = np.fft.fftfreq(side)[:, None], np.fft.fftfreq(side)
    waves = np.hypot(y, x)
    waves[0, 0] = np.inf
    amplitude = np.maximum(waves, 4 / side) ** (-(SLOPE + 1) / 2)
    amplitude[0, 0] = 0
    amplitude *= side / np.sqrt(np.square(amplitude).sum())
    kept = np.exp(-((64 * waves) ** 0.8) / MEMORY)
    turned = kept * np.exp(-2j * np.pi * speed * (y * np.sin(angle) + x * np.cos(angle)))
    fields, state = np.empty((times, 1, side, side), np.float32), noise(rng, side)
    for time in range(times):
        gauss = np.fft.ifft2(amplitude * state).real
        mm = np.exp(WETTEST * (gauss - wet)) * 2 * LEAST * np.exp(WETTEST)
        fields[time, 0] = np.where(mm < LEAST, 0, mm)
        state = turned * state + np.sqrt(1 - kept**2) * noise(rng, side)
    cells = 1000.0 * np.arange(side)
    y_axis, x_axis = (
        Axis(name, values, (("units", "m"),)) for name, values in (("y", cells[::-1]), ("x", cells))
    )
    minutes = MINUTES * np.arange(times, dtype=np.float64) + 1440.0 * number
    named = (Named("rain_rate", "mm h-1", "rain rate"),)
    return Grid(fields, named, minutes, y_axis, x_axis, "minutes since 2000-01-01 00:00:00", NAME)


def noise(rng: np.random.Generator, side: int) -> NDArray[np.complex128]:
    """Fourier coefficients of white noise of unit variance."""
    found: NDArray[np.complex128] = np.fft.fft2(rng.standard_normal((side, side)))
    return found
