"""The simulation of circuits in real numbers alone, for exported graphs, which have no complex ones.

A complex number a + ib is the pair (a, b), and a factor of it the matrix ((a, −b), (b, a)).
"""

from __future__ import annotations

import torch
from torch import Tensor

from ptarmigan.modalities.quantum.circuit import Circuit
from ptarmigan.modalities.quantum.gates import FIXED, GENERATORS, base


def probabilities_in_reals(circuit: Circuit, angles: Tensor) -> Tensor:
    """Of every outcome, of a state for each row of angles: ``(batch, gates)`` to ``(batch, 2^qubits)``."""
    state = torch.zeros(angles.shape[0], 2, 1 << circuit.qubits, dtype=angles.dtype)
    state = torch.cat([torch.ones_like(state[:, :1, :1]), state[:, :1, 1:]], 2)
    state = torch.cat([state, torch.zeros_like(state)], 1).view(-1, 2, *[2] * circuit.qubits)
    left = iter(angles.split(1, 1))
    for gate in circuit.gates:
        matrix = pair(gate.name, angles) if gate.angle is None else rotation(gate.name, next(left))
        state = act(state, factors(*matrix), gate.qubits)
    return state.flatten(2).square().sum(1)


def pair(name: str, like: Tensor) -> tuple[Tensor, Tensor]:
    """The real and the imaginary part ``(1, 2, 2)`` of a gate without an angle."""
    matrix = torch.tensor(FIXED[base(name)], dtype=torch.complex128)
    return matrix.real[None].to(like), matrix.imag[None].to(like)


def rotation(name: str, angle: Tensor) -> tuple[Tensor, Tensor]:
    """The same of a gate with an angle ``(batch, 1)``: cos(θ/2) − i sin(θ/2) P, ``(batch, 2, 2)``."""
    half = angle[:, :, None] / 2
    pauli_real, pauli_imaginary = pair(GENERATORS[base(name)], angle)
    real = half.cos() * torch.eye(2).to(angle) + half.sin() * pauli_imaginary
    imaginary = -half.sin() * pauli_real
    if base(name) != "p":
        return real, imaginary
    return real * half.cos() - imaginary * half.sin(), real * half.sin() + imaginary * half.cos()


def factors(real: Tensor, imaginary: Tensor) -> Tensor:
    """What multiplies pairs, ``(batch, 2, 2, 2, 2)``: of the parts to and from, then of the qubit."""
    return torch.stack([torch.stack([real, -imaginary], 1), torch.stack([imaginary, real], 1)], 1)


def act(state: Tensor, matrix: Tensor, qubits: tuple[int, ...]) -> Tensor:
    """A gate on the last of ``qubits``, where those before it are 1.

    Args:
        state: ``(batch, 2, 2, …, 2)``, the parts of a number first.
        matrix: from ``factors``.
        qubits: controls, then the one that is acted on.
    """
    first, *rest = qubits
    if rest:
        off, on = state.unbind(first + 2)
        inner = tuple(q - (q > first) for q in rest)
        return torch.stack([off, act(on, matrix, inner)], first + 2)
    parts = state.reshape(state.shape[0], 2, 1 << first, 2, -1)
    both = matrix.expand(state.shape[0], -1, -1, -1, -1)
    return torch.einsum("nrsij,nsajb->nraib", both, parts).reshape(state.shape)
