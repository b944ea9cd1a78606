"""A parametrised simulation of electromagnetic showers: Grindhammer and Peters 1993, hep-ex/0001020.

It is not Geant4: profiles are drawn from formulas that were fitted to one, in a uniform medium with the
properties of CaloGAN's lead and liquid argon, and sampling fluctuations are a gamma distribution of σ/E =
10 %/√E.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ptarmigan.modalities.shower.geometry import CALOGAN, DEPTHS, parts

Z, RADIATION, MOLIERE, CRITICAL = 82.0, 15.6, 35.5, 0.0073
"""Of 2 mm of lead and 4 mm of argon: charge, radiation length, Molière radius (mm), critical energy (GeV)."""
SAMPLING = 0.10
"""Relative resolution at 1 GeV."""
LOWEST, HIGHEST = 1.0, 100.0
"""Energies in GeV, uniform between."""
BINS = 40
"""Slices of one radiation length in which spots share their energy."""
AT_ONCE = 100

Floats = NDArray[np.float64]


def simulate(energies: Floats, rng: np.random.Generator) -> NDArray[np.float32]:
    """Energies in the cells of CaloGAN's calorimeter, in GeV.

    Args:
        energies: of the particles, in GeV, ``(n,)``.
        rng: draws profiles and spots.

    Returns:
        ``(n, 504)``.
    """
    chunks = [energies[i : i + AT_ONCE] for i in range(0, len(energies), AT_ONCE)]
    return np.concatenate([few(chunk, rng) for chunk in chunks])


def few(energies: Floats, rng: np.random.Generator) -> NDArray[np.float32]:
    """``simulate`` of as many showers as have spots that go into memory."""
    alpha, peak = longitudinal(energies, rng)
    deposited = rng.gamma(energies / SAMPLING**2, SAMPLING**2)
    counts, each = spots(energies, deposited, alpha, peak, rng)
    tau = (np.arange(BINS) + 0.5) / peak[:, None]
    profile = radial(tau, np.log(energies)[:, None])
    return placed(counts, each, profile, rng)


def longitudinal(energies: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """α and the depth T of the maximum, in radiation lengths: correlated log-normal numbers (eqs. 8–14)."""
    log_y = np.log(energies / CRITICAL)
    mean_t, sigma_t = np.log(log_y - 0.812), 1 / (-1.4 + 1.26 * log_y)
    mean_a, sigma_a = np.log(0.81 + (0.458 + 2.26 / Z) * log_y), 1 / (-0.58 + 0.86 * log_y)
    rho = 0.705 - 0.023 * log_y
    first, second = rng.standard_normal((2, len(energies)))
    same, other = np.sqrt((1 + rho) / 2), np.sqrt((1 - rho) / 2)
    peak = np.exp(mean_t + sigma_t * (same * first + other * second))
    alpha = np.exp(mean_a + sigma_a * (same * first - other * second))
    return np.maximum(alpha, 1.05), peak


def spots(
    energies: Floats, deposited: Floats, alpha: Floats, peak: Floats, rng: np.random.Generator
) -> tuple[NDArray[np.int64], Floats]:
    """How many spots of energy every slice in depth has, and the energy of each, both ``(n, BINS)``.

    Their number is 93 ln Z E^0.876, their profile flatter than that of energy (eqs. 33–36): in every slice
    they share what the gamma profile has there.
    """
    from scipy.special import gammainc

    edges = np.arange(BINS + 1)
    many = np.maximum(1, np.rint(93 * np.log(Z) * energies**0.876)).astype(np.int64)
    alpha_spot = np.maximum(alpha * (0.639 + 0.00334 * Z), 1.05)
    peak_spot = peak * (0.698 + 0.00212 * Z)
    chances = np.diff(gammainc(alpha_spot[:, None], edges * ((alpha_spot - 1) / peak_spot)[:, None]), axis=1)
    counts = rng.multinomial(many, chances / chances.sum(1, keepdims=True))
    share = np.diff(gammainc(alpha[:, None], edges * ((alpha - 1) / peak)[:, None]), axis=1)
    share = np.where(counts > 0, share, 0.0)
    each = deposited[:, None] * share / share.sum(1, keepdims=True) / np.maximum(counts, 1)
    return counts, each


def radial(tau: Floats, log_e: Floats) -> tuple[Floats, Floats, Floats]:
    """Radii of core and tail in mm, which grow with depth τ = t/T, and the share of the core (eqs. 25–29)."""
    core = 0.0251 + 0.00319 * log_e + (0.1162 - 0.000381 * Z) * tau
    near = np.minimum(tau - 0.645, 8.0)
    tail = (0.659 - 0.00309 * Z) * (np.exp(-2.59 * near) + np.exp((0.3585 + 0.0421 * log_e) * near))
    depth = (0.401 + 0.00187 * Z - tau) / (1.313 - 0.0686 * log_e)
    weight = np.clip((2.632 - 0.00094 * Z) * np.exp(depth - np.exp(depth)), 0, 1)
    return MOLIERE * core, MOLIERE * tail, weight


def placed(
    counts: NDArray[np.int64], each: Floats, profile: tuple[Floats, Floats, Floats], rng: np.random.Generator
) -> NDArray[np.float32]:
    """The energy in cells, of spots at random places of their slices; what is beside or behind is lost."""
    n, cells = len(counts), sum(layer.cells for layer in CALOGAN)
    many = counts.ravel()
    core, tail, weight = (np.repeat(values.astype(np.float32).ravel(), many) for values in profile)
    shower, slices = np.divmod(np.repeat(np.arange(counts.size), many), BINS)
    within, u, v, angle = rng.random((4, len(slices)), dtype=np.float32)
    depth = (slices + within) * np.float32(RADIATION)
    layer = np.searchsorted(np.cumsum(DEPTHS).astype(np.float32), depth, side="right")
    radius = np.where(v < weight, core, tail) * np.sqrt(u / (1 - u))
    turn = np.float32(2 * np.pi) * angle
    half, side = -np.float32(CALOGAN[0].rows[0]), CALOGAN[0].rows[-1] - CALOGAN[0].rows[0]
    shapes = np.array([[*each.shape, part.start] for each, part in zip(CALOGAN, parts(CALOGAN), strict=True)])
    rows, columns, first = shapes[np.minimum(layer, len(shapes) - 1)].T
    row = np.floor((radius * np.sin(turn) + half) / side * rows).astype(np.int64)
    column = np.floor((radius * np.cos(turn) + half) / side * columns).astype(np.int64)
    inside = (layer < len(shapes)) & (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
    place = (shower * cells + first + row * columns + column)[inside]
    energy = np.repeat(each.ravel(), many)[inside]
    return np.bincount(place, energy, minlength=n * cells).reshape(n, cells).astype(np.float32)
