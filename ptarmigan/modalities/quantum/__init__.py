"""Measurements of a quantum circuit: outcomes on a grid, and how often each is measured."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from ptarmigan.data.glimpse import file_of, text_of
from ptarmigan.data.samples import Samples
from ptarmigan.metrics.evaluator import Evaluator
from ptarmigan.metrics.request import Request
from ptarmigan.modalities.modality import Modality
from ptarmigan.modalities.quantum.source import NAMES, Measurements
from ptarmigan.modalities.quantum.space import MeasurementSpace


def recognise(data: Any) -> str:
    """A named distribution, or a circuit in a file; rows of numbers are so if ``--kind`` says it."""
    if text_of(data) in NAMES:
        return f"the distribution {data}"
    path = file_of(data)
    return "a circuit" if path is not None and path.suffix.lower() == ".qasm" else ""


def example(place: Path) -> Any:
    """A circuit that entangles three qubits."""
    from ptarmigan.modalities.quantum.circuit import Circuit, Gate
    from ptarmigan.modalities.quantum.qasm import to_qasm

    chain = (Gate("cx", (0, 1)), Gate("cx", (1, 2)), Gate("ry", (2,), 0.6))
    path = place / "entangled.qasm"
    path.write_text(to_qasm(Circuit(3, (Gate("h", (0,)), *chain))), encoding="utf-8")
    return str(path)


def evaluator(samples: Samples, request: Request) -> Evaluator:
    """Relative entropy, total variation, fidelity and the Kolmogorov–Smirnov distance."""
    from ptarmigan.modalities.quantum.evaluate import evaluator as of_measurements

    return of_measurements(samples, request)


def between(
    real: Any, fake: Any, request: Request, options: Mapping[str, Any]
) -> tuple[Evaluator, NDArray[Any]]:
    """In the bins of the real ones."""
    from ptarmigan.modalities.quantum.evaluate import between as of_both

    return of_both(real, fake, request, options)


MODALITY = Modality(
    name="quantum",
    plural="measurements",
    takes=f"{', '.join(NAMES)}, a circuit (.qasm); with --kind quantum also a .csv, .npy or .npz file of "
    "rows of numbers, or of 2^n probabilities",
    space=MeasurementSpace,
    options=Measurements,
    recognise=recognise,
    sets=NAMES,
    example=example,
    evaluator=evaluator,
    between=between,
    recipe="quantum.qgan",
    recipes="ptarmigan.zoo.quantum",
)
