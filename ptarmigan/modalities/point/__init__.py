"""Points: vectors of a few numbers, drawn in the plane."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ptarmigan.data.glimpse import array_of, file_of, names_in, text_of
from ptarmigan.data.samples import Samples
from ptarmigan.metrics.evaluator import Evaluator
from ptarmigan.metrics.request import Request
from ptarmigan.modalities.modality import Modality
from ptarmigan.modalities.point.source import NAMES, Points
from ptarmigan.modalities.point.space import PointSpace


def recognise(data: Any) -> str:
    """A set of the plane by name, an array of two dimensions, or a csv of nothing but numbers."""
    if text_of(data) in NAMES:
        return f"the set {data}"
    path = file_of(data)
    if path is not None and path.suffix.lower() == ".csv":
        return "" if names_in(path) else "a csv of nothing but numbers"
    if path is not None and path.suffix.lower() != ".npy":
        return ""
    found = array_of(data)
    plane = found is not None and len(found.shape) == 2 and found.dtype.kind in "fiu"
    return f"an array of shape {found.shape}" if found and plane else ""


def example(place: Path) -> Any:
    """A csv of points."""
    import numpy as np

    np.savetxt(place / "points.csv", np.random.default_rng(0).normal(size=(64, 2)), delimiter=",")
    return str(place / "points.csv")


def evaluator(samples: Samples, request: Request) -> Evaluator:
    """Modes where they are known, else distances."""
    from ptarmigan.modalities.point.evaluate import evaluator as of_points

    return of_points(samples, request)


MODALITY = Modality(
    name="point",
    plural="points",
    takes=f"{', '.join(NAMES)}, or a .csv or .npy file of numbers, one point a row",
    space=PointSpace,
    options=Points,
    recognise=recognise,
    sets=NAMES,
    example=example,
    evaluator=evaluator,
    models=("mixture", "kernels"),
    recipe="toy.r3gan",
    recipes="ptarmigan.zoo.toy",
    calibrated=True,
)
