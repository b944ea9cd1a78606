"""Classifiers that learn from samples, made ones among them or not, and say what others are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from ptarmigan.data.samples import ArraySource, Samples
from ptarmigan.estimators.oversampler import GANOverSampler
from ptarmigan.modalities.image.classifier import BATCH, fitted
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.table.column import Column, is_number
from ptarmigan.modalities.table.describe_columns import counted, described

if TYPE_CHECKING:
    import pandas as pd

Codes = NDArray[np.int64]
Floats = NDArray[np.float64]

CATEGORIES = 255
"""Values of a column up to which trees split it by sets of values."""
NEIGHBOURS = 5
"""Of SMOTE, at most."""
JITTER = 8
"""Images are moved and enlarged by up to their longer side divided by this."""
STEPS = 500
"""Batches that a classifier of images learns from."""
GAN = "GAN"


@dataclass(frozen=True)
class Method:
    """What is done about a rare class before a classifier learns, or while it does.

    Attributes:
        resample: samples and the numbers of their classes to more of them; nothing when None.
        weighted: all classes weigh alike in the classifier's loss.
        jittered: images are moved and enlarged at random as they are learnt from.
    """

    resample: Callable[[Any, Codes], tuple[Any, Codes]] | None = None
    weighted: bool = False
    jittered: bool = False


class Judge(Protocol):
    """What can be done about the classes of samples of one kind, and a classifier of them."""

    def methods(self, sampler: GANOverSampler, seed: int) -> dict[str, Method]:
        """What is compared, by name; the sampler is the last."""
        ...

    def fit(
        self, x: Any, c: Codes, classes: int, *, weighted: bool, jittered: bool, seed: int
    ) -> Callable[[Any], Floats]:
        """A classifier: samples to the probability of every class ``(n, classes)``."""
        ...


class TableJudge:
    """Rows of a frame, told apart by gradient-boosted trees: scikit-learn's, as they come.

    Args:
        frame: rows of all kinds that there are; labels are not among them.
        categorical: columns that are categories although they hold numbers.
    """

    def __init__(self, frame: pd.DataFrame, categorical: tuple[str, ...] = ()) -> None:
        columns, _ = described(frame, categorical)
        self.columns = [(i, column) for i, column in enumerate(columns) if column.width]
        self.kinds = np.array([not is_number(column) for _, column in self.columns])

    def methods(self, sampler: GANOverSampler, seed: int) -> dict[str, Method]:
        """Nothing, weights, random oversampling, SMOTE and a GAN."""
        return {
            "nothing": Method(),
            "class weights": Method(weighted=True),
            "random oversampling": Method(repeated(seed)),
            "SMOTE": Method(lambda x, c: self.smote(self.numbers(x), c, seed)),
            GAN: Method(clone(sampler).set_params(random_state=seed).fit_resample),
        }

    def fit(
        self, x: Any, c: Codes, classes: int, *, weighted: bool, jittered: bool, seed: int
    ) -> Callable[[Any], Floats]:
        """A classifier of rows."""
        from sklearn.ensemble import HistGradientBoostingClassifier

        rows = x if isinstance(x, np.ndarray) else self.numbers(x)
        few = np.array([len(column.values) < CATEGORIES for _, column in self.columns])
        model = HistGradientBoostingClassifier(
            class_weight="balanced" if weighted else None,
            categorical_features=self.kinds & few,
            random_state=seed,
        ).fit(rows, c)

        def probabilities(asked: Any) -> Floats:
            found = np.zeros((len(asked), classes))
            found[:, model.classes_] = model.predict_proba(self.numbers(asked))
            return found

        return probabilities

    def numbers(self, frame: pd.DataFrame) -> Floats:
        """Rows as numbers; other values by their places, and after them a missing one."""
        return np.stack([as_numbers(column, frame.iloc[:, i]) for i, column in self.columns], 1)

    def smote(self, rows: Floats, c: Codes, seed: int) -> tuple[Floats, Codes]:
        """SMOTE, or SMOTENC or SMOTEN where there are categories; a missing number is the median."""
        from imblearn.over_sampling import SMOTE, SMOTEN, SMOTENC

        whole = np.where(np.isnan(rows), np.nanmedian(rows, 0), rows)
        how: dict[str, Any] = {"k_neighbors": neighbours(c), "random_state": seed}
        if not self.kinds.any():
            sampler = SMOTE(**how)
        elif self.kinds.all():
            sampler = SMOTEN(**how)
        else:
            sampler = SMOTENC(np.flatnonzero(self.kinds).tolist(), **how)
        x, labels = sampler.fit_resample(whole, c)
        return np.asarray(x, np.float64), labels


class ImageJudge:
    """Images, told apart by a small convolutional network.

    Args:
        space: what they are.
        steps: batches that it learns from.
    """

    def __init__(self, space: ImageSpace, steps: int = STEPS) -> None:
        self.space, self.steps = space, steps

    def methods(self, sampler: GANOverSampler, seed: int) -> dict[str, Method]:
        """Nothing, weights, random oversampling, the same of images that are moved, SMOTE and a GAN."""
        return {
            "nothing": Method(),
            "class weights": Method(weighted=True),
            "random oversampling": Method(repeated(seed)),
            "image augmentation": Method(repeated(seed), jittered=True),
            "SMOTE": Method(lambda x, c: self.smote(x, c, seed)),
            GAN: Method(clone(sampler).set_params(random_state=seed).fit_resample),
        }

    def fit(
        self, x: Any, c: Codes, classes: int, *, weighted: bool, jittered: bool, seed: int
    ) -> Callable[[Any], Floats]:
        """A classifier of images."""
        names = tuple(map(str, range(classes)))
        space = replace(self.space, classes=names)
        source = ArraySource(x, c, names)
        by = max(x.shape[1:3]) // JITTER if jittered else 0
        counts = np.maximum(np.bincount(c, minlength=classes), 1)
        samples = Samples(source, space, batch=BATCH, seed=seed, jitter=by)
        weight = len(c) / (classes * counts) if weighted else None
        model = fitted(samples, steps=self.steps, weight=weight)
        return lambda asked: model.probabilities(model(asked))

    def smote(self, x: NDArray[Any], c: Codes, seed: int) -> tuple[NDArray[Any], Codes]:
        """SMOTE of pixels."""
        from imblearn.over_sampling import SMOTE

        flat = x.reshape(len(x), -1).astype(np.float32)
        more, labels = SMOTE(k_neighbors=neighbours(c), random_state=seed).fit_resample(flat, c)
        return np.rint(more).astype(x.dtype).reshape(-1, *x.shape[1:]), labels


def repeated(seed: int) -> Callable[[Any, Codes], tuple[Any, Codes]]:
    """Real samples of rare classes, again and again."""

    def more(x: Any, c: Codes) -> tuple[Any, Codes]:
        from imblearn.over_sampling import RandomOverSampler

        rows, labels = RandomOverSampler(random_state=seed).fit_resample(np.arange(len(c))[:, None], c)
        return taken(x, rows[:, 0]), labels

    return more


def taken(x: Any, rows: NDArray[np.int64]) -> Any:
    """Some of the samples, whatever they are in."""
    return x[rows] if isinstance(x, np.ndarray) else x.iloc[rows].reset_index(drop=True)


def neighbours(c: Codes) -> int:
    """Between how many neighbours SMOTE can draw.

    Raises:
        ValueError: a class has one sample only.
    """
    fewest = int(np.bincount(c).min())
    if fewest < 2:
        raise ValueError(
            "a class has one sample to learn from, and SMOTE needs two: measure nothing (--splits 0)"
        )
    return min(NEIGHBOURS, fewest - 1)


def as_numbers(column: Column, series: pd.Series[Any]) -> Floats:
    """A column of a frame as numbers, or as places of its values."""
    if column.kind == "date":
        return counted(series)
    if is_number(column):
        return np.asarray(series.to_numpy(np.float64, na_value=np.nan))
    places: dict[Any, int] = {value: i for i, value in enumerate(column.values)}
    return np.array([places.get(v, len(places)) for v in series.to_numpy(object)], np.float64)
