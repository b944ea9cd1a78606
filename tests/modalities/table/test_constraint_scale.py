"""Constraints between numbers that float64 cannot hold: compared, learnt and fulfilled as they are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ptarmigan.modalities.table.source import Table

N = 60
RNG = np.random.default_rng(0)
GAPS = pd.Series(RNG.integers(0, 50, N))
NOW = pd.Timestamp("2024-03-01 12:00:00.123456789")
LONG = pd.Series(RNG.integers(0, 10**6, N)) * 1_000_003


def pair(low: pd.Series, high: pd.Series) -> pd.DataFrame:
    return pd.DataFrame({"low": low, "high": high, "other": RNG.normal(size=N)})


def later(ns: pd.Series) -> pd.Series:
    return NOW + pd.to_timedelta(ns, "ns")


PAIRS = {
    "beyond 2**53": pair(2**60 + LONG, 2**60 + LONG + GAPS * 7),
    "one of them beyond": pair(2**52 + LONG, 2**53 + 1 + LONG * 2),
    "few of them": pair(2**60 + GAPS % 3, 2**60 + GAPS % 3 + GAPS % 2),
    "few and many": pair(2**60 + GAPS % 3, 2**60 + 3 + LONG),
    "at the end of uint64": pair(
        2**64 - 1 - 2 * LONG.astype("uint64"), 2**64 - 1 - LONG.astype("uint64")
    ),
    "nanoseconds": pair(later(LONG), later(LONG + GAPS)),
    "nanoseconds far apart": pair(later(LONG * 1000), later((LONG + GAPS) * 10**6)),
    "microseconds": pair(later(LONG).dt.as_unit("us"), later(LONG + GAPS * 1000).dt.as_unit("us")),
    "missing": pair(
        pd.array([None if i % 5 == 0 else 2**60 + i for i in range(N)], "Int64"),
        pd.array([None if i % 7 == 0 else 2**60 + 2 * i for i in range(N)], "Int64"),
    ),
    "objects": pair(GAPS.astype(object) + 10**30, 3 * GAPS.astype(object) + 10**30),
    "huge": pair(pd.Series(-np.exp(RNG.normal(size=N)) * 1e300), pd.Series(RNG.random(N) * 1e290)),
    "tiny": pair(pd.Series(RNG.random(N) * 1e-310), pd.Series((1 + RNG.random(N)) * 1e-300)),
}  # fmt: skip


def made_of(
    frame: pd.DataFrame, *constraints: str, seed: int = 0, n: int = 400
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A table as it is encoded and decoded, and what a network that says anything makes of it."""
    samples = Table(frame, constraints=constraints).open(batch=4)
    space = samples.space
    raw = samples.source.read(np.arange(len(frame)))
    said = 3 * torch.randn(n, *space.shape, generator=torch.Generator().manual_seed(seed))
    return space.frame(space.decode(space.encode(raw))), space.frame(space.decode(said))


@pytest.mark.parametrize("name", PAIRS)
def test_whatever_is_made_is_in_order_and_could_have_stood_there(name):
    frame = PAIRS[name]
    again, made = made_of(frame, "low <= high")
    both = made[["low", "high"]].dropna()
    assert len(both) > 20
    assert (both["low"] <= both["high"]).all()
    for column in ("low", "high"):
        assert made[column].dtype == again[column].dtype == frame[column].dtype
        assert made[column].min() >= frame[column].min()
        assert made[column].max() <= frame[column].max()
    if not name.startswith("few"):  # learnt as a distance, which float32 has
        assert again["low"].isna().equals(frame["low"].isna())


def test_few_numbers_stay_those_that_occur():
    frame = pair(GAPS % 4 * 10, GAPS % 4 * 10 + GAPS % 2 * 5)
    _, made = made_of(frame, "low <= high")
    assert set(made["high"]) <= set(frame["high"])
    _, made = made_of(frame.assign(high=frame["high"] + 1), "low < high")
    assert set(made["high"]) <= set(frame["high"] + 1)


@pytest.mark.parametrize(
    ("constraint", "words"),
    [
        ("low < high", "row 2 breaks it"),
        ("9007199254740993 < low", "row 2 breaks it"),
        ("high <= 9007199254740995", "row 1 breaks it"),
        ("high < low", "rows break it, first row 1"),
    ],
)
def test_a_last_digit_that_breaks_it_is_seen(constraint, words):
    frame = pd.DataFrame({"low": [2**53 + 2] * 3, "high": [2**53 + 4] * 3, "x": [1.5, 2.5, 0.5]})
    frame.loc[1, "low"], frame.loc[1, "high"] = 2**53 + 1, 2**53 + 1
    with pytest.raises(ValueError, match=words):
        made_of(frame, constraint)
    made_of(frame, "low <= high", "9007199254740993 <= low", "high <= 9007199254740996")


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (pd.Series([2**60 + 1, 5, 7]), pd.Series([2e60, 1e61, 1e101]), "make them one dtype"),
        (pd.Series([-(2**63), 1, 3]), pd.Series([-(2**63), 2**63 - 1, 5]), "round them"),
        (pd.Series([1e-300, 2e-300, 2.5e-300]), pd.Series([1e300, 2e300, 2.5e300]), "too much in size"),
    ],
)
def test_what_cannot_be_compared_is_refused(low, high, words):
    wide = [column.repeat(20).reset_index(drop=True) for column in (low, high)]
    frame = pd.DataFrame({"low": wide[0], "high": wide[1], "x": RNG.normal(size=60)})
    with pytest.raises(ValueError, match=words):
        made_of(frame.sample(frac=1, random_state=0), "low <= high")


def test_bounds_of_constants_and_dates_are_checked():
    frame = pd.DataFrame({"age": [7] * 30, "born": later(LONG[:30]), "x": RNG.normal(size=30)})
    with pytest.raises(ValueError, match="30 rows break it"):
        made_of(frame, "18 <= age")
    with pytest.raises(ValueError, match="row"):
        made_of(frame, "born < 2024-03-01 12:00")
    with pytest.raises(ValueError, match="born"):
        made_of(frame, "age < born")
    made_of(frame, "age < 18", "born > 2024-03-01 12:00:00.123456788", "7 <= age")


def test_a_cell_of_a_combination_beyond_float64_can_be_asked_for():
    frame = pd.DataFrame({"code": (2**60 + LONG).iloc[:30].repeat(2).tolist(), "kind": ["a", "b"] * 30})
    samples = Table(frame, constraints=("code+kind",)).open(batch=4)
    asked = samples.space.condition({"code": str(frame["code"][4])}, 3)
    assert np.count_nonzero(asked) == 3
    with pytest.raises(ValueError, match="no row"):
        samples.space.condition({"code": frame["code"][4] + 1}, 3)


@given(
    st.integers(-(2**63), 2**63 - 1 - 2**60),
    st.sampled_from([1, 7, 1000, 2**20]),
    st.lists(st.tuples(st.integers(0, 2**39), st.integers(0, 2**30)), min_size=30, max_size=40),
    st.booleans(),
)
def test_any_whole_numbers_in_order_stay_in_order_to_the_last_digit(least, unit, pairs, strict):
    low = [least + unit * place for place, _ in pairs]
    high = [v + unit * (gap + strict) for v, (_, gap) in zip(low, pairs, strict=True)]
    frame = pd.DataFrame({"low": low, "high": high, "x": [i % 3 for i in range(len(low))]})
    _, made = made_of(frame, "low < high" if strict else "low <= high", n=50)
    both = made.dropna()
    assert ((both["low"] < both["high"]) if strict else (both["low"] <= both["high"])).all()
    assert ((both[["low", "high"]].astype(object) - least) % unit == 0).all(axis=None)
