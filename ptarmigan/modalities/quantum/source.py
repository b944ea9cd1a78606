"""Distributions of measurements: from samples, probabilities, a circuit, or by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ptarmigan.core.errors import about
from ptarmigan.data.arrays import to_array
from ptarmigan.data.blank import Blank
from ptarmigan.data.numbers import ENDINGS, read_numbers
from ptarmigan.data.permutation import permute
from ptarmigan.data.reading import Written
from ptarmigan.data.samples import ArraySource, Samples
from ptarmigan.media.files import path_of
from ptarmigan.modalities.quantum.qasm import read_qasm
from ptarmigan.modalities.quantum.space import MeasurementSpace, wrong_size
from ptarmigan.modalities.quantum.state import probabilities, simulate

NORMAL, LOGNORMAL = "normal-grid", "lognormal"
NAMES = (NORMAL, LOGNORMAL)
MOST = 12
"""Qubits that are learnt; a state of more takes minutes a step."""
SHOTS = 1 << 14
"""Measurements by which known probabilities stand: each is off by less than 1 in so many."""
KINDS = "a .csv, .npy or .npz file of rows of numbers or of 2^n probabilities, or a circuit (.qasm)"
SUM = 1e-6


@dataclass(frozen=True)
class Measurements:
    """The measurements to learn, and how they are read."""

    data: Any = NORMAL
    """normal-grid (a normal distribution on 8×8 places), lognormal (on 8), or the path of a .csv, .npy or
    .npz file of rows of numbers, which are binned, or of 2^n probabilities, or of a circuit in OpenQASM 3
    (.qasm) whose measurements are learnt. In Python also an array or a tensor of either, or a Blank."""
    qubits: int = 3
    """Qubits of every column of numbers, which is cut into 2^qubits bins of one width."""

    def open(self, *, batch: int, seed: int = 0) -> Samples[MeasurementSpace]:
        """The measurements, shuffled by ``seed`` and cut into batches.

        Args:
            batch: measurements in a batch.
            seed: the random seed of the shuffle.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: it holds no numbers, no probabilities or no circuit, or too many qubits.
        """
        if isinstance(self.data, Blank):
            return Samples(self.data, self.data.of(MeasurementSpace), batch=batch, seed=seed)
        with about(self.data if isinstance(self.data, str) else "the array"):
            space, raw = self.read()
        return Samples(ArraySource(raw), space, batch=batch, seed=seed)

    def read(self, within: MeasurementSpace | None = None) -> tuple[MeasurementSpace, NDArray[np.float64]]:
        """What an outcome is, and raw measurements ``(n, axes)``.

        Args:
            within: the bins of rows of numbers; the data's own when None.
        """
        if isinstance(self.data, np.ndarray | torch.Tensor):
            return self.numbers(to_array(self.data), (), within)
        if self.data == NORMAL:
            space = grid((3, 3), (-2.0, -2.0), (2.0, 2.0))
            return space, shots(space, np.exp(-np.square(space.grid).sum(1) / 2))
        if self.data == LOGNORMAL:
            space = grid((3,), (0.0,), (7.0,))
            return space, shots(space, lognormal(space.grid[:, 0]))
        path = path_of(str(self.data))
        if path.suffix == ".qasm":
            return of_circuit(str(self.data))
        if path.suffix not in ENDINGS:
            raise ValueError(f"there are no measurements: give {', '.join(NAMES)}, or {KINDS}")
        found = read_numbers(path, Written())
        return self.numbers(found.rows, found.columns, within)

    def numbers(
        self, found: NDArray[Any], names: tuple[str, ...], within: MeasurementSpace | None
    ) -> tuple[MeasurementSpace, NDArray[np.float64]]:
        """Rows of numbers, binned; or probabilities, where a single row or column sums to 1."""
        if found.dtype.kind not in "fiub" or found.ndim not in (1, 2) or not found.size:
            raise ValueError(f"an array {found.dtype}{found.shape} is no rows of numbers")
        rows = found.astype(np.float64)
        if not np.isfinite(rows).all():
            raise ValueError(f"{int((~np.isfinite(rows)).sum())} numbers are not finite")
        if rows.size == max(rows.shape) > 1 and abs(rows.sum() - 1) < SUM:
            return of_probabilities(rows.ravel())
        rows = rows.reshape(len(rows), -1)
        if within is None:
            return binned(rows, self.qubits, names)
        if rows.shape[1:] != within.shape:
            raise ValueError(f"there are {rows.shape[1]} columns, which are no {within.words}")
        return within, within.grid[within.number(rows)]


def grid(
    qubits: tuple[int, ...], low: tuple[float, ...], high: tuple[float, ...], names: tuple[str, ...] = ()
) -> MeasurementSpace:
    """The space of a grid.

    Raises:
        ValueError: it has too many places, or none.
    """
    if min(qubits) < 1:
        raise ValueError(f"an axis is read by at least 1 qubit, not {min(qubits)} (--qubits)")
    if reason := wrong_size(sum(qubits), MOST):
        raise ValueError(reason)
    return MeasurementSpace(qubits, low, high, names)


def lognormal(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """The density of exp(N(1, 1)), which Zoufal et al. 2019 learn, up to a factor."""
    positive = np.maximum(x, 1e-9)
    return np.where(x > 0, np.exp(-np.square(np.log(positive) - 1) / 2) / positive, 0.0)


def of_probabilities(p: NDArray[np.float64]) -> tuple[MeasurementSpace, NDArray[np.float64]]:
    """Outcomes on one axis, of given probabilities.

    Raises:
        ValueError: one is negative, or there are not 2^n.
    """
    qubits = len(p).bit_length() - 1
    if p.min() < 0:
        raise ValueError(f"probability {int(p.argmin()) + 1} is {p.min():g}, below 0")
    if len(p) != 1 << qubits:
        raise ValueError(f"there are {len(p)} probabilities: n qubits have 2^n outcomes")
    space = grid((qubits,), (0.0,), (len(p) - 1.0,))
    return space, shots(space, p)


def of_circuit(data: str) -> tuple[MeasurementSpace, NDArray[np.float64]]:
    """Bit strings, an axis a qubit, as a circuit in a file gives them."""
    circuit = read_qasm(path_of(data))
    n = circuit.qubits
    space = grid((1,) * n, (0.0,) * n, (1.0,) * n)
    return space, shots(space, probabilities(simulate(circuit)).numpy())


def binned(
    rows: NDArray[np.float64], qubits: int, names: tuple[str, ...]
) -> tuple[MeasurementSpace, NDArray[np.float64]]:
    """Rows in bins of one width from the smallest number of a column to the largest, at their middles.

    Raises:
        ValueError: a column holds one number only, or there are too many columns.
    """
    low, high = rows.min(0), rows.max(0)
    with np.errstate(over="ignore"):
        span = high - low
    if not np.isfinite(span).all() or (span <= 0).any():
        bad = int(np.argmax(~np.isfinite(span) | (span <= 0)))
        raise ValueError(f"column {bad + 1} holds numbers from {low[bad]:g} to {high[bad]:g} only")
    if reason := wrong_size(max(1, qubits) * rows.shape[1], MOST):
        raise ValueError(f"{rows.shape[1]} columns of {qubits}: {reason} (--qubits)")
    half = span / (1 << max(1, qubits)) / 2
    space = grid(
        (qubits,) * rows.shape[1], tuple((low + half).tolist()), tuple((high - half).tolist()), names
    )
    return space, space.grid[space.number(rows)]


def shots(space: MeasurementSpace, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Measurements as frequent as weights say, in an order of chance; nothing else is left to it."""
    share = np.cumsum(weights) / weights.sum()
    numbers = np.searchsorted(share, (np.arange(SHOTS) + 0.5) / SHOTS, side="right")
    return space.grid[numbers[permute(np.arange(SHOTS), SHOTS, "shots")]]
