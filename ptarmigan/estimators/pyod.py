"""An estimator with the conventions of PyOD (Zhao et al. 2019, arXiv 1901.01588), without PyOD."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.utils import ClassifierTags, get_tags

from ptarmigan.estimators.anomaly import AnomalyGAN
from ptarmigan.estimators.fitting import fits

Floats = NDArray[np.float64]

SHARED = (
    "contamination",
    "decision_scores_",
    "threshold_",
    "labels_",
    "n_features_in_",
    "feature_names_in_",
)
"""What both conventions have alike."""


class PyOD(BaseEstimator):  # type: ignore[misc]
    """A detector whose scores are higher for what is more abnormal, and whose labels are 1 for outliers.

    Args:
        detector: the same with scikit-learn's conventions, fitted or not.

    Attributes:
        detector_: another one like it, that ``fit`` has fitted.
        contamination: the fraction of the training rows that are outliers, or auto.
        decision_scores_: how abnormal each training row is.
        threshold_: the score above which a row is an outlier.
        labels_: 1 for the training rows that are outliers, else 0.
        n_features_in_: the number of columns.
        feature_names_in_: their names, where they had such.
    """

    def __init__(self, detector: AnomalyGAN) -> None:
        self.detector = detector

    def __getattr__(self, name: str) -> Any:
        if name not in SHARED:
            raise AttributeError(f"PyOD has no attribute {name!r}")
        return getattr(self._fitted, name)

    @property
    def _fitted(self) -> AnomalyGAN:
        return vars(self).get("detector_", self.detector)  # type: ignore[no-any-return]

    @fits
    def fit(self, X: ArrayLike, y: Any = None) -> Self:  # noqa: N803
        """Learn what is normal; ``y`` is not looked at."""
        self.detector_ = clone(self.detector).fit(X)
        return self

    def decision_function(self, X: ArrayLike) -> Floats:  # noqa: N803
        """How abnormal each row is."""
        return -self._fitted.score_samples(X)

    def predict(self, X: ArrayLike) -> NDArray[np.int64]:  # noqa: N803
        """1 for outliers, else 0."""
        return (self._fitted.predict(X) < 0).astype(np.int64)

    def predict_proba(self, X: ArrayLike, method: str = "linear") -> Floats:  # noqa: N803
        """The probabilities ``(n, 2)`` that rows are none and that they are outliers.

        Args:
            X: the rows.
            method: linear, where scores are on the scale from 0, the lowest of the training scores, to 1, the
                highest; or unify, a Gaussian's with the training scores' mean and standard deviation (Kriegel
                et al. 2011, "Interpreting and unifying outlier scores", section 4).

        Raises:
            ValueError: there is no such method.
        """
        from scipy.special import erf

        scores, known = self.decision_function(X), self._fitted.decision_scores_
        if method == "linear":
            outlier = (scores - known.min()) / (np.ptp(known) or 1.0)
        elif method == "unify":
            outlier = erf((scores - known.mean()) / ((known.std() or 1.0) * np.sqrt(2)))
        else:
            raise ValueError(f"method is 'linear' or 'unify', not {method!r}")
        outlier = outlier.clip(0, 1)
        return np.column_stack([1 - outlier, outlier])

    def fit_predict(self, X: ArrayLike, y: Any = None) -> NDArray[np.int64]:  # noqa: N803
        """The labels of the training rows."""
        labels: NDArray[np.int64] = self.fit(X).detector_.labels_
        return labels

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self._fitted, "threshold_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self.detector).input_tags
        tags.classifier_tags = ClassifierTags(multi_class=False)  # predict_proba has two columns
        return tags
