"""Machine-learning efficacy: learn from synthetic rows, be tested on real ones."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd


def efficacy(train: pd.DataFrame, test: pd.DataFrame, target: str, positive: Any) -> dict[str, float]:
    """F1 on real rows of four classifiers that learnt from ``train``, and their mean.

    The classifiers of SDGym for Adult (Xu et al. 2019, arXiv 1907.00503, section 5.1): a tree of depth 15,
    AdaBoost, a logistic regression and a perceptron of 50 units. Numbers are standardised, other columns
    one-hot.

    Args:
        train: rows to learn from.
        test: real rows.
        target: the column to be told.
        positive: the value of it that F1 is about.
    """
    from sklearn.ensemble import AdaBoostClassifier
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import f1_score
    from sklearn.neural_network import MLPClassifier
    from sklearn.tree import DecisionTreeClassifier

    x, z = features(train.drop(columns=target), test.drop(columns=target))
    y, wanted = (np.asarray(frame[target] == positive) for frame in (train, test))
    if y.all() or not y.any():
        return {"mean": 0.0}
    judges: dict[str, Any] = {
        "tree": DecisionTreeClassifier(max_depth=15, class_weight="balanced", random_state=0),
        "AdaBoost": AdaBoostClassifier(random_state=0),
        "logistic": LogisticRegression(max_iter=50, class_weight="balanced", random_state=0),
        "perceptron": MLPClassifier((50,), max_iter=50, random_state=0),
    }
    found = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # 50 rounds are the protocol
        for name, judge in judges.items():
            found[name] = float(f1_score(wanted, judge.fit(x, y).predict(z)))
    return {**found, "mean": float(np.mean(list(found.values())))}


def features(train: pd.DataFrame, test: pd.DataFrame) -> tuple[NDArray[Any], NDArray[Any]]:
    """Both frames as numbers, on the scales and with the values of the first."""
    from pandas.api.types import is_numeric_dtype
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    parts: list[tuple[Any, Any]] = []
    for name in train.columns:
        one, other = (frame[[name]] for frame in (train, test))
        if is_numeric_dtype(train[name]):
            maker: Any = StandardScaler()
            one, other = one.fillna(one.mean()), other.fillna(one.mean())
        else:
            maker = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
            one, other = one.astype(str), other.astype(str)
        parts.append((maker.fit_transform(one.to_numpy()), maker.transform(other.to_numpy())))
    return np.hstack([a for a, _ in parts]), np.hstack([b for _, b in parts])
