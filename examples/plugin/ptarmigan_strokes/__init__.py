"""Drawings of a pen: a kind of data for ptarmigan, in a package of its own."""

from pathlib import Path
from typing import Any

from ptarmigan.modalities.modality import Modality
from ptarmigan_strokes.source import Strokes, spirals
from ptarmigan_strokes.space import StrokeSpace


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
    recipe="stroke.gan",
    recipes="ptarmigan_strokes.zoo",
)
