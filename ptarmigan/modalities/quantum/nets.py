"""Circuits as generators: trained angles, exact probabilities, samples by their inverse."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ptarmigan.core.inverse import first_above, normal_cdf
from ptarmigan.modalities.quantum.circuit import Circuit, efficient_su2
from ptarmigan.modalities.quantum.space import MeasurementSpace
from ptarmigan.modalities.quantum.state import measured
from ptarmigan.nets.layers import Classes
from ptarmigan.nets.players import Generator

START = 0.1
"""The standard deviation of angles at the start: gradients of wide random ones vanish as qubits grow."""


class CircuitGenerator(Generator):
    """A circuit whose measurements are the samples.

    Args:
        circuit: its gates; every angle is trained.
        space: what an outcome means.
    """

    grid: Tensor

    def __init__(self, circuit: Circuit, space: MeasurementSpace) -> None:
        super().__init__()
        self.circuit, self.latent = circuit, 1
        self.angles = nn.Parameter(START * torch.randn(len(circuit.with_angles)))
        places = space.encode(space.grid).to(torch.get_default_dtype())
        self.register_buffer("grid", places, persistent=False)

    @classmethod
    def entangled(cls, space: MeasurementSpace, layers: int) -> CircuitGenerator:
        """``efficient_su2`` on the qubits of a space."""
        return cls(efficient_su2(sum(space.qubits), layers), space)

    def probabilities(self) -> Tensor:
        """Of every outcome, ``(places,)``."""
        return measured(self.circuit, self.angles)

    def forward(self, z: Tensor, c: Classes | None = None) -> Tensor:
        """Outcomes ``(n, axes)`` by the inverse of the cumulated probabilities at Φ(z); ``c`` is ignored."""
        share = self.probabilities().double().cumsum(0)
        u = normal_cdf(z[:, 0].double()) * share[-1]
        return self.grid[first_above(share, u).clamp(max=len(share) - 1)]

    def trained(self) -> Circuit:
        """The circuit with the angles that it has now."""
        return self.circuit.bind(self.angles.tolist())
