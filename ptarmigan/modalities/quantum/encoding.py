"""Outcomes of a measurement: places of a grid, of which every axis is read by a few qubits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ptarmigan.data.space.encoding import Encoding

REACH = 2.0
"""Networks see every axis from −2 to 2."""


@dataclass(frozen=True)
class MeasurementEncoding(Encoding):
    """Outcomes of measuring ``sum(qubits)`` qubits, as places of a grid; raw is ``(n, axes)`` float64.

    The first axis is read by the first, most significant, qubits. An axis of k qubits has 2^k places at equal
    distances from ``low`` to ``high``.

    Attributes:
        qubits: of every axis.
        low: the first place of every axis, in the data's units.
        high: the last.
        names: of the axes.
    """

    qubits: tuple[int, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    names: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()

    @property
    def sizes(self) -> tuple[int, ...]:
        """Places of every axis."""
        return tuple(1 << k for k in self.qubits)

    @property
    def places(self) -> int:
        """How many outcomes there are."""
        return 1 << sum(self.qubits)

    @property
    def shape(self) -> tuple[int]:
        """Coordinates of an outcome."""
        return (len(self.qubits),)

    @property
    def words(self) -> str:
        """``measurements of 6 qubits (8×8)``."""
        return f"measurements of {sum(self.qubits)} qubits ({'×'.join(map(str, self.sizes))})"

    @cached_property
    def grid(self) -> NDArray[np.float64]:
        """The raw form of every outcome, ``(places, axes)``."""
        steps = np.stack(np.unravel_index(np.arange(self.places), self.sizes), 1)
        places: NDArray[np.float64] = self._low + steps * self._pitch
        return places

    @property
    def _low(self) -> NDArray[np.float64]:
        return np.asarray(self.low, np.float64)

    @property
    def _pitch(self) -> NDArray[np.float64]:
        pitch: NDArray[np.float64] = (np.asarray(self.high) - self._low) / (np.asarray(self.sizes) - 1)
        return pitch

    def number(self, raw: NDArray[Any]) -> NDArray[np.int64]:
        """The number of the outcome that is nearest to each row."""
        steps = np.rint((np.asarray(raw, np.float64) - self._low) / self._pitch)
        steps = np.clip(np.nan_to_num(steps), 0, np.asarray(self.sizes) - 1).astype(np.int64)
        found: NDArray[np.int64] = np.ravel_multi_index(tuple(steps.T), self.sizes)
        return found

    def encode(self, raw: NDArray[Any]) -> Tensor:
        """Coordinates from −2 to 2, ``(n, axes)`` float32."""
        share = (np.asarray(raw, np.float64) - self._low) / (np.asarray(self.high) - self._low)
        return torch.from_numpy((REACH * (2 * share - 1)).astype(np.float32))

    def decode(self, x: Tensor) -> NDArray[Any]:
        """The nearest places, ``(n, axes)`` float64."""
        share = (x.detach().double().cpu().numpy() / REACH + 1) / 2
        return self.grid[self.number(self._low + share * (np.asarray(self.high) - self._low))]

    def decoded(self, x: Tensor) -> Tensor:
        """``decode`` as a tensor."""
        most = torch.tensor(self.sizes, dtype=torch.float64) - 1
        low, pitch = torch.from_numpy(self._low), torch.from_numpy(self._pitch)
        steps = ((x.double() / REACH + 1) / 2 * most).round()
        return low + torch.minimum(steps.clamp(min=0), most) * pitch

    def frequencies(self, raw: NDArray[Any]) -> NDArray[np.float64]:
        """How often every outcome is among rows, as shares ``(places,)``."""
        return np.bincount(self.number(raw), minlength=self.places) / len(raw)
