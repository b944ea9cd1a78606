"""Vowel-like sounds, made by the source-filter model: what can be learnt where there are no recordings.

A train of pulses, as the vocal folds make them, with a pitch that glides, goes through four resonances, as
those of a mouth and throat (Fant 1960, "Acoustic theory of speech production"). The resonances of the five
vowels are those of Peterson and Barney 1952, "Control methods used in a study of the vowels"; every speaker
has a pitch, and a length of the throat that scales them.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from ptarmigan.core.noise import key

NAME = "vowels"
RATE, LENGTH = 8_000, 4_096
TRAINED, HELD_OUT = 600, 150
"""Clips of the set."""
RESONANCES = {
    "a": (730, 1090, 2440),
    "e": (530, 1840, 2480),
    "i": (270, 2290, 3010),
    "o": (570, 840, 2410),
    "u": (300, 870, 2240),
}
"""Hertz, of men."""
HIGHEST = 3_500.0
WIDTHS = (80.0, 90.0, 120.0, 175.0)
"""Of the resonances, in hertz."""
SPEAKERS = ((105, 1.0), (125, 1.05), (190, 1.16), (225, 1.2))
"""Pitch in hertz, and what multiplies the resonances."""


@cache
def vowels(n: int, seed: str) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """``n`` clips ``(n, 4096)`` at 8 kHz, shorter ones zero after their end, and which vowel each is."""
    labels = np.arange(n, dtype=np.int64) % len(RESONANCES)
    clips = np.zeros((n, LENGTH), np.float32)
    for i, label in enumerate(labels):
        clip = spoken(int(label), np.random.default_rng(key(NAME, seed, i)))
        clips[i, : len(clip)] = clip
    return clips, labels


def spoken(vowel: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """One vowel of a quarter to half a second, by one of the speakers."""
    from scipy.signal import lfilter

    pitch, throat = SPEAKERS[rng.integers(len(SPEAKERS))]
    length = int(rng.integers(LENGTH // 2, LENGTH + 1))
    time = np.arange(length) / length
    hertz = pitch * np.exp2(rng.uniform(-0.1, 0.1) + rng.uniform(-0.25, 0.15) * time)
    turns = np.cumsum(hertz / RATE)
    pulses = np.diff(np.floor(turns), prepend=0.0) + 0.01 * rng.standard_normal(length)
    wave = lfilter([1.0], [1.0, -0.95], pulses)
    formants = [*list(RESONANCES.values())[vowel], HIGHEST / throat]
    for centre, width in zip(formants, WIDTHS, strict=True):
        radius = np.exp(-np.pi * width / RATE)
        angle = 2 * np.pi * min(centre * throat * rng.uniform(0.95, 1.05), 0.48 * RATE) / RATE
        wave = lfilter([1.0], [1.0, -2 * radius * np.cos(angle), radius**2], wave)
    wave = np.diff(wave, prepend=0.0) * np.minimum(1, 12 * np.minimum(time, 1 - time))
    return np.asarray(0.9 * wave / np.abs(wave).max(), np.float32)
