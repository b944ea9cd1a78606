"""Tables: what their columns hold, and that rows survive being encoded and decoded."""

from __future__ import annotations

import datetime
import json
from functools import cache

import numpy as np
import pandas as pd
import pytest
import torch

from ptarmigan.data.blank import Blank
from ptarmigan.data.samples import Samples
from ptarmigan.modalities.registry import from_json
from ptarmigan.modalities.table.source import Table, read_frame
from ptarmigan.modalities.table.space import TableSpace

N = 120


def everything(missing: bool) -> pd.DataFrame:
    """A column of every kind and dtype; some cells missing where they may be."""
    rng = np.random.default_rng(0)
    day = pd.to_timedelta(rng.integers(0, 900, N), "D")
    frame = pd.DataFrame(
        {
            "float": rng.normal(size=N),
            "price": rng.gamma(2, 30, N).round(2).astype("float32"),
            "count": rng.integers(0, 1000, N),
            "byte": rng.integers(0, 255, N).astype("uint8"),
            "nullable": pd.array(rng.integers(0, 1000, N), dtype="Int64"),
            "few": rng.integers(0, 4, N),
            "yes": rng.random(N) < 0.5,
            "perhaps": pd.array(rng.random(N) < 0.5, dtype="boolean"),
            "a name, with ünïcode": rng.choice(["a b", "ü", ""], N),
            "object": pd.Series(rng.choice(["x", "y"], N), dtype=object),
            "objects": pd.Series([int(v) for v in rng.integers(0, 500, N)], dtype=object),
            "level": pd.Categorical(
                rng.choice(["low", "high"], N), categories=["low", "mid", "high"], ordered=True
            ),
            "day": pd.Timestamp("2020-01-01") + day,
            "moment": (pd.Timestamp("2020-01-01") + day).tz_localize("Europe/Berlin"),
            "date": [datetime.date(2020, 1, 1) + datetime.timedelta(int(d)) for d in day.days],
            "five": 5,
            "one day": pd.Timestamp("2020-01-01"),
            7: rng.random(N),
        }
    )
    frame["nothing"] = np.nan
    frame["no text"] = pd.Series([None] * N, dtype="str")
    if missing:
        for name in ("float", "nullable", "perhaps", "object", "objects", "level", "day", "date", "one day"):
            frame.loc[rng.random(N) < 0.2, name] = None
    return frame


@cache
def opened(missing: bool = True) -> Samples:
    """The samples of such a table."""
    return Table(everything(missing)).open(batch=8)


@pytest.mark.parametrize("missing", [False, True])
def test_rows_are_the_same_after_encoding_and_decoding(missing):
    frame = everything(missing)
    samples = opened(missing)
    x = samples.space.encode(samples.source.read(np.arange(N)))
    assert x.dtype == torch.float32
    assert x.abs().max() <= 1
    again = samples.space.frame(samples.space.decode(x))
    pd.testing.assert_frame_equal(again, frame, rtol=1e-5, atol=1e-6)


def test_kinds():
    columns = opened().space.columns
    kinds = {column.name: column.kind for column in columns}
    assert list(kinds) == list(everything(True).columns)
    assert kinds["float"] == kinds["price"] == kinds[7] == "continuous"
    assert kinds["count"] == kinds["byte"] == kinds["few"] == "integer"
    assert kinds["yes"] == kinds["perhaps"] == "boolean"
    assert kinds["day"] == kinds["moment"] == kinds["date"] == "date"
    assert kinds["five"] == kinds["nothing"] == kinds["no text"] == "constant"
    assert kinds["level"] == kinds["object"] == "categorical"


def test_the_space_survives_json():
    space = opened().space
    assert from_json(json.loads(json.dumps(space.to_json()))) == space


def test_a_modes_numbers_and_shared_numbers_are_exact():
    rng = np.random.default_rng(1)
    numbers = np.concatenate([np.zeros(500), rng.normal(100, 20, 300).round(), [99_999.0] * 2, [-1e6]])
    samples = Table(pd.DataFrame({"gain": rng.permutation(numbers)})).open(batch=8)
    (column,) = samples.space.columns
    assert (0.0, 0.0) in [mode[1:] for mode in column.modes]
    raw = samples.source.read(np.arange(len(numbers)))
    assert np.array_equal(samples.space.decode(samples.space.encode(raw)), raw)


def test_whatever_a_network_says_decodes_into_what_the_column_holds():
    frame, space = everything(True), opened().space
    made = space.frame(space.decode(3 * torch.randn(500, *space.shape)))
    assert made.dtypes.tolist() == frame.dtypes.tolist()
    assert made["float"].dropna().between(frame["float"].min(), frame["float"].max()).all()
    assert set(made["object"].dropna()) <= {"x", "y"}
    assert (made["count"] == made["count"].round()).all()
    assert made["yes"].notna().all()
    assert made["nothing"].isna().all()
    assert (made["five"] == 5).all()


def test_ids_are_new():
    frame = pd.DataFrame({"id": range(100, 160), "key": [f"k{i}" for i in range(60)], "x": [0, 1] * 30})
    samples = Table(frame).open(batch=8)
    made = samples.space.frame(samples.source.read(np.arange(60)), first=5)
    assert made["id"].tolist() == list(range(165, 225))
    assert made["key"].tolist()[:2] == ["new-5", "new-6"]
    kept = Table(frame, categorical=("id", "key")).open(batch=8).space
    assert [column.kind for column in kept.columns[:2]] == ["integer", "categorical"]


def test_many_values_take_few_numbers_and_each_is_there():
    frame = pd.DataFrame({"word": [f"w{i % 3000}" for i in range(6001)]})
    samples = Table(frame).open(batch=8)
    assert samples.space.shape[0] < 120
    raw = samples.source.read(np.arange(6001))
    assert np.array_equal(samples.space.decode(samples.space.encode(raw)), raw)
    made = samples.space.decode(torch.randn(5000, *samples.space.shape))
    assert 0 <= made.min() <= made.max() < 3000


def test_balanced_batches_have_the_values_they_say_and_rare_ones_often():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=5000), "rare": rng.random(5000) < 0.01})
    frame["sex"] = rng.choice(["a", "b"], 5000)
    samples = Table(frame).open(batch=1000, balanced=True)
    batch = samples.load(0)
    at = torch.from_numpy(samples.space.conditions.at)
    assert torch.equal((batch.x[:, at] * batch.c).sum(1), torch.ones(1000))
    rare = samples.space.columns[1]
    asked = batch.c[:, rare.values.index(True)].sum() / batch.c[:, :2].sum()
    expected = np.log1p(frame["rare"].sum()) / np.log1p(frame["rare"].value_counts()).sum()
    assert float(asked) == pytest.approx(expected, abs=0.06)
    halves = [samples.load(0, shard, 2) for shard in (0, 1)]
    assert torch.equal(torch.cat([half.x for half in halves]), batch.x)
    assert samples.unread(0).c.shape == batch.c.shape


def test_conditions_are_asked_for_by_value_or_its_text():
    space = opened().space
    vector = space.conditions.vector
    assert np.array_equal(vector({"few": 2}), vector({"few": "2"}))
    assert vector({"few": 2, "yes": True}).sum() == 2
    assert vector({"object": None}).sum() == 1
    assert vector({"five": 5}).sum() == 0
    for where, words in (
        ({"fewer": 1}, "no such column"),
        ({"few": 9}, "holds"),
        ({"float": 0.5}, "continuous"),
        ({"yes": None}, "holds"),
        ({"five": 6}, "always 5"),
    ):
        with pytest.raises(ValueError, match=words):
            vector(where)


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (pd.DataFrame(), "empty"),
        (pd.DataFrame({"a": []}), "empty"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "two columns 'a'"),
        (pd.DataFrame({"a": [1.0, np.inf, 2.0]}), "'a' is infinite in row 2"),
        (pd.DataFrame({"a": pd.Series([1, "x", 2.0], dtype=object)}), "'a' holds several types"),
        (pd.DataFrame({"a": [[1], [2]]}), "'a' holds"),
        (pd.DataFrame({"a": [1, 1, 1], "b": [None] * 3}), "nothing to learn"),
    ],
)
def test_what_cannot_be_learnt_is_said_in_a_line(frame, words):
    with pytest.raises(ValueError, match=words) as raised:
        Table(frame).open(batch=4)
    assert "\n" not in str(raised.value)


def test_files(tmp_path):
    frame = everything(True)[["float", "count", "day", "a name, with ünïcode", "level"]]
    frame.to_csv(tmp_path / "t.csv.gz", index=False)
    frame.to_parquet(tmp_path / "t.parquet")
    pd.testing.assert_frame_equal(read_frame(str(tmp_path / "t.parquet")), frame, check_column_type=False)
    read = read_frame(str(tmp_path / "t.csv.gz"))
    assert [column.kind for column in Table(read).open(batch=4).space.columns] == [
        "continuous", "integer", "date", "categorical", "categorical",
    ]  # fmt: skip
    (tmp_path / "twice.csv").write_text("a,a\n1,2\n")
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "bad.parquet").write_text("no")
    for name, words in (("twice", "two columns"), ("empty", "empty"), ("bad", "cannot be read")):
        file = next(tmp_path.glob(f"{name}.*"))
        with pytest.raises(ValueError, match=words):
            read_frame(str(file))
    with pytest.raises(FileNotFoundError):
        read_frame("none.csv")
    with pytest.raises(ValueError, match="no table 'what'"):
        read_frame("what")


def test_a_blank_table_has_a_space_and_no_rows():
    space = Table().open(batch=4).space
    blank = Table(Blank(space)).open(batch=4, balanced=True)
    assert isinstance(blank.space, TableSpace)
    assert len(blank) == 0


def test_preview():
    samples = opened()
    raw = samples.source.read(np.arange(N))
    assert samples.space.render(raw, raw[:50]).size[0] > 100
