"""What of a sample is looked at: features by name, or anybody's function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.samples import Samples
from ptarmigan.evaluation.request import Asked
from ptarmigan.metrics.features import Features, Vectors
from ptarmigan.modalities.image.extractors.pick import extractor


def looked_at(samples: Samples, asked: Asked) -> Features:
    """The features that are asked for, ready for samples like these."""
    if not isinstance(asked.features, str):
        return called(asked.features)
    asked.tell(f"the feature extractor ({asked.features})")
    weights = None if asked.weights is None else Path(asked.weights)
    return extractor(asked.features, samples, weights=weights)


def called(function: Features | Callable[[Any], Any]) -> Features:
    """A function as features: its name stands in the protocol, and what it makes is never cached."""
    if isinstance(function, Features):
        return function
    return Called(function, getattr(function, "__name__", type(function).__name__))


@dataclass(frozen=True)
class Called:
    """Anybody's function of raw samples, as ``Features``."""

    function: Callable[[Any], Any]
    name: str
    hash: str = ""

    def __call__(self, raw: NDArray[Any]) -> Vectors:
        """What the function makes of ``raw``, as one row a sample.

        Raises:
            ValueError: it gives something else.
        """
        out = np.asarray(self.function(raw), np.float32)
        if out.ndim != 2 or len(out) != len(raw):
            raise ValueError(
                f"{self.name} made {out.shape} of {len(raw)} samples: expected one row of numbers for each"
            )
        return out
