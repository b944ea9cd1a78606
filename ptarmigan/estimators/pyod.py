"""An estimator with the conventions of PyOD (Zhao et al. 2019, arXiv 1901.01588), without PyOD."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ptarmigan.estimators.anomaly import AnomalyGAN


class PyOD:
    """A detector whose scores are higher for what is more abnormal, and whose labels are 1 for outliers.

    Args:
        detector: the same with scikit-learn's conventions, fitted or not.
    """

    def __init__(self, detector: AnomalyGAN) -> None:
        self.detector = detector

    @property
    def contamination(self) -> float:
        """The fraction of the training rows that are outliers."""
        return self.detector.contamination

    @property
    def decision_scores_(self) -> NDArray[np.float64]:
        """How abnormal each training row is."""
        return self.detector.decision_scores_

    @property
    def threshold_(self) -> float:
        """The score above which a row is an outlier."""
        return self.detector.threshold_

    @property
    def labels_(self) -> NDArray[np.int64]:
        """1 for the training rows that are outliers, else 0."""
        return self.detector.labels_

    def fit(self, X: ArrayLike, y: Any = None) -> Self:  # noqa: N803
        """Learn what is normal; ``y`` is not looked at."""
        self.detector.fit(X)
        return self

    def decision_function(self, X: ArrayLike) -> NDArray[np.float64]:  # noqa: N803
        """How abnormal each row is."""
        return -self.detector.score_samples(X)

    def predict(self, X: ArrayLike) -> NDArray[np.int64]:  # noqa: N803
        """1 for outliers, else 0."""
        return (self.detector.predict(X) < 0).astype(np.int64)

    def fit_predict(self, X: ArrayLike, y: Any = None) -> NDArray[np.int64]:  # noqa: N803
        """The labels of the training rows."""
        return self.fit(X).labels_
