"""Whether a threshold is exceeded where it was: critical success index and fractions skill score."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Contingency(NamedTuple):
    """Hits, misses, false alarms and correct negatives of one threshold."""

    hits: int
    misses: int
    false_alarms: int
    negatives: int

    @property
    def csi(self) -> float:
        """Critical success index: hits of all that was seen or forecast; NaN where nothing was."""
        return ratio(self.hits, self.hits + self.misses + self.false_alarms)

    @property
    def pod(self) -> float:
        """Probability of detection: hits of all that was seen."""
        return ratio(self.hits, self.hits + self.misses)

    @property
    def far(self) -> float:
        """False alarm ratio: false alarms of all that was forecast."""
        return ratio(self.false_alarms, self.hits + self.false_alarms)


def contingency(forecast: NDArray[Any], observed: NDArray[Any], threshold: float) -> Contingency:
    """Count places where a forecast, and what was observed, are at least at the threshold."""
    seen = np.isfinite(observed) & np.isfinite(forecast)
    says, does = (forecast >= threshold) & seen, (observed >= threshold) & seen
    hits = int((says & does).sum())
    return Contingency(
        hits, int(does.sum()) - hits, int(says.sum()) - hits, int(seen.sum() - (says | does).sum())
    )


def fractions_skill(
    forecast: NDArray[Any], observed: NDArray[Any], threshold: float, scale: int = 1
) -> float:
    """The fractions skill score of fields ``(…, height, width)``: Roberts and Lean 2008, equation 7.

    Shares of places at or above the threshold in windows of ``scale`` × ``scale`` cells are compared: 1 is
    perfect; beyond the edges nothing exceeds. NaN where neither does anywhere.
    """
    from scipy.ndimage import uniform_filter

    size = (*[1] * (forecast.ndim - 2), scale, scale)
    a, b = (
        uniform_filter((each >= threshold).astype(np.float64), size, mode="constant")
        if scale > 1
        else (each >= threshold).astype(np.float64)
        for each in (forecast, observed)
    )
    worst = float(np.square(a).sum() + np.square(b).sum())
    return 1 - float(np.square(a - b).sum()) / worst if worst else float("nan")


def ratio(part: int, whole: int) -> float:
    """A share; NaN of nothing."""
    return part / whole if whole else float("nan")
