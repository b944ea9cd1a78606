"""A differentiable simulation of circuits: the state vector, gate after gate."""

from __future__ import annotations

import torch
from torch import Tensor

from ptarmigan.core.memory import check_memory
from ptarmigan.modalities.quantum.circuit import Circuit
from ptarmigan.modalities.quantum.gates import fixed, rotations
from ptarmigan.modalities.quantum.reals import probabilities_in_reals

COPIES, COMPLEX = 3, 16
"""States that are held at once, and bytes of a number."""


def simulate(circuit: Circuit, angles: Tensor | None = None) -> Tensor:
    """The state in which a circuit leaves its qubits, from all 0.

    Args:
        circuit: gates and their angles.
        angles: other angles, ``(gates with angles,)`` or ``(batch, gates with angles)``, through which
            gradients flow; the circuit's own, in float64, when None.

    Returns:
        Amplitudes, ``(2^qubits,)`` or ``(batch, 2^qubits)``, complex of the precision of ``angles``; qubit 0
        is the most significant bit of an index.

    Raises:
        ValueError: the state does not go into memory, or there are more or fewer angles.
    """
    turned = circuit.with_angles
    if angles is None:
        angles = torch.tensor([gate.angle for gate in turned], dtype=torch.float64)
    if angles.shape[-1] != len(turned):
        raise ValueError(f"the circuit has {len(turned)} angles, not {angles.shape[-1]}")
    rows = angles[None] if angles.dim() == 1 else angles
    check_memory(
        COPIES * COMPLEX * len(rows) << circuit.qubits,
        f"the state of {circuit.qubits} qubits",
        "simulate a circuit of fewer",
    )
    state = evolve(circuit, rows)
    return state[0] if angles.dim() == 1 else state


def evolve(circuit: Circuit, angles: Tensor) -> Tensor:
    """``simulate`` with one row of angles for each state."""
    names = [gate.name for gate in circuit.with_angles]
    left = iter(rotations(names, angles).unbind(1) if names else ())
    state = torch.zeros(len(angles), 1 << circuit.qubits, device=angles.device, dtype=complex_of(angles))
    state[:, 0] = 1
    state = state.view(-1, *[2] * circuit.qubits)
    for gate in circuit.gates:
        matrix = fixed(gate.name, state)[None] if gate.angle is None else next(left)
        state = act(state, matrix, gate.qubits)
    return state.flatten(1)


def act(state: Tensor, matrix: Tensor, qubits: tuple[int, ...]) -> Tensor:
    """A gate of one qubit, on the last of ``qubits``, where those before it are 1.

    Args:
        state: ``(batch, 2, …, 2)``.
        matrix: ``(batch or 1, 2, 2)``.
        qubits: controls, then the one that is acted on.
    """
    first, *rest = qubits
    if rest:
        off, on = state.unbind(first + 1)
        inner = tuple(q - (q > first) for q in rest)
        return torch.stack([off, act(on, matrix, inner)], first + 1)
    parts = state.reshape(len(state), 1 << first, 2, -1)
    return (matrix[:, None] @ parts).reshape(state.shape)


def complex_of(angles: Tensor) -> torch.dtype:
    """The complex dtype of the precision of angles."""
    return torch.promote_types(angles.dtype, torch.complex64)


def measured(circuit: Circuit, angles: Tensor) -> Tensor:
    """The probabilities of every outcome of a circuit with such angles; see ``simulate``."""
    if not torch.compiler.is_exporting():
        return probabilities(simulate(circuit, angles))
    found = probabilities_in_reals(circuit, angles[None] if angles.dim() == 1 else angles)
    return found[0] if angles.dim() == 1 else found


def probabilities(state: Tensor) -> Tensor:
    """Of every outcome of a measurement of all qubits: |amplitude|², of the shape of ``state``."""
    return state.real.square() + state.imag.square()
