"""Quantum gates of one qubit as matrices, and which of them have an angle or a control."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

HALF = 0.5**0.5
FIXED: dict[str, list[list[complex]]] = {
    "id": [[1, 0], [0, 1]],
    "x": [[0, 1], [1, 0]],
    "y": [[0, -1j], [1j, 0]],
    "z": [[1, 0], [0, -1]],
    "h": [[HALF, HALF], [HALF, -HALF]],
    "s": [[1, 0], [0, 1j]],
    "sdg": [[1, 0], [0, -1j]],
    "t": [[1, 0], [0, HALF + HALF * 1j]],
    "tdg": [[1, 0], [0, HALF - HALF * 1j]],
    "sx": [[0.5 + 0.5j, 0.5 - 0.5j], [0.5 - 0.5j, 0.5 + 0.5j]],
}
"""Gates without an angle, as OpenQASM 3 names them."""
GENERATORS = {"rx": "x", "ry": "y", "rz": "z", "p": "z"}
"""Gates with an angle θ: exp(−iθP/2) of the Pauli matrix P, and ``p``, which is ``rz`` times exp(iθ/2)."""
CONTROLLED = {"cx": "x", "cy": "y", "cz": "z", "ch": "h", "crx": "rx", "cry": "ry", "crz": "rz", "cp": "p"}
"""Gates whose first qubit says whether the other is acted on."""
NAMES = (*FIXED, *GENERATORS, *CONTROLLED)


def base(name: str) -> str:
    """The gate of one qubit in a gate: ``x`` of ``cx``."""
    return CONTROLLED.get(name, name)


def size(name: str) -> int:
    """How many qubits a gate acts on."""
    return 2 if name in CONTROLLED else 1


def has_angle(name: str) -> bool:
    """Whether a gate has an angle."""
    return base(name) in GENERATORS


def fixed(name: str, like: Tensor) -> Tensor:
    """The matrix ``(2, 2)`` of a gate without an angle, of the dtype and on the device of ``like``."""
    return torch.tensor(FIXED[base(name)], dtype=like.dtype, device=like.device)


def rotations(names: Sequence[str], angles: Tensor) -> Tensor:
    """The matrices of gates with angles, all at once.

    Args:
        names: of the gates.
        angles: real, ``(batch, gates)``.

    Returns:
        cos(θ/2) − i sin(θ/2) P for each, ``(batch, gates, 2, 2)``, complex of the precision of ``angles``.
    """
    kinds = [base(name) for name in names]
    dtype = torch.promote_types(angles.dtype, torch.complex64)
    paulis = torch.tensor([FIXED[GENERATORS[kind]] for kind in kinds], dtype=dtype, device=angles.device)
    unit = torch.eye(2, dtype=dtype, device=angles.device)
    half = (angles / 2)[..., None, None]
    found = torch.cos(half) * unit - 1j * torch.sin(half) * paulis
    if "p" not in kinds:
        return found
    shift = torch.tensor([kind == "p" for kind in kinds], device=angles.device)[:, None, None]
    return found * torch.where(shift, torch.exp(1j * half), torch.ones_like(found))
