"""Moving shapes, of which all is known: what can be learnt where there are no clips.

A disc, a square or a diamond of one colour, size and speed on black, as in the shape motions of MoCoGAN
(Tulyakov et al. 2018, arXiv 1707.04993), on one of four paths: across, down, diagonally, all three between
walls, or around a circle, always clockwise. Shapes have hard edges, so that all of this can be read off the
pixels (``truth``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from ptarmigan.core.noise import key

Frames = NDArray[np.uint8]
Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

SIDE, LENGTH, RATE = 32, 16, 12.0
"""Pixels of a side, frames of a clip, and frames a second."""
TRAINED, HELD_OUT = 2_000, 500
"""Clips of the set."""
PATHS = ("across", "down", "diagonal", "circle")
COLOURS: Mapping[str, tuple[int, int, int]] = {
    "red": (230, 60, 60),
    "green": (70, 200, 90),
    "blue": (80, 110, 240),
    "yellow": (230, 210, 70),
    "white": (235, 235, 235),
}
FORMS = ("disc", "square", "diamond")
SIZES = {"small": 3.0, "large": 5.0}
"""Half of a shape's width, in pixels."""
SPEEDS = {"slow": (0.5, 1.0), "fast": (1.5, 2.5)}
"""Pixels a frame, from and to."""
RADII = (5.0, 9.0)
"""Of circles, in pixels, from and to."""
LABELS: Mapping[str, tuple[str, ...]] = {
    "path": PATHS,
    "colour": tuple(COLOURS),
    "size": tuple(SIZES),
    "speed": tuple(SPEEDS),
}
SETS = {"shapes": "path", **{f"shapes-{label}": label for label in ("colour", "size", "speed")}}
"""The same clips, by what their classes are."""


@dataclass(frozen=True)
class Truth:
    """What is known of one clip.

    Attributes:
        form: of ``FORMS``.
        path: of ``PATHS``.
        colour: of ``COLOURS``.
        size: of ``SIZES``.
        speed: pixels a frame.
    """

    form: str
    path: str
    colour: str
    size: str
    speed: float

    def label(self, what: str) -> str:
        """Its path, colour, size or speed, as one of ``LABELS``."""
        if what == "speed":
            return next(name for name, (low, high) in SPEEDS.items() if low <= self.speed < high)
        return str(getattr(self, what))


@cache
def truths(n: int, seed: str) -> tuple[Truth, ...]:
    """What is true of the first ``n`` clips of a seed."""
    return tuple(truth_of(seed, i) for i in range(n))


def truth_of(seed: str, i: int) -> Truth:
    """What is true of the ``i``-th clip."""
    rng = np.random.default_rng(key("shapes", seed, i))
    form, colour, size, speed = (rng.integers(len(of)) for of in (FORMS, COLOURS, SIZES, SPEEDS))
    pixels = float(rng.uniform(*list(SPEEDS.values())[speed]))
    return Truth(FORMS[form], PATHS[i % len(PATHS)], [*COLOURS][colour], [*SIZES][size], pixels)


@lru_cache(maxsize=TRAINED + HELD_OUT)
def shape(seed: str, i: int, height: int = SIDE, width: int = SIDE) -> Frames:
    """The ``i``-th clip ``(16, height, width, 3)``: not to be changed in place."""
    truth = truth_of(seed, i)
    centres = places(truth, np.random.default_rng(key("shapes", "places", seed, i)))
    return drawn(truth, centres, height, width)


def places(truth: Truth, rng: np.random.Generator) -> Floats:
    """The centres ``(16, 2)`` of the shape, down and across."""
    time, half = np.arange(LENGTH), SIZES[truth.size]
    low, high = half, SIDE - 1 - half
    if truth.path == "circle":
        radius = rng.uniform(*RADII)
        angle = rng.uniform(0, 2 * np.pi) + truth.speed / radius * time
        return (SIDE - 1) / 2 + radius * np.stack([np.sin(angle), np.cos(angle)], 1)
    step = truth.speed * rng.choice([-1.0, 1.0], 2)
    if truth.path == "diagonal":
        step /= np.sqrt(2)
    step *= {"across": (0, 1), "down": (1, 0), "diagonal": (1, 1)}[truth.path]
    return between_walls(rng.uniform(low, high, 2) + step * time[:, None], low, high)


def between_walls(free: Floats, low: float, high: float) -> Floats:
    """What moves freely, reflected at two walls."""
    span = high - low
    turned = np.mod(free - low, 2 * span)
    return low + span - np.abs(turned - span)


def drawn(truth: Truth, centres: Floats, height: int, width: int) -> Frames:
    """The clip ``(16, height, width, 3)``, coarser or finer than 32 pixels a side."""
    sides = ((np.arange(n) + 0.5) * SIDE / n - 0.5 for n in (height, width))
    down, across = np.meshgrid(*sides, indexing="ij")
    y, x = (np.abs(grid - centres[:, i, None, None]) for i, grid in enumerate((down, across)))
    half = SIZES[truth.size]
    inside = {"disc": np.hypot(x, y), "square": 1.1 * np.maximum(x, y), "diamond": 0.8 * (x + y)}[truth.form]
    return np.where((inside <= half)[..., None], np.array(COLOURS[truth.colour], np.uint8), np.uint8(0))


def labels_of(n: int, seed: str, what: str) -> Indices:
    """The class of the first clips, as numbers, when classes are ``what``."""
    return np.array([LABELS[what].index(truth.label(what)) for truth in truths(n, seed)], np.int64)
