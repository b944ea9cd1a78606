"""Anomalies behind scikit-learn's interface."""

from __future__ import annotations

import json
import os
from typing import Any, Literal, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from safetensors.torch import load as tensors_of
from safetensors.torch import save as to_bytes
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from ptarmigan.data.arrays import to_array
from ptarmigan.estimators.arrays import to_plain
from ptarmigan.estimators.fitting import (
    Writes,
    estimator_arguments,
    fit_recipe,
    fits,
    networks,
    open_file,
    picklable_state,
    save_bytes,
)
from ptarmigan.estimators.inputs import rows_of, without_tensors
from ptarmigan.tasks.detect.scores import check_contamination, fence
from ptarmigan.trained import Trained

PREFIX = "anomaly."
ROWS, IMAGES = "ganomaly", "ganomaly_images"
"""What finds rows and images where no recipe is named."""
SCORES = "training scores"


class AnomalyGAN(OutlierMixin, BaseEstimator):  # type: ignore[misc]
    """Finds the rows, or images, that are not like the others, by a detector of the zoo.

    It is fitted to normal samples, or to such as are mostly so: rows of numbers ``(n, columns)``, or images
    ``(n, height, width[, channels])`` of uint8, uint16, or floats in [0, 1]. Scores are those of
    scikit-learn's other outlier detectors: lower is more abnormal, and below 0 a decision is an outlier. What
    a sample gets does not depend on those beside it. ``ptarmigan.estimators.pyod.PyOD`` has the same with
    PyOD's signs.

    Args:
        recipe: of rows ganomaly, alad, bigan, fanogan or anogan; to compare with, autoencoder, vae, vaegan or
            aae. Of images ganomaly_images, alad_images, bigan_images, fanogan_images or anogan_images. Or a
            file of your own, such as mine.py. When None ganomaly for rows, and ganomaly_images for images.
        steps: the length of the training; the recipe's own when None.
        contamination: the fraction of the training samples that are called outliers, above 0 and at most 0.5;
            or auto: those with scores above Tukey's fence (1977), 1.5 interquartile ranges above the third
            quartile of the training scores, which may be none.
        options: the recipe's other options, such as ``{"latent": 8}``.
        out: the run's folder, where an interrupted fit goes on; none is kept when empty.
        device: auto, cpu, cuda, mps.
        random_state: the random seed.
        verbose: show progress.

    Attributes:
        decision_scores_: how abnormal each training sample is; higher is more so, as PyOD has it.
        threshold_: the abnormality above which one is an outlier, from the training samples alone.
        labels_: 1 for the training samples that are outliers, else 0.
        offset_: minus the threshold, as scikit-learn has it.
        file_: the trained networks, as a safetensors file.
        n_features_in_: the number of columns; of images, their height.
        feature_names_in_: their names, where they had such.
    """

    def __init__(
        self,
        recipe: str | None = None,
        *,
        steps: int | None = None,
        contamination: float | Literal["auto"] = 0.1,
        options: dict[str, Any] | None = None,
        out: str | os.PathLike[str] = "",
        device: str = "auto",
        random_state: Any = 0,
        verbose: bool = False,
    ) -> None:
        self.recipe = recipe
        self.steps = steps
        self.contamination = contamination
        self.options = options
        self.out = out
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    @fits
    def fit(self, X: ArrayLike, y: Any = None) -> Self:  # noqa: N803
        """Learn what is normal from rows of numbers or from images; ``y`` is not looked at.

        Raises:
            ValueError: these are no finite numbers and no images, or an argument cannot be meant.
            KeyboardInterrupt: it was interrupted.
        """
        check_contamination(self.contamination)
        check_no_windows(self.options or {})
        X = without_tensors(X)  # noqa: N806
        if np.asarray(X).ndim > 2:
            trained = fit_recipe(self, PREFIX, recipe=self.recipe or IMAGES, data=np.asarray(X))
            raw = to_raw_images(trained, X)
            validate_data(self, raw, skip_check_array=True)  # it keeps their height, and forgets names
        else:
            raw = rows_of(self, X, least=2)
            trained = fit_recipe(self, PREFIX, recipe=self.recipe or ROWS, data=raw)
        self._decide(trained.anomaly_scores(raw))
        return self

    def score_samples(self, X: ArrayLike) -> NDArray[np.float64]:  # noqa: N803
        """How normal each sample is, ``(n,)``: lower is more abnormal."""
        raw = samples_of(self, X)
        scores: NDArray[np.float64] = networks(self).anomaly_scores(raw)
        return -scores

    def anomaly_maps(self, X: ArrayLike) -> NDArray[np.float64]:  # noqa: N803
        """How abnormal every pixel of images is, ``(n, height, width)``: from 0, and higher is more so.

        Raises:
            ValueError: this detector is of rows, or of other images.
        """
        raw = samples_of(self, X)
        maps: NDArray[np.float64] = networks(self).anomaly_maps(raw)
        return maps

    def decision_function(self, X: ArrayLike) -> NDArray[np.float64]:  # noqa: N803
        """The same, of which outliers are below 0."""
        scores = self.score_samples(X)  # it checks that there is an offset
        return scores - self.offset_

    def predict(self, X: ArrayLike) -> NDArray[np.int64]:  # noqa: N803
        """-1 for outliers, 1 for the others."""
        return np.where(self.decision_function(X) < 0, -1, 1)

    def sample(self, n: int = 1_000, *, seed: int = 0) -> NDArray[np.float64]:
        """``n`` new samples like those of training; of a thousand, the first are those of ten.

        Rows are ``(n, columns)``, images ``(n, height, width, channels)``.
        """
        check_is_fitted(self)
        return np.asarray(networks(self).sample(n, seed=seed))

    def save(self, path: Writes) -> None:
        """Write the fitted estimator as one safetensors file, over what was there, or into an open file."""
        check_is_fitted(self)
        known = {
            "contamination": self.contamination,
            "names": [str(name) for name in getattr(self, "feature_names_in_", ())],
        }
        description = networks(self).description | {"estimator": known}
        tensors = tensors_of(self.file_)
        if hasattr(self, "decision_scores_"):
            tensors[SCORES] = torch.from_numpy(self.decision_scores_)
        save_bytes(path, to_bytes(tensors, metadata={"ptarmigan": json.dumps(description, default=to_plain)}))

    @classmethod
    def load(cls, path: Writes, *, device: str = "auto") -> Self:
        """A fitted estimator from what ``save`` wrote, at a path or in an open file, or from a run.

        A run remembers quantiles of the scores of its training samples, so it has a threshold, and no
        ``decision_scores_``.

        Raises:
            ValueError: it is no such file.
        """
        file, trained = open_file(path, device)
        known = trained.description.get("estimator", {})
        check_no_windows(trained.description["options"])
        self = cls(
            **estimator_arguments(trained, PREFIX),
            contamination=known.get("contamination", 0.1),
            device=device,
        )
        self.file_, self._trained = file, trained
        self.n_features_in_ = trained.space.raw_shape[0]
        if known.get("names"):
            self.feature_names_in_ = np.array(known["names"], object)
        scores = tensors_of(file).get(SCORES)
        if scores is None:
            self.threshold_ = trained.threshold(self.contamination)
            self.offset_ = -self.threshold_
        else:
            self._decide(scores.numpy())
        return self

    def _decide(self, scores: NDArray[np.float64]) -> None:
        """Take the threshold from the abnormality of the training samples."""
        self.decision_scores_ = scores
        if self.contamination == "auto":
            self.offset_ = -fence(scores)
        else:
            self.offset_ = float(np.percentile(-scores, 100 * self.contamination))
        self.threshold_ = -self.offset_
        self.labels_ = (scores > self.threshold_).astype(np.int64)

    def __getstate__(self) -> dict[str, Any]:
        return picklable_state(super().__getstate__())

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.sparse = True
        return tags


def check_no_windows(options: dict[str, Any]) -> None:
    """Scikit-learn has a score for every row.

    Raises:
        ValueError: the options are those of a detector of windows.
    """
    if options.get("length", 1) != 1:
        raise ValueError(
            "AnomalyGAN scores row by row: make windows of rows first, such as by numpy's "
            "sliding_window_view, or use 'ptarmigan train' and 'ptarmigan detect'"
        )


def to_raw_images(trained: Trained, images: ArrayLike) -> NDArray[Any]:
    """Images as the networks know them, ``(n, height, width, channels)``."""
    source = trained.open(to_array(images)).source
    return source.read(np.arange(len(source)))


def samples_of(estimator: AnomalyGAN, X: ArrayLike) -> NDArray[Any]:  # noqa: N803
    """Samples as the networks of a fitted estimator want them.

    Raises:
        ValueError: they are not like those it was fitted to.
    """
    check_is_fitted(estimator)
    if networks(estimator).space.raw_shape[1:]:  # no rows
        return to_raw_images(networks(estimator), X)
    return rows_of(estimator, X, reset=False)
