"""Points: the small 2-D sets that GANs are tried on, and vectors from a csv or npy file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ptarmigan.core.noise import key
from ptarmigan.data.blank import Blank
from ptarmigan.data.mixture import Mixture
from ptarmigan.data.numbers import read_csv, read_npy
from ptarmigan.data.reading import Data, Written, check_text
from ptarmigan.data.samples import ArraySource, Samples
from ptarmigan.media.files import path_of
from ptarmigan.modalities.point.space import PointSpace

Coordinates = NDArray[np.float32]
HELD_OUT = 10_000


def _ring() -> Mixture:
    angle = 2 * np.pi * np.arange(8) / 8
    return Mixture(np.stack([np.cos(angle), np.sin(angle)], 1), 0.01)


def _grid() -> Mixture:
    ticks = np.arange(-4.0, 4.1, 2.0)
    return Mixture(np.stack(np.meshgrid(ticks, ticks), -1).reshape(-1, 2), 0.05)


def _swissroll(n: int, rng: Generator) -> NDArray[np.float64]:
    """The roll of scikit-learn's ``make_swiss_roll`` seen from the side, standard deviation 0.25."""
    t = 1.5 * np.pi * (1 + 2 * rng.random(n))
    return _polar(t, t) + 0.25 * rng.standard_normal((n, 2))


def _moons(n: int, rng: Generator) -> NDArray[np.float64]:
    """Two half circles of radius 1 that reach into each other, around the origin, standard deviation 0.05."""
    arc = _polar(np.pi * rng.random(n), 1.0)
    upper = rng.random((n, 1)) < 0.5
    return np.where(upper, arc - [0.5, 0.25], [0.5, 0.25] - arc) + 0.05 * rng.standard_normal((n, 2))


def _spiral(n: int, rng: Generator) -> NDArray[np.float64]:
    """Two arms of one and a half turns each, evenly filled along their radius, standard deviation 0.02."""
    radius = rng.uniform(0.1, 1.0, n)
    turned = 3 * np.pi * radius + np.pi * rng.integers(2, size=n)
    return _polar(turned, radius) + 0.02 * rng.standard_normal((n, 2))


def _polar(angle: NDArray[np.float64], radius: NDArray[np.float64] | float) -> NDArray[np.float64]:
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1)


MIXTURES: dict[str, Callable[[], Mixture]] = {"ring": _ring, "grid": _grid}
CURVES: dict[str, Callable[[int, Generator], NDArray[np.float64]]] = {
    "swissroll": _swissroll,
    "moons": _moons,
    "spiral": _spiral,
}
SCALES = {"ring": 1.0, "grid": 4.0, "swissroll": 15.0, "moons": 1.5, "spiral": 1.0}
NAMES = tuple(SCALES)


def mixture(name: str) -> Mixture | None:
    """The modes behind ``ring`` and ``grid``, and None for what has none.

    Ring: 8 Gaussians on a circle of radius 1, standard deviation 0.01. Grid: 25 Gaussians, 2 apart, standard
    deviation 0.05.
    Both as PacGAN has them (Lin et al. 2018, arXiv 1712.04086).
    """
    return MIXTURES[name]() if name in MIXTURES else None


@dataclass(frozen=True)
class Points(Written, Data):
    """The points to learn from."""

    data: Any = "ring"
    """ring, grid, swissroll, moons, spiral, or a .csv or .npy file of points. In Python also an array
    (n, size), or a Blank."""

    def open(self, *, batch: int, seed: int = 0) -> Samples[PointSpace]:
        """The points, shuffled by ``seed`` and cut into batches; see ``points``."""
        if not isinstance(self.data, Blank):
            check_text(self, (".csv",))
        return points(self.data, batch=batch, seed=seed, written=self)


def points(
    data: str | Blank | NDArray[Any],
    *,
    batch: int,
    seed: int = 0,
    n: int = 100_000,
    written: Written = Written(),
) -> Samples[PointSpace]:
    """The points of a set by name, or of a ``.csv`` or ``.npy`` file with one point a row.

    What a named set holds depends on its name and ``n`` alone; ``seed`` only orders it. Other points from the
    same distribution are held out. Networks see coordinates divided by a scale that brings them to about
    [-1, 1]: a fixed one for a named set, the largest magnitude for a file.

    Args:
        data: one of ``NAMES``, a path, an array (n, size), or ``Blank`` for a space without points.
        batch: points in a batch.
        seed: the random seed of the shuffle.
        n: points in a named set.
        written: how a text file is written, where a person says it.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the name is unknown, or the file holds no finite numbers, one point a row.
    """
    if isinstance(data, Blank):
        return Samples(data, data.of(PointSpace), batch=batch, seed=seed)
    if isinstance(data, np.ndarray):
        return _samples(_checked(data, "the array"), batch, seed)
    if data in NAMES:
        train, held_out = (_generate(data, m, part) for m, part in ((n, "train"), (HELD_OUT, "held out")))
        space = PointSpace(2, SCALES[data])
        return Samples(
            ArraySource(train),
            space,
            batch=batch,
            seed=seed,
            held_out=ArraySource(held_out),
            mixture=mixture(data),
        )
    if Path(data).suffix not in (".csv", ".npy"):
        raise ValueError(f"there are no points {data!r}: give {', '.join(NAMES)} or a .csv or .npy file")
    return _samples(read_points(path_of(data), written), batch, seed)


def read_points(path: Path, written: Written = Written()) -> Coordinates:
    """The points in a ``.npy`` or ``.csv`` file (a first line of names is skipped), of shape (n, size).

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it does not hold finite numbers, one point a row.
    """
    return _checked(read_npy(path) if path.suffix == ".npy" else read_csv(path, written).rows, str(path))


def _samples(loaded: Coordinates, batch: int, seed: int) -> Samples[PointSpace]:
    space = PointSpace(loaded.shape[1], float(np.abs(loaded).max()) or 1.0)
    samples = Samples(ArraySource(loaded), space, batch=batch, seed=seed)
    samples.named = ("it names the coordinate that is farthest from 0",)
    return samples


def _checked(raw: NDArray[Any], where: str) -> Coordinates:
    if raw.ndim != 2 or 0 in raw.shape:
        raise ValueError(f"{where} holds an array of shape {raw.shape}, not one point a row")
    if raw.dtype.kind not in "fiu":
        raise ValueError(f"{where} holds {raw.dtype}, not numbers")
    with np.errstate(over="ignore"):
        loaded = raw.astype(np.float32)
    bad = ~np.isfinite(loaded).all(1)
    if bad.any():
        raise ValueError(f"{where}: point {int(bad.argmax()) + 1} is not finite; {int(bad.sum())} are not")
    return loaded


def _generate(name: str, n: int, part: str) -> Coordinates:
    rng = np.random.default_rng(key("points", name, part))
    drawn = MIXTURES[name]().draw(n, rng) if name in MIXTURES else CURVES[name](n, rng)
    return drawn.astype(np.float32)
