"""Cycle consistency: how far inputs are from their reconstructions, and whether outputs hide information.

Two translations with a cycle loss can hide information in a signal too faint to see: Chu et al. 2017,
"CycleGAN, a master of steganography", arXiv 1712.02950. Slight noise in the outputs destroys it, and the
reconstruction fails (Bashkirova et al. 2019, arXiv 1908.01517, measure this sensitivity).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.space import Space
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.label.space import LabelSpace
from ptarmigan.tasks.translate.pairs import l1

Raw = NDArray[Any]

NOISE = 0.02
"""The standard deviation of the noise, as a share of the range: about 5 of 256 levels."""


def noisy(raw: Raw, space: Space, seed: int) -> Raw:
    """Raw pictures with slight noise; label maps as they are."""
    if not isinstance(space, ImageSpace):
        return raw
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal(raw.shape, np.float32) * np.float32(NOISE * space.white)
    spoilt: Raw = (raw + noise).round().clip(0, space.white).astype(raw.dtype)
    return spoilt


def distances(space: Space, a: Raw, b: Raw) -> NDArray[np.float64]:
    """The distances of pairs of raw pictures or label maps: shares of the range, or of pixels."""
    if isinstance(space, LabelSpace):
        wrong: NDArray[np.float64] = ((a != b) & (b < space.labels)).reshape(len(a), -1).mean(axis=1)
        return wrong
    return l1(a, b)
