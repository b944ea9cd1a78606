"""Showers as tensors: the incident energy, and logarithms of the share of it that every cell has."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ptarmigan.data.space.encoding import Encoding
from ptarmigan.modalities.shower.geometry import CALOGAN, Layer, layer_from_plain

SCALE = 1e4
"""Shares of 1 in so many are seen about linearly, larger ones as logarithms."""
UNIT = math.log1p(SCALE)
THRESHOLD = 1e-5
"""GeV: what is less in a cell is not read out."""
QUANTILES = 65


@dataclass(frozen=True)
class ShowerEncoding(Encoding):
    """Showers of one particle each; raw is ``(n, 1 + cells)`` float32, the incident energy first, all in GeV.

    Networks see the logarithm of the incident energy E, from −1 at the lowest in the data to 1 at the
    highest, and for every cell of energy e log(1 + 10⁴ e/E), 1 where all is in one cell. What is below the
    threshold is decoded as 0.

    Attributes:
        energies: quantiles of the incident energies in the data, in GeV.
        layers: of the calorimeter.
        threshold: in GeV, below which a cell is not read out.
    """

    energies: tuple[float, ...]
    layers: tuple[Layer, ...] = CALOGAN
    threshold: float = THRESHOLD
    classes: tuple[str, ...] = ()

    @classmethod
    def of(cls, raw: NDArray[Any], layers: tuple[Layer, ...], threshold: float) -> Self:
        """The space of such showers."""
        quantiles = np.quantile(raw[:, 0].astype(np.float64), np.linspace(0, 1, QUANTILES))
        return cls(tuple(quantiles.tolist()), layers, threshold)

    @classmethod
    def from_plain(cls, fields: Mapping[str, Any]) -> Self:
        """The space from what JSON keeps of it."""
        layers = tuple(map(layer_from_plain, fields["layers"]))
        return replace(super().from_plain({**fields, "layers": ()}), layers=layers)

    @property
    def cells(self) -> int:
        """In all layers."""
        return sum(layer.cells for layer in self.layers)

    @property
    def shape(self) -> tuple[int]:
        """The incident energy, and the cells."""
        return (1 + self.cells,)

    @property
    def words(self) -> str:
        """``showers in 504 cells (3×96, 12×12, 12×6)``."""
        forms = ", ".join("×".join(map(str, layer.shape)) for layer in self.layers)
        return f"showers in {self.cells:,} cells ({forms})"

    def encode(self, raw: NDArray[Any]) -> Tensor:
        """The inverse of ``decode``, as float32."""
        energy = torch.from_numpy(np.asarray(raw[:, :1], np.float64))
        cells = torch.from_numpy(np.asarray(raw[:, 1:], np.float64))
        return torch.cat([self.scaled(energy), self.seen(cells / energy)], 1).float()

    def decoded(self, x: Tensor) -> Tensor:
        """Energies in GeV, ``(n, 1 + cells)`` float32."""
        x = x.float()
        energy = self.energy(x[:, :1].double()).float()
        cells = self.share(x[:, 1:]) * energy
        return torch.cat([energy, cells * (cells >= self.threshold)], 1)

    def seen(self, share: Tensor) -> Tensor:
        """What networks see of a cell's share of the incident energy."""
        return torch.log1p(SCALE * share) / UNIT

    def share(self, x: Tensor) -> Tensor:
        """The inverse of ``seen``, up to what is far below any threshold; 0 of what is negative."""
        return (torch.exp(UNIT * x.clamp(0.0, 1.5)) - 1) / SCALE

    def scaled(self, energy: Tensor) -> Tensor:
        """What networks see of incident energies in GeV."""
        middle, half = self._range
        return (torch.log(energy) - middle) / half

    def energy(self, e: Tensor) -> Tensor:
        """The inverse of ``scaled``."""
        middle, half = self._range
        return torch.exp(middle + half * e)

    @property
    def _range(self) -> tuple[float, float]:
        low, high = math.log(self.energies[0]), math.log(self.energies[-1])
        return (low + high) / 2, (high - low) / 2 or 1.0
