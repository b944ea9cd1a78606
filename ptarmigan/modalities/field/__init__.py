"""Fields: weather and anything else on a grid of rows and columns, over time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ptarmigan.data.samples import Samples
from ptarmigan.metrics.evaluator import Evaluator
from ptarmigan.metrics.request import Request
from ptarmigan.modalities.field.rain import NAME
from ptarmigan.modalities.field.recognise import recognise
from ptarmigan.modalities.field.source import KINDS, Fields
from ptarmigan.modalities.field.space import FieldSpace
from ptarmigan.modalities.modality import Description, Modality, Predictor


def describe(options: Fields) -> Description:
    """Events, times, the grid, variables, and what is missing."""
    from ptarmigan.modalities.field.describe import describe_fields

    return describe_fields(options)


def evaluator(samples: Samples, request: Request) -> Evaluator:
    """Spectra, values, and distances in the embedding."""
    from ptarmigan.modalities.field.evaluate import evaluator as of_fields

    return of_fields(samples, request)


def outputs(samples: Samples, request: Request) -> Evaluator:
    """Scores of ensembles."""
    from ptarmigan.modalities.field.outputs import evaluator as of_ensembles

    return of_ensembles(samples, request)


def predict(run: Predictor, data: Any, out: Path, members: int, seed: int) -> str:
    """An ensemble on the grid of a file."""
    from ptarmigan.modalities.field.predict import predict as of_file

    return of_file(run, data, out, members, seed)


def example(place: Path) -> Any:
    """An hour of rain in a netCDF file."""
    from ptarmigan.modalities.field.rain import rain
    from ptarmigan.modalities.field.variable import Variable
    from ptarmigan.modalities.field.write import write_netcdf

    (event,) = rain(events=1, times=12)
    variables = [Variable(v.name, v.units, words=v.words) for v in event.variables]
    write_netcdf(place / "hour.nc", event.values, variables, (event.y, event.x), event.time, event.time_units)
    return str(place / "hour.nc")


MODALITY = Modality(
    name="field",
    plural="fields",
    takes=f"{NAME}, or {KINDS}",
    space=FieldSpace,
    options=Fields,
    recognise=recognise,
    sets=(NAME,),
    look=describe,
    example=example,
    evaluator=evaluator,
    outputs=outputs,
    predict=predict,
    ending=".nc",
    recipe="field.gan",
    recipes="ptarmigan.zoo.field",
)
