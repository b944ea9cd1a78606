"""Measurements: what networks see of them, how they are shown, and that equal ones are as it should be."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from ptarmigan.data.space import Space
from ptarmigan.modalities.quantum.encoding import REACH as REACH
from ptarmigan.modalities.quantum.presentation import MeasurementPresentation


@dataclass(frozen=True)
class MeasurementSpace(MeasurementPresentation, Space):
    """Outcomes of measuring a few qubits, as ``MeasurementEncoding`` says."""

    repeats: ClassVar[bool] = True


def wrong_size(qubits: int, most: int) -> str:
    """Why there are too many qubits to learn; empty where there are not."""
    if qubits <= most:
        return ""
    need = math.ldexp(16, qubits)
    return f"{qubits} qubits have 2^{qubits} outcomes ({need:.2g} bytes a state): {most} can be learnt"
