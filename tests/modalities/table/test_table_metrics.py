"""How like real rows others are: by hand, at the ends of the scale, and beside trivial tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from evaluators import metrics_of

from ptarmigan.metrics.likelihood import likelihoods
from ptarmigan.modalities.table.efficacy import efficacy
from ptarmigan.modalities.table.measures import bootstrap, column_shapes, independent, pair_trends
from ptarmigan.modalities.table.source import Table


def opened(frame: pd.DataFrame, **options):
    samples = Table(frame, **options).open(batch=8)
    return samples.space.columns, samples.source.read(np.arange(len(frame)))


def correlated(n: int = 4000) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    x = rng.normal(size=n)
    return pd.DataFrame({"x": x, "y": x + rng.normal(size=n), "sign": np.where(x > 0, "plus", "minus")})


def test_shapes_by_hand():
    columns, real = opened(pd.DataFrame({"n": [1, 2, 3, 4] * 10, "c": ["a", "a", "b", "c"] * 10}))
    assert column_shapes(columns, real, real) == 1
    other = real.copy()
    other[:, 0] = [columns[0].values.index(v) for v in [1, 1, 1, 4] * 10]  # KS: 3/4 against 1/4 at 1
    other[:, 1] = columns[1].values.index("a")  # total variation: 1/2
    assert column_shapes(columns, real, other) == pytest.approx((0.5 + 0.5) / 2)


def test_pairs_by_hand():
    frame = pd.DataFrame({"a": ["x", "y"] * 20, "b": ["u", "v"] * 20})
    columns, real = opened(frame)
    swapped = real.copy()
    swapped[:, 1] = 1 - real[:, 1]
    assert pair_trends(columns, real, real) == 1
    assert pair_trends(columns, real, swapped) == 0
    numbers = pd.DataFrame({"a": np.arange(50.0), "b": np.arange(50.0) ** 1.0 + 0.5})
    columns, real = opened(numbers)
    assert pair_trends(columns, real, np.stack([real[:, 0], real[::-1, 1]], 1)) == pytest.approx(0)


def test_missing_values_do_not_count_in_shapes_and_are_a_value_in_pairs():
    frame = pd.DataFrame({"a": ["x", "y", None, None] * 10, "b": ["u", "v"] * 20})
    columns, real = opened(frame)
    whole = real.copy()
    whole[np.isnan(real[:, 0]), 0] = np.tile([0.0, 1.0], 10)
    assert column_shapes(columns, real, whole) == 1
    assert pair_trends(columns, real, whole) == pytest.approx(0.5)


def test_trivial_tables_are_where_they_should_be():
    columns, real = opened(correlated())
    alone, again = (make(real, len(real)) for make in (independent, bootstrap))
    assert column_shapes(columns, real, alone) > 0.97
    assert column_shapes(columns, real, again) > 0.97
    assert pair_trends(columns, real, again) > 0.97
    assert pair_trends(columns, real, alone) < 0.8


def test_tables_are_scored_by_both_while_they_are_trained():
    frame = correlated(300)
    frame.loc[::7, "x"] = None
    samples = Table(frame).open(batch=8)
    shapes, trends = metrics_of(samples, 100)
    assert (shapes.name, trends.name) == ("column shapes", "pair trends")
    assert not shapes.lower_is_better
    raw = samples.source.read(np.arange(100))
    assert 0.5 < shapes(raw) <= 1
    assert 0.5 < trends.real <= 1


def test_likelihoods_fall_where_rows_are_wrong_and_where_modes_are_missing():
    rng = np.random.default_rng(0)
    centres = np.array([[0.0, 0], [5, 0], [0, 5], [5, 5]])

    def rows(modes):
        return centres[rng.integers(modes, size=2000)] + rng.normal(size=(2000, 2)) * 0.1

    test = rows(4)
    whole, part = likelihoods(rows(4), test, 4), likelihoods(rows(2), test, 4)
    assert whole.synthetic == pytest.approx(whole.test, abs=0.1)
    assert part.synthetic == pytest.approx(whole.synthetic, abs=0.2)
    assert part.test < whole.test - 10
    assert likelihoods(test * 1.5, test, 4).synthetic < whole.synthetic - 10


def test_efficacy_of_real_rows_and_of_rows_that_say_nothing():
    frame = correlated(400)
    said = efficacy(frame[:300], frame[300:], "sign", "plus")
    assert said["mean"] > 0.95
    shuffled = frame[:300].assign(sign=frame["sign"][:300].to_numpy()[::-1])
    assert efficacy(shuffled, frame[300:], "sign", "plus")["mean"] < 0.75
    assert efficacy(frame[:300].assign(sign="minus"), frame[300:], "sign", "plus")["mean"] == 0
