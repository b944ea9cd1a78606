"""Areas and detections: against counts by hand, scikit-learn, and what luck gives."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from ptarmigan.security.rates import auroc, detected, sets_told, threshold


def test_the_area_is_that_of_scikit_learn_also_with_ties():
    rng = np.random.default_rng(0)
    inside, outside = rng.integers(0, 9, 80) + 1.0, rng.integers(0, 9, 50) * 1.0
    both = np.concatenate([inside, outside])
    assert auroc(inside, outside).value == pytest.approx(roc_auc_score([1] * 80 + [0] * 50, both))
    assert auroc(outside, inside).value == pytest.approx(1 - auroc(inside, outside).value)


def test_the_interval_holds_one_half_where_both_are_alike():
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(200):
        low, high = auroc(*rng.normal(size=(2, 100))).interval
        held += low <= 0.5 <= high
    assert 180 <= held <= 199, "95 % of intervals, and not all"


def test_no_more_others_than_allowed_are_above_the_threshold():
    outside = np.repeat(np.arange(50.0), 4)
    for rate in (0.01, 0.1, 0.5):
        assert (outside > threshold(outside, rate)).mean() <= rate
    found = detected(np.full(30, 100.0), outside, 0.01)
    assert found is not None
    assert (found.value, found.low, found.high) == (1, 1, 1)
    assert detected(np.full(30, 100.0), outside, 0.001) is None, "200 others allow no false one"


def test_sets_are_told_better_than_single_samples():
    rng = np.random.default_rng(2)
    inside, outside = rng.normal(0.3, 1, 500), rng.normal(0, 1, 500)
    assert sets_told(inside, outside, 50) > auroc(inside, outside).value + 0.2
    assert sets_told(outside[:250], outside[:250], 20) == pytest.approx(0.5, abs=0.06)
