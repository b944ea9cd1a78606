"""A trained detector: it says how anomalous samples are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ptarmigan.tasks.detect import detector as detection
from ptarmigan.tasks.detect.scores import scored
from ptarmigan.trained.base import TRANSLATES_NONE
from ptarmigan.trained.generator import Generator


class Detector(Generator):
    """Scores how anomalous samples are, and makes some, too."""

    game: detection.Detector
    refusals: ClassVar[Mapping[str, str]] = dict.fromkeys(("translate", "direction"), TRANSLATES_NONE)

    def anomaly_scores(self, raw: NDArray[Any]) -> NDArray[np.float64]:
        """How anomalous samples are ``(n,)``, in the units of the game: higher is more so.

        Args:
            raw: one a row, as the data was.

        Raises:
            ValueError: the samples are not like the run's.
        """
        return self._scored(self.game.anomaly_score, raw)

    def anomaly_maps(self, raw: NDArray[Any]) -> NDArray[np.float64]:
        """How anomalous every pixel of images ``(n, height, width, channels)`` is, ``(n, height, width)``.

        Raises:
            ValueError: the run has no anomaly maps, or the images are not like its own.
        """

        def maps(x: Tensor) -> Tensor:
            found = self.game.anomaly_map(x)
            if found is None:
                raise ValueError(
                    "this run does not say where samples are abnormal: anomaly.ganomaly_images does"
                )
            return found

        return self._scored(maps, raw)

    def _scored(self, score: Any, raw: NDArray[Any]) -> NDArray[np.float64]:
        raw = np.asarray(raw)
        self.space.check(raw)
        return scored(score, self.game, self.space, raw, precision=self.precision)

    def threshold(self, contamination: float) -> float:
        """The anomaly score that this fraction of the training samples exceeds.

        Raises:
            ValueError: the run remembers no scores, or the fraction cannot be meant.
        """
        if not 0 < contamination <= 0.5:
            raise ValueError(f"contamination is above 0 and at most 0.5, not {contamination:g}")
        known = self.description.get("abnormality")
        if not known:
            raise ValueError("this run does not remember the scores of its training samples")
        return float(np.quantile(known, 1 - contamination))
