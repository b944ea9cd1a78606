"""Trivial sets of showers, which a GAN should be better than, and copies of real ones, which bound it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.core.noise import key
from ptarmigan.metrics.thorough import Baselines
from ptarmigan.metrics.view import Set
from ptarmigan.modalities.shower.space import ShowerSpace

Raw = NDArray[np.float32]

NEAREST = "nearest-energy training shower, scaled"
BOUNDS = (NEAREST,)
WORDS = (
    "the training shower of the nearest energy, scaled to it; the mean shower, scaled; a Gaussian of log "
    "cells, of which the mean is linear in the log energy"
)
COMPONENTS = 60
"""Principal components of the Gaussian."""
LEAST = 1e-7
"""Added to shares of energy before their logarithm."""


def baselines(space: ShowerSpace) -> Baselines:
    """The sets by name, each a function of training showers and a number."""

    def energies(n: int) -> NDArray[np.float64]:
        u = np.random.default_rng(key("shower", "energies", n)).random(n)
        return np.interp(u, np.linspace(0, 1, len(space.energies)), space.energies)

    def of(cells: Any, energy: NDArray[np.float64]) -> Raw:
        found = np.concatenate([energy[:, None], cells * energy[:, None]], 1).astype(np.float32)
        found[:, 1:][found[:, 1:] < space.threshold] = 0
        return found

    def nearest(train: Set, n: int) -> Raw:
        raw, energy = train.raw(), energies(n)
        order = np.argsort(raw[:, 0], kind="stable")
        place = np.searchsorted(raw[order, 0], energy).clip(1, len(raw) - 1)
        lower = energy - raw[order[place - 1], 0] < raw[order[place], 0] - energy
        chosen = raw[order[place - lower]]
        return of(chosen[:, 1:] / chosen[:, :1], energy)

    def mean(train: Set, n: int) -> Raw:
        raw = train.raw()
        share = (raw[:, 1:] / raw[:, :1]).mean(0, dtype=np.float64)
        return of(share[None], energies(n))

    def gaussian(train: Set, n: int) -> Raw:
        raw, energy = train.raw(5_000), energies(n)
        return of(np.exp(log_cells(raw, energy)) - LEAST, energy)

    made: Mapping[str, Any] = {NEAREST: nearest, "mean shower": mean, "Gaussian of log cells": gaussian}
    return made


def log_cells(raw: Raw, energy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logarithms of shares, drawn from a Gaussian that was fitted to real showers, at given energies."""
    from sklearn.decomposition import PCA

    x = np.log(raw[:, 1:].astype(np.float64) / raw[:, :1] + LEAST)
    known = np.stack([np.ones(len(raw)), np.log(raw[:, 0])], 1)
    line = np.linalg.lstsq(known, x, rcond=None)[0]
    model = PCA(min(COMPONENTS, len(raw) - 1, x.shape[1]), svd_solver="randomized", random_state=0)
    codes = model.fit_transform(x - known @ line)
    drawn = np.random.default_rng(key("shower", "gaussian")).normal(size=(len(energy), codes.shape[1]))
    rest = model.inverse_transform(drawn * codes.std(0))
    found: NDArray[np.float64] = np.stack([np.ones(len(energy)), np.log(energy)], 1) @ line + rest
    return found.clip(np.log(LEAST), 0)
