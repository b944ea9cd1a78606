"""Drawings of a pen: a kind of data for ptarmigan, in a package of its own."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan import Measure
from ptarmigan.data.samples import Samples
from ptarmigan.metrics.evaluator import Evaluator, by_numbers
from ptarmigan.metrics.features import EmbeddedFeatures
from ptarmigan.metrics.request import Request
from ptarmigan.modalities.modality import Modality
from ptarmigan_strokes.drawings import Strokes, StrokeSpace, spirals


def ink(raw: NDArray[Any]) -> float:
    """The mean length of the pen's way, in sides of the paper."""
    return float(np.linalg.norm(np.diff(raw, axis=1), axis=2).sum(1).mean())


INK = Measure.of(lambda real, fake: abs(ink(fake) / ink(real) - 1), "length of ink", unit="share")


def evaluator(samples: Samples, request: Request) -> Evaluator:
    """The evaluator of drawings."""
    return by_numbers(samples, request, EmbeddedFeatures(samples.space), "sides of the paper", more=(INK,))


def recognise(data: Any) -> str:
    """Why data are drawings; empty where they are not."""
    known = isinstance(data, str | Path) and (data == "spirals" or str(data).endswith(".strokes"))
    return "pen drawings" if known else ""


def example(place: Path) -> str:
    """A few spirals in a file."""
    StrokeSpace(16).save(spirals(64, 16), place)
    return str(place / "drawings.strokes")


MODALITY = Modality(
    name="stroke",
    plural="drawings",
    takes="spirals, or a .strokes file: a drawing a line, as a JSON list of points from 0 to 1",
    space=StrokeSpace,
    options=Strokes,
    recognise=recognise,
    example=example,
    evaluator=evaluator,
    recipe="stroke.gan",
    recipes="ptarmigan_strokes.zoo",
)
