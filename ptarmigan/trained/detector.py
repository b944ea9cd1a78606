"""A trained anomaly detector."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ptarmigan.tasks.detect import detector as detection
from ptarmigan.tasks.detect.scores import check_contamination, fence, score_in_chunks
from ptarmigan.trained.base import TRANSLATES_NONE
from ptarmigan.trained.generator import Generator


class Detector(Generator):
    """Anomaly scores and maps of samples; it generates samples, too."""

    game: detection.Detector
    refusals: ClassVar[Mapping[str, str]] = dict.fromkeys(("translate", "direction"), TRANSLATES_NONE)

    def anomaly_scores(self, raw: NDArray[Any]) -> NDArray[np.float64]:
        """The anomaly scores of samples ``(n,)``, in the units of the game: higher is more anomalous.

        Args:
            raw: one a row, as the data was.

        Raises:
            ValueError: the samples are not like the run's.
        """
        return self._scored(self.game.anomaly_score, raw)

    def anomaly_maps(self, raw: NDArray[Any]) -> NDArray[np.float64]:
        """The anomaly maps ``(n, height, width)`` of images ``(n, height, width, channels)``.

        Raises:
            ValueError: the run has no anomaly maps, or the images are not like its own.
        """

        def maps(x: Tensor) -> Tensor:
            found = self.game.anomaly_map(x)
            if found is None:
                raise ValueError("this run has no anomaly maps: anomaly.ganomaly_images does")
            return found

        return self._scored(maps, raw)

    def _scored(self, score: Any, raw: NDArray[Any]) -> NDArray[np.float64]:
        raw = np.asarray(raw)
        self.space.check(raw)
        return score_in_chunks(score, self.game, self.space, raw, precision=self.precision)

    def threshold(self, contamination: float | Literal["auto"]) -> float:
        """The anomaly score that this fraction of the training samples exceeds; or auto, Tukey's fence.

        Raises:
            ValueError: the run's file has no quantiles, or the fraction is out of range.
        """
        check_contamination(contamination)
        known = self.description.get("abnormality")
        if not known:
            raise ValueError("this run's file has no quantiles of the scores of its training samples")
        return fence(known) if contamination == "auto" else float(np.quantile(known, 1 - contamination))
