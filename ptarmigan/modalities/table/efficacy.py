"""Machine-learning efficacy: learn from synthetic rows, be tested on real ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.core.process import ignored
from ptarmigan.modalities.table.cells import counted
from ptarmigan.modalities.table.frames import pandas_or_error

if TYPE_CHECKING:
    import pandas as pd

MOST = 256
"""Values of a column that classifiers distinguish, at most: the rarest of more are one."""


def efficacy(
    train: pd.DataFrame, test: pd.DataFrame, target: str | int, positive: Any = None
) -> dict[str, float]:
    """F1 on real rows of four classifiers that learnt from ``train``, and their mean.

    The classifiers of SDGym for Adult (Xu et al. 2019, arXiv 1907.00503, section 5.1): a tree of depth 15,
    AdaBoost, a logistic regression and a perceptron of 50 units. Numbers are standardised, other columns
    one-hot.

    Args:
        train: rows to learn from.
        test: real rows.
        target: the column to predict.
        positive: the value of it that F1 is about; the mean over its values when None.
    """
    from sklearn.ensemble import AdaBoostClassifier
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import f1_score
    from sklearn.neural_network import MLPClassifier
    from sklearn.tree import DecisionTreeClassifier

    x, z = features(train.drop(columns=target), test.drop(columns=target))
    y, wanted = (target_of(frame[target], positive) for frame in (train, test))
    if len(np.unique(y)) == 1:
        return {"mean": 0.0}
    average = "macro" if positive is None else "binary"
    judges: dict[str, Any] = {
        "tree": DecisionTreeClassifier(max_depth=15, class_weight="balanced", random_state=0),
        "AdaBoost": AdaBoostClassifier(random_state=0),
        "logistic": LogisticRegression(max_iter=50, class_weight="balanced", random_state=0),
        "perceptron": MLPClassifier((50,), max_iter=50, random_state=0),
    }
    found = {}
    with ignored(ConvergenceWarning):  # 50 rounds are the protocol
        for name, judge in judges.items():
            found[name] = float(f1_score(wanted, judge.fit(x, y).predict(z), average=average))
    return {**found, "mean": float(np.mean(list(found.values())))}


def target_of(column: pd.Series[Any], positive: Any) -> NDArray[Any]:
    """The target of a classifier: whether it is the positive value, or which value it is."""
    return np.asarray(column.astype(str) if positive is None else column == positive)


def features(train: pd.DataFrame, test: pd.DataFrame) -> tuple[NDArray[Any], NDArray[Any]]:
    """Both frames as numbers, on the scales and with the values of the first."""
    from pandas.api.types import is_datetime64_any_dtype, is_numeric_dtype, is_timedelta64_dtype
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    parts: list[tuple[Any, Any]] = []
    for name in train.columns:
        one, other = train[name], test[name]
        if is_datetime64_any_dtype(one) or is_timedelta64_dtype(one):
            one, other = (pandas_or_error().Series(counted(times)) for times in (one, other))
        if is_numeric_dtype(one):
            maker: Any = StandardScaler()
            a, b = (cells.to_numpy(np.float64, na_value=np.nan)[:, None] for cells in (one, other))
            middle = 0.0 if np.isnan(a).all() else np.nanmean(a)
            a, b = (np.where(np.isnan(cells), middle, cells) for cells in (a, b))
        else:
            maker = OneHotEncoder(max_categories=MOST, handle_unknown="ignore", sparse_output=False)
            a, b = (cells.astype(str).to_numpy(object)[:, None] for cells in (one, other))
        parts.append((maker.fit_transform(a), maker.transform(b)))
    return np.hstack([a for a, _ in parts]), np.hstack([b for _, b in parts])
