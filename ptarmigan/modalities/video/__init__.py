"""Videos: clips of moving pictures, as films, animations, strips of frames or arrays."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from ptarmigan.data.samples import Samples
from ptarmigan.metrics.evaluator import Evaluator
from ptarmigan.metrics.request import Request
from ptarmigan.modalities.modality import Description, Modality
from ptarmigan.modalities.video.recognise import recognise
from ptarmigan.modalities.video.shapes import SETS
from ptarmigan.modalities.video.source import KINDS, Videos
from ptarmigan.modalities.video.space import VideoSpace


def describe(options: Videos) -> Description:
    """Count, size, rate, lengths, classes, bad files, and strips of some."""
    from ptarmigan.modalities.video.describe import describe_videos

    return describe_videos(options)


def evaluator(samples: Samples, request: Request) -> Evaluator:
    """Distances in a network that looks at time, motion, colours, classes, and copies."""
    from ptarmigan.modalities.video.evaluate import evaluator as of_videos

    return of_videos(samples, request)


def outputs(samples: Samples, request: Request) -> Evaluator:
    """How near frames are to those that really followed."""
    from ptarmigan.modalities.video.predicted import evaluator as of_predictions

    return of_predictions(samples, request)


def between(
    real: Any, fake: Any, request: Request, options: Mapping[str, Any]
) -> tuple[Evaluator, NDArray[Any]]:
    """Videos of the length and size of the real ones."""
    from ptarmigan.modalities.video.evaluate import between as of_both

    return of_both(real, fake, request, options)


def example(place: Path) -> Any:
    """A few moving shapes, in an array."""
    import numpy as np

    from ptarmigan.modalities.video.shapes import shape

    np.save(place / "clips.npy", np.stack([shape("example", i) for i in range(8)]))
    return str(place / "clips.npy")


MODALITY = Modality(
    name="video",
    plural="videos",
    takes=f"shapes, or {KINDS}",
    space=VideoSpace,
    options=Videos,
    recognise=recognise,
    sets=tuple(SETS),
    look=describe,
    example=example,
    evaluator=evaluator,
    outputs=outputs,
    between=between,
    recipe="video.vgan",
    recipes="ptarmigan.zoo.video",
)
