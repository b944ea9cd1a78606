"""Showers: on request of an incident energy, compared by what physicists look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ptarmigan.data.space import Space
from ptarmigan.modalities.shower.features import ShowerFeatures
from ptarmigan.modalities.shower.presentation import ShowerPresentation

ENERGY = "energy"


@dataclass(frozen=True)
class ShowerSpace(ShowerPresentation, Space):
    """Showers, as ``ShowerEncoding`` says."""

    @cached_property
    def features(self) -> ShowerFeatures:
        """High-level features."""
        return ShowerFeatures(self.layers, self.threshold)

    def describe(self, raw: NDArray[Any]) -> NDArray[np.float32]:
        """High-level features of raw showers, ``(n, features)``."""
        x = torch.from_numpy(np.ascontiguousarray(raw, np.float32)).double()
        with torch.no_grad():
            found: NDArray[np.float32] = self.features(x[:, 0], x[:, 1:]).float().numpy()
        return found

    def planes(self, x: Tensor) -> Tensor:
        """All cells as places of one channel: some, far from the axis, are hardly ever hit."""
        return x[:, None, 1:]

    def embed(self, x: Tensor) -> NDArray[np.float64]:
        """High-level features: 10 cm of a width count as much as a share of all energy."""
        return self.describe(self.decode(x)).astype(np.float64)

    def read_condition(self, words: Sequence[str]) -> dict[str, str]:
        """``energy=50``, in GeV.

        Raises:
            ValueError: a word is not of that form.
        """
        found = dict(word.split("=", 1) for word in words if "=" in word)
        if len(found) != len(words):
            raise ValueError(f"showers are asked for as energy=50, in GeV, not as {' '.join(words)}")
        return found

    def asked(self) -> list[Any]:
        """The smallest, the middle and the largest energy."""
        return [{ENERGY: self.energies[i]} for i in (0, len(self.energies) // 2, -1)]

    def condition(self, given: Any, n: int, seed: int = 0) -> NDArray[Any]:
        """Incident energies, as networks see them, ``(n, 1)``.

        Args:
            given: ``{"energy": 50}``, in GeV.
            n: how many showers.
            seed: nothing is left to chance.

        Raises:
            ValueError: there is no such condition, or no data of such an energy.
        """
        if not isinstance(given, Mapping) or given.keys() != {ENERGY}:
            raise ValueError("showers are asked for by their incident energy: --where energy=50, in GeV")
        low, high = self.energies[0], self.energies[-1]
        try:
            energy = float(given[ENERGY])
        except (TypeError, ValueError):
            energy = float("nan")
        if not low * (1 - 1e-6) <= energy <= high * (1 + 1e-6):
            raise ValueError(f"energy={given[ENERGY]}: the data has energies of {low:.3g} to {high:.3g} GeV")
        return self.scaled(torch.full((n, 1), energy, dtype=torch.float64)).float().numpy()

    def unconditional(self, recipe: str) -> str:
        """Which recipes can be asked."""
        return f"--where: a run of {recipe} cannot be asked for an energy; one of shower.relativistic can"
