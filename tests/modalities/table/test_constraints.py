"""Constraints of tables: whatever networks say, rows fulfil them; and rows that do come back as they were."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import pandas as pd
import pytest
import torch

from ptarmigan import TableGAN
from ptarmigan.data.samples import Samples
from ptarmigan.modalities.registry import from_json
from ptarmigan.modalities.table.source import Table

N = 300
WANTED = (
    "a <= b", "b < c", "few >= fewer", "x < y", "start <= end", "18 <= age < 100", "city + country",
    "price+taxed",
)  # fmt: skip
ORDERED = (
    ("a", "b", False), ("b", "c", True), ("fewer", "few", False), ("x", "y", True), ("start", "end", False),
)  # fmt: skip


@cache
def frame() -> pd.DataFrame:
    """Columns of many dtypes that are in order, and some that belong together; some cells are missing."""
    rng = np.random.default_rng(0)
    start = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 90, N), "D")
    found = pd.DataFrame({"a": rng.normal(size=N), "fewer": rng.integers(0, 5, N)})
    found["c"] = pd.array((found["a"] + 4).round(1) + rng.integers(0, 3, N), dtype="Float64")
    found["b"] = (found["a"] + rng.exponential(size=N)).clip(upper=found["c"].astype(float) - 0.05)
    found["b"] = found["b"].clip(lower=found["a"])
    found["few"] = pd.array(found["fewer"] + rng.integers(0, 3, N), dtype="Int64")
    found["x"] = rng.random(N).astype("float32")
    found["y"] = (found["x"] + rng.random(N) + 1e-4).astype("float32")
    found["start"], found["end"] = start, start + pd.to_timedelta(rng.integers(0, 40, N), "D")
    found["age"] = rng.integers(18, 80, N)
    found["city"] = rng.choice(["Rom", "Turin", "Bonn"], N, p=[0.6, 0.2, 0.2])
    found["country"] = found["city"].map({"Rom": "IT", "Turin": "IT", "Bonn": "DE"})
    found["price"] = rng.choice([1.5, 20, 99], N)
    found["taxed"] = found["price"] * 1.25
    for name in ("a", "few", "x", "end", "country"):
        found.loc[rng.random(N) < 0.15, name] = None
    return found


@cache
def opened() -> Samples:
    return Table(frame(), constraints=WANTED).open(batch=8, balanced=True)


def fulfilled(made: pd.DataFrame) -> None:
    known = frame()
    for low, high, strict in ORDERED:
        both = made[[low, high]].dropna()
        assert ((both[low] < both[high]) if strict else (both[low] <= both[high])).all(), (low, high)
        assert len(both) > 100
    assert made["age"].between(18, 99).all()
    for pair in (["city", "country"], ["price", "taxed"]):
        seen = set(map(tuple, known[pair].astype(str).to_numpy()))
        assert set(map(tuple, made[pair].astype(str).to_numpy())) <= seen


def test_rows_are_the_same_after_encoding_and_decoding():
    space = opened().space
    x = space.encode(opened().source.read(np.arange(N)))
    assert x.shape[1:] == space.shape
    pd.testing.assert_frame_equal(space.frame(space.decode(x)), frame(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_whatever_a_network_says_becomes_rows_that_fulfil_them(seed):
    space = opened().space
    said = torch.randn(4000, *space.shape, generator=torch.Generator().manual_seed(seed))
    made = space.frame(space.decode(said * 10**seed))
    assert made.dtypes.tolist() == frame().dtypes.tolist()
    assert made[["b", "c", "fewer", "y", "start", "age", "city", "price"]].notna().all(axis=None)
    fulfilled(made)


def test_the_space_survives_json():
    assert from_json(json.loads(json.dumps(opened().space.to_json()))) == opened().space


def test_batches_have_the_combinations_that_they_say():
    samples = opened()
    batch = samples.load(0)
    at = torch.from_numpy(samples.space.conditions.at)
    assert torch.equal((batch.x[:, at] * batch.c).sum(1), torch.ones(8))


def test_one_of_several_that_fit_comes_as_often_as_the_data_has_it():
    space = opened().space
    asked = space.condition({"country": "IT"}, 4000)
    column = next(c for c in space.learnt if c.name == "city+country")
    start = int(space.conditions.pairs(column.name, np.array([0]))[0])
    shares = asked[:, space.conditions.hot[start, 0] :][:, : len(column.values)].mean(0)
    known = frame().query("country == 'IT'")["city"].value_counts(normalize=True)
    assert sorted(shares[shares > 0]) == pytest.approx(sorted(known), abs=0.03)
    assert np.array_equal(space.condition({"country": "IT"}, 10), asked[:10])
    assert space.condition({"city": "Bonn", "country": None}, 3).any()
    with pytest.raises(ValueError, match="no row of the table has that combination"):
        space.condition({"city": "Bonn", "country": "IT"}, 3)
    with pytest.raises(ValueError, match="few: the column is learnt as its distance from 'fewer'"):
        space.condition({"few": 3}, 3)


def test_an_estimator_keeps_them_and_what_is_asked_is_so(tmp_path):
    model = TableGAN(steps=3, constraints=WANTED, options={"width": 16, "latent": 8, "batch": 40}).fit(
        frame()
    )
    fulfilled(model.sample(300))
    asked = model.sample(300, where={"country": "IT", "fewer": 2, "price": 20})
    assert (asked["country"] == "IT").all()
    assert set(asked["city"]) == {"Rom", "Turin"}
    assert (asked["fewer"] == 2).all()
    assert (asked["taxed"] == 25).all()
    fulfilled(asked)
    model.save(tmp_path / "t.safetensors")
    again = TableGAN.load(tmp_path / "t.safetensors")
    pd.testing.assert_frame_equal(again.sample(300), model.sample(300))
    assert tuple(again.constraints) == WANTED


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("age >= 20", r"\d rows break it, first row \d"),
        ("b <= a", "rows break it"),
        ("start <= 2020-02-01", "rows break it"),
        ("agee >= 18", "'agee' is no column and no number; perhaps 'age'"),
        ("18 >= 12", "there is no column in it"),
        ("age", "expected 'start <= end'"),
        ("age <=", "expected 'start <= end'"),
        ("a == b", "expected 'start <= end'"),
        ("city+", "expected 'start <= end'"),
        ("city+land", "no column 'land'"),
        ("city+city", "in it twice"),
        ("city <= country", "'city' is categorical"),
        ("start <= age", "'start' is date and 'age' is integer"),
        ("age <= age", "with itself"),
        (("a <= b", "b < c", "a < c"), "in a circle"),
        (("city+country", "city+price"), "two combinations"),
        (("fewer+age", "fewer <= age"), "in a combination"),
    ],
)
def test_what_cannot_be_meant_or_is_not_so_is_said_in_a_line(wanted, words):
    wanted = (wanted,) if isinstance(wanted, str) else wanted
    with pytest.raises(ValueError, match=words) as raised:
        Table(frame(), constraints=wanted).open(batch=4)
    assert str(raised.value).startswith("--constraints")
    assert "\n" not in str(raised.value)


def test_bounds_hold_and_dates_and_constants_are_compared():
    known = frame().assign(
        one=100, nothing=np.nan, day=pd.Timestamp("2020-01-01"), zone=frame()["start"].dt.tz_localize("UTC")
    )
    wanted = ("age < one", "day <= start", "start >= 2020-01-01", "zone >= 2020-01-01", "0 <= x")
    wanted += ("nothing <= x", "one+city")
    samples = Table(known, constraints=wanted).open(batch=4)
    assert samples.space.constraints is None
    assert Table(known, constraints=("a <= b",)).open(batch=4).space.constraints is not None


def test_the_command_line(cli, tmp_path):
    frame()[["start", "end", "city", "country"]].to_csv(tmp_path / "t.csv", index=False)
    train = ["train", "table.ctgan", "--data", "t.csv", "--constraints", "city+country", "end < start"]
    wrong = cli(*train, "--out", "s")
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("ptarmigan: --constraints 'end < start':")
