"""Vectors: rows of numbers whose columns mean different things, on different scales."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ptarmigan.data.glimpse import array_of, file_of, text_of
from ptarmigan.data.samples import Samples
from ptarmigan.metrics.evaluator import Evaluator
from ptarmigan.metrics.request import Request
from ptarmigan.modalities.modality import Modality
from ptarmigan.modalities.vector.networks import VectorNetworks
from ptarmigan.modalities.vector.source import NAME, Vectors
from ptarmigan.modalities.vector.space import VectorSpace


def recognise(data: Any) -> str:
    """The named set, or an ``.npz`` with rows ``X``, as collections of anomalies have them."""
    if text_of(data) == NAME:
        return f"the set {data}"
    path = file_of(data)
    if path is None or path.suffix.lower() != ".npz":
        return ""
    found = array_of(data)
    return f"rows X of shape {found.shape}" if found and len(found.shape) == 2 else ""


def example(place: Path) -> Any:
    """Rows in an ``.npz``."""
    import numpy as np

    np.savez(place / "rows.npz", X=np.random.default_rng(0).normal(size=(64, 5)))
    return str(place / "rows.npz")


def evaluator(samples: Samples, request: Request) -> Evaluator:
    """Distances, every column on one scale."""
    from ptarmigan.modalities.vector.evaluate import evaluator as of_rows

    return of_rows(samples, request)


MODALITY = Modality(
    name="vector",
    plural="rows of numbers",
    takes=f"{NAME}, or an .npz with rows X; with --kind vector also a .csv or .npy file",
    space=VectorSpace,
    options=Vectors,
    recognise=recognise,
    sets=(NAME,),
    example=example,
    evaluator=evaluator,
    models=("mixture", "kernels"),
    recipe="anomaly.ganomaly",
    recipes="ptarmigan.zoo.anomaly",
    networks=VectorNetworks,
)
