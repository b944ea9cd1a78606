"""Series: a few channels at every step of time, some series shorter than others."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.glimpse import array_of, text_of
from ptarmigan.data.samples import Samples
from ptarmigan.metrics.evaluator import Evaluator
from ptarmigan.metrics.request import Request
from ptarmigan.modalities.modality import Description, Modality
from ptarmigan.modalities.series.source import NAME, Series
from ptarmigan.modalities.series.space import SeriesSpace


def recognise(data: Any) -> str:
    """The named set, or numbers ``(series, time, channels)`` that are no pixels.

    A table whose rows are steps of time looks as any other: that it is series is said by ``--kind``.
    """
    if text_of(data) == NAME:
        return f"the set {data}"
    if isinstance(data, list) and data and all(len(getattr(one, "shape", ())) == 2 for one in data):
        return f"a list of {len(data):,} arrays (time, channels)"
    found = array_of(data)
    if found is None or len(found.shape) != 3 or found.dtype.kind not in "fi" or found.some is None:
        return ""
    pixels = found.dtype.kind == "f" and np.nanmin(found.some) >= 0 and np.nanmax(found.some) <= 1
    return "" if pixels else f"an array (series, time, channels) of shape {found.shape}"


def describe(options: Series) -> Description:
    """Count, steps, channels, duplicates and range."""
    from ptarmigan.modalities.series.describe import describe_series

    return describe_series(options)


def example(place: Path) -> Any:
    """Sines, in an array."""
    rng = np.random.default_rng(0)
    waves = np.sin(np.arange(32)[:, None] * rng.uniform(0.1, 0.3, 2) + rng.uniform(0, 6, (64, 1, 2)))
    np.save(place / "waves.npy", waves)
    return str(place / "waves.npy")


def evaluator(samples: Samples, request: Request) -> Evaluator:
    """What looks at order in time, and TimeGAN's scores."""
    from ptarmigan.modalities.series.evaluate import evaluator as of_series

    return of_series(samples, request)


def between(
    real: Any, fake: Any, request: Request, options: Mapping[str, Any]
) -> tuple[Evaluator, NDArray[Any]]:
    """Channels in the order of the real ones."""
    from ptarmigan.modalities.series.evaluate import between as of_both

    return of_both(real, fake, request, options)


MODALITY = Modality(
    name="series",
    plural="series",
    takes=f"{NAME}, or an .npy file (series, time, channels); with --kind series also a .csv or .parquet "
    "file, a step of time a row",
    space=SeriesSpace,
    options=Series,
    recognise=recognise,
    sets=(NAME,),
    look=describe,
    example=example,
    evaluator=evaluator,
    between=between,
    models=("hmm",),
    recipe="series.doppelganger",
    recipes="ptarmigan.zoo.series",
)
