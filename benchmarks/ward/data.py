"""Real samples, spoilt as they are in practice: too few, wrongly scaled, repeated, broken, mislabelled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ptarmigan.modalities.image.source import Images
from ptarmigan.modalities.point.source import mixture

Pixels = NDArray[np.uint8]
Labels = NDArray[np.int64]

SETS = {"digits": ("digits", ""), "fashion": ("fashion-mnist", "14")}
"""The folders of spoilt images, and what was spoilt: a set, and the size it is read at."""
HELD_OUT = 1_000


def few(count: int) -> Callable[[Pixels, Labels], tuple[Pixels, Labels]]:
    """So many images, evenly of every class."""

    def pick(x: Pixels, c: Labels) -> tuple[Pixels, Labels]:
        classes = np.unique(c)
        rows = np.concatenate([np.flatnonzero(c == k)[: count // len(classes)] for k in classes])
        return x[rows], c[rows]

    return pick


def _some(c: Labels, share: float) -> NDArray[np.bool_]:
    return np.random.default_rng(0).random(len(c)) < share


def _unscaled(x: Pixels, c: Labels) -> tuple[Pixels, Labels]:
    return (x > 127).astype(np.uint8), c


def _scaled_twice(x: Pixels, c: Labels) -> tuple[Pixels, Labels]:
    return (x // 16).astype(np.uint8), c


def _pale(x: Pixels, c: Labels) -> tuple[Pixels, Labels]:
    return (112 + x // 8).astype(np.uint8), c


def _repeated(x: Pixels, c: Labels) -> tuple[Pixels, Labels]:
    which = _some(c, 0.9)
    return np.where(which[:, None, None, None], x[3], x), np.where(which, c[3], c)


def _blank(x: Pixels, c: Labels) -> tuple[Pixels, Labels]:
    return np.where(_some(c, 0.5)[:, None, None, None], np.uint8(0), x), c


def _half_inverted(x: Pixels, c: Labels) -> tuple[Pixels, Labels]:
    return np.where(_some(c, 0.5)[:, None, None, None], 255 - x, x), c


def _dead_channel(x: Pixels, c: Labels) -> tuple[Pixels, Labels]:
    return np.concatenate([np.zeros_like(x), x, x], 3), c


def _one_sided(x: Pixels, c: Labels) -> tuple[Pixels, Labels]:
    rows = np.concatenate([np.flatnonzero(c == 1), *(np.flatnonzero(c == k)[:2] for k in np.unique(c))])
    return x[rows], c[rows]


def _mislabelled(x: Pixels, c: Labels) -> tuple[Pixels, Labels]:
    return x, np.random.default_rng(0).permutation(c)


def _black_and_white(x: Pixels, c: Labels) -> tuple[Pixels, Labels]:
    return ((x > 127) * 255).astype(np.uint8), c


IMAGES: dict[str, Callable[[Pixels, Labels], tuple[Pixels, Labels]]] = {
    "10": few(10),
    "20": few(20),
    "30": few(30),
    "50": few(50),
    "400": few(400),
    "unscaled": _unscaled,
    "scaled-twice": _scaled_twice,
    "pale": _pale,
    "repeated": _repeated,
    "blank": _blank,
    "half-inverted": _half_inverted,
    "dead-channel": _dead_channel,
    "one-sided": _one_sided,
    "mislabelled": _mislabelled,
    "black-and-white": _black_and_white,
}
TOO_FEW = ("10", "20", "30", "50", "400")
"""Those whose held-out images are whole; of the others they are spoilt alike."""


def _outliers(points: NDArray[np.float32]) -> NDArray[np.float32]:
    points[:3] *= 300
    return points


def _flat(points: NDArray[np.float32]) -> NDArray[np.float32]:
    points[:, 1] = 0
    return points


POINTS: dict[str, Callable[[NDArray[np.float32]], NDArray[np.float32]]] = {
    "16": lambda points: points[:16],
    "64": lambda points: points[:64],
    "outliers": _outliers,
    "flat": _flat,
    "repeated": lambda points: np.repeat(points[:20], 1_000, 0),
}


def spoil(folder: Path) -> None:
    """Write ``digits/20.npz``, ``ring/outliers.npy`` and all the others, where they are not there yet."""
    for name, (data, size) in SETS.items():
        if not (folder / name).exists():
            _images(folder / name, data, size)
    for name in ("ring", "grid"):
        known = mixture(name)
        assert known is not None
        (folder / name).mkdir(parents=True, exist_ok=True)
        for what, spoilt in POINTS.items():
            drawn = known.draw(50_000, np.random.default_rng(0)).astype(np.float32)
            np.save(folder / name / f"{what}.npy", spoilt(drawn))


def _images(folder: Path, data: str, size: str) -> None:
    samples = Images(data, size=size).open(batch=1)
    sources = samples.source, samples.held_out
    parts = [(source.read(np.arange(min(len(source), 10_000))), source.labels) for source in sources]
    (x, c), (held_out, others) = ((raw, labels[: len(raw)]) for raw, labels in parts if labels is not None)
    held_out, others = held_out[:HELD_OUT], others[:HELD_OUT]
    folder.mkdir(parents=True)
    for what, spoilt in IMAGES.items():
        mine, apart = spoilt(x, c), (held_out, others) if what in TOO_FEW else spoilt(held_out, others)
        np.savez(folder / f"{what}.npz", x_train=mine[0], y_train=mine[1], x_test=apart[0], y_test=apart[1])
