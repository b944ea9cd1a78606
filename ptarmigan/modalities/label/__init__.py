"""Label maps: the class of every pixel. They are a side of a translation, and no data of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ptarmigan.modalities.label.source import Labels
from ptarmigan.modalities.label.space import LabelSpace
from ptarmigan.modalities.modality import Modality


def recognise(data: Any) -> str:
    """Nothing: which pictures are label maps is said by ``--labels``, for their numbers do not tell."""
    return ""


def example(place: Path) -> Any:
    """Maps of three classes."""
    import numpy as np

    return np.random.default_rng(0).integers(0, 3, (12, 8, 8), np.uint8)


MODALITY = Modality(
    name="label",
    plural="label maps",
    takes="",
    space=LabelSpace,
    options=Labels,
    recognise=recognise,
    example=example,
    calibrated=True,
)
