"""Showers by one argument: a file, arrays in memory, or those of a parametrised simulation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.core.errors import about
from ptarmigan.core.noise import key
from ptarmigan.data.blank import Blank
from ptarmigan.data.cache import made
from ptarmigan.data.permutation import permute
from ptarmigan.data.samples import ArraySource, Samples
from ptarmigan.media.files import path_of
from ptarmigan.media.foreign import regular
from ptarmigan.modalities.shower import files
from ptarmigan.modalities.shower.encoding import THRESHOLD
from ptarmigan.modalities.shower.geometry import CALOGAN, Layer, grid
from ptarmigan.modalities.shower.simulate import HIGHEST, LOWEST, simulate
from ptarmigan.modalities.shower.space import ShowerSpace

NAME = "em-showers"
HELD_OUT, MOST = 5, 10_000
"""One in five showers is held out, at most 10,000."""
LOOKED_AT, FAINTEST = 2_000, 0.001
"""Showers by which the least energy of a cell is found, and the share of hit cells that have less."""
VERSION = 1

Raw = NDArray[np.float32]


@dataclass(frozen=True)
class Showers:
    """The showers to learn from, and how they are read."""

    data: Any = NAME
    """em-showers (a parametrised simulation of electromagnetic showers of 1 to 100 GeV in CaloGAN's
    calorimeter), or the path of a .hdf5, .h5 or .npz file in the layout of CaloGAN (energy, layer_0, …) or
    of the CaloChallenge (incident_energies, showers). In Python also a dictionary of such arrays, or a
    Blank."""
    binning: str = ""
    """The CaloChallenge's XML of the geometry; one layer of one row when empty."""
    count: int = 20_000
    """Showers that are simulated, besides as many again as one in four that are held out."""
    threshold: float = THRESHOLD
    """GeV: cells of less are read as empty. Generated cells are empty too below what 999 of
    1,000 hit cells of the data exceed."""

    def open(self, *, batch: int, seed: int = 0) -> Samples[ShowerSpace]:
        """The showers, shuffled by ``seed`` and cut into batches; one in five is held out.

        Args:
            batch: showers in a batch.
            seed: the random seed of the shuffle.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: it cannot be read as showers; the message says why.
        """
        if isinstance(self.data, Blank):
            return Samples(self.data, self.data.of(ShowerSpace), batch=batch, seed=seed)
        if not 0 <= self.threshold < math.inf:
            raise ValueError(f"--threshold is 0 GeV or more, not {self.threshold:g}")
        raw, layers = self.read()
        others = permute(np.arange(min(len(raw) // HELD_OUT, MOST)), len(raw), "shower", "held out")
        train = np.delete(raw, others, 0)
        space = ShowerSpace.of(train, layers, read_out(train, self.threshold))
        held_out = ArraySource(raw[np.sort(others)]) if len(others) else None
        return Samples(ArraySource(train), space, batch=batch, seed=seed, held_out=held_out)

    def read(self) -> tuple[Raw, tuple[Layer, ...]]:
        """All raw showers, and the layers of the calorimeter."""
        if self.data == NAME:
            if not 8 <= self.count <= 10_000_000:
                raise ValueError(f"--count is from 8 to 10,000,000 showers, not {self.count:,}")
            raw, layers = simulated(self.count + self.count // (HELD_OUT - 1)), CALOGAN
        else:
            arrays, name = self.arrays()
            with about(name):
                binning = files.read_binning(path_of(self.binning)) if self.binning else ()
                raw, layers = from_arrays(arrays, binning)
        cells = raw[:, 1:]
        cells[cells < self.threshold] = 0
        return raw, layers

    def arrays(self) -> tuple[dict[str, NDArray[Any]], str]:
        """Arrays by name, and what people call the data."""
        if isinstance(self.data, dict):
            found = {str(name): np.asarray(values) for name, values in self.data.items()}
            for name, values in found.items():
                files.check_array(name, values.shape, values.dtype)
            return found, "the arrays"
        path = path_of(str(self.data))
        if path.suffix not in files.ENDINGS:
            raise ValueError(
                f"there are no showers {str(self.data)!r}: give {NAME}, or a .hdf5, .h5 or .npz file"
            )
        return files.read_arrays(path), str(path)


def from_arrays(arrays: dict[str, NDArray[Any]], binning: tuple[Layer, ...]) -> tuple[Raw, tuple[Layer, ...]]:
    """Raw showers in GeV, and layers, from arrays of either layout.

    Raises:
        ValueError: lengths differ, an energy is not finite, or a cell is negative or more than there can be.
    """
    if files.is_calogan(set(arrays)):
        names = [f"layer_{i}" for i in range(files.MOST_LAYERS) if f"layer_{i}" in arrays]
        cells = [arrays[name] for name in names]
        energy = arrays[files.ENERGY]
        layers = tuple(grid(*rows_and_columns(each.shape)) for each in cells)
    elif {files.INCIDENT, files.SHOWERS} <= set(arrays):
        names, cells = [files.SHOWERS], [arrays[files.SHOWERS]]
        energy = arrays[files.INCIDENT] / files.MEV
        layers = binning or (grid(1, math.prod(cells[0].shape[1:])),)
    else:
        raise ValueError(f"there is no {files.ENERGY} and layer_0, nor {files.INCIDENT} and {files.SHOWERS}")
    if not len(energy):
        raise ValueError("there is no shower")
    for name, each in zip(names, cells, strict=True):
        if len(each) != len(energy):
            raise ValueError(f"{name} holds {len(each):,} showers, and there are {len(energy):,} energies")
    flat = [np.asarray(each, np.float32).reshape(len(each), -1) / np.float32(files.MEV) for each in cells]
    raw = np.concatenate([np.asarray(energy, np.float32).reshape(len(energy), -1), *flat], 1)
    expected = 1 + sum(layer.cells for layer in layers)
    if raw.shape[1] != expected:
        raise ValueError(
            f"there are {raw.shape[1] - 1} numbers a shower, and the geometry has {expected - 1} cells"
        )
    checked(raw)
    return raw, layers


def read_out(raw: Raw, threshold: float) -> float:
    """The energy in GeV from which on a cell is hit: the threshold, or what 999 of 1,000 hit cells exceed."""
    hit = raw[:LOOKED_AT, 1:]
    hit = hit[hit > 0]
    faintest = 0.999 * float(np.quantile(hit, FAINTEST, method="lower")) if len(hit) else 0.0  # of rounding
    return max(threshold, faintest)


def rows_and_columns(shape: tuple[int, ...]) -> tuple[int, int]:
    """Of a layer's array ``(n, rows, columns)`` or ``(n, cells)``."""
    return (1, shape[1]) if len(shape) == 2 else (shape[1], math.prod(shape[2:]))


def checked(raw: Raw) -> None:
    """See that showers are of particles with an energy, which is in cells.

    Raises:
        ValueError: they are not.
    """
    energy, cells = raw[:, 0], raw[:, 1:]
    for wrong, what in (
        (~np.isfinite(energy), "has no finite incident energy"),
        (energy <= 0, "has an incident energy that is not above 0"),
        (~np.isfinite(cells).all(1), "has a cell that is not finite"),
        ((cells < 0).any(1), "has a negative cell"),
        (
            cells.sum(1) > 10 * energy,
            "has more than ten times its incident energy in its cells: are they in MeV?",
        ),
    ):
        if wrong.any():
            raise ValueError(f"shower {int(wrong.argmax()) + 1} {what}; {int(wrong.sum()):,} are so")


def simulated(n: int) -> Raw:
    """Showers of the simulation, kept in the cache; the first ones do not depend on how many there are."""
    name, need = f"em-{VERSION}-{n}.npy", 4 * n * (1 + sum(layer.cells for layer in CALOGAN))
    place = made("showers", name, need, lambda file: np.save(file, drawn(n)))
    return drawn(n) if place is None else np.load(regular(place), allow_pickle=False)


def chunk(number: int, size: int = 100) -> Raw:
    """A hundred showers."""
    rng = np.random.default_rng(key("em-showers", number))
    energies = rng.uniform(LOWEST, HIGHEST, size)
    cells = simulate(energies, rng)
    return np.concatenate([energies[:, None].astype(np.float32), cells], 1)


def drawn(n: int) -> Raw:
    """``n`` showers, simulated now."""
    return np.concatenate([chunk(i) for i in range(-(-n // 100))])[:n]
