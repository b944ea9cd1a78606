"""Circuits: gates one after another; qubit 0 is the most significant bit of a measured number.

That is PennyLane's order. Qiskit's is the other one: its qubit 0 is the least significant bit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from ptarmigan.modalities.quantum.gates import NAMES, has_angle, size


@dataclass(frozen=True)
class Gate:
    """A gate on some qubits, a control first; with an angle in radians where its kind has one."""

    name: str
    qubits: tuple[int, ...]
    angle: float | None = None


@dataclass(frozen=True)
class Circuit:
    """Gates on ``qubits`` qubits, which are 0 at the beginning and measured at the end.

    Raises:
        ValueError: there is no such gate or qubit, or an angle is missing, not finite or one too many.
    """

    qubits: int
    gates: tuple[Gate, ...]

    def __post_init__(self) -> None:
        for number, gate in enumerate(self.gates, 1):
            if reason := wrong(gate, self.qubits):
                raise ValueError(f"gate {number} of the circuit: {reason}")

    @property
    def with_angles(self) -> tuple[Gate, ...]:
        """The gates that have an angle, in order."""
        return tuple(gate for gate in self.gates if gate.angle is not None)

    def bind(self, angles: list[float]) -> Circuit:
        """The same circuit with other angles, one for each gate that has one, in order."""
        left = iter(angles)
        gates = (g if g.angle is None else replace(g, angle=float(next(left))) for g in self.gates)
        return Circuit(self.qubits, tuple(gates))


def wrong(gate: Gate, qubits: int) -> str:
    """Why a gate is none of a circuit of so many qubits; empty where it is."""
    if gate.name not in NAMES:
        return f"there is no gate {gate.name!r}: choose from {', '.join(NAMES)}"
    if len(gate.qubits) != size(gate.name):
        return f"{gate.name} acts on {size(gate.name)} qubit(s), not on {len(gate.qubits)}"
    if len({*gate.qubits}) < len(gate.qubits) or not all(0 <= q < qubits for q in gate.qubits):
        return f"{gate.name} on qubits {gate.qubits} of {qubits}"
    if has_angle(gate.name) == (gate.angle is None):
        return f"{gate.name} has {'no angle' if gate.angle is None else 'an angle'}"
    return "" if gate.angle is None or math.isfinite(gate.angle) else f"{gate.name} has an angle {gate.angle}"


def efficient_su2(qubits: int, layers: int) -> Circuit:
    """The uniform superposition, then RY and RZ on every qubit, ``layers`` times entangled in between.

    The ansatz of Qiskit's tutorial on qGANs: a chain of CX from the last qubit pair to the first. It has
    2 · qubits · (layers + 1) angles, all 0 here.
    """
    every = range(qubits)
    rotate = [Gate(name, (q,), 0.0) for name in ("ry", "rz") for q in every]
    chain = [Gate("cx", (q, q + 1)) for q in reversed(range(qubits - 1))]
    start = [Gate("h", (q,)) for q in every]
    return Circuit(qubits, (*start, *rotate, *(layers * (*chain, *rotate))))


def embedded_layers(qubits: int, layers: int) -> Circuit:
    """RY of the latent on every qubit, then ``layers`` times RY on every qubit and a chain of CZ.

    A sub-generator of Huang et al. 2021, as PennyLane's demonstration has it: the first ``qubits`` angles are
    the latent, the others are trained.
    """
    rotate = [Gate("ry", (q,), 0.0) for q in range(qubits)]
    chain = [Gate("cz", (q, q + 1)) for q in range(qubits - 1)]
    return Circuit(qubits, (*rotate, *(layers * (*rotate, *chain))))
