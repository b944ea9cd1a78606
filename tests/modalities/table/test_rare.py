"""What only a few rows have is listed, and left out where that is asked for; the rest stays as it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ptarmigan import TableGAN
from ptarmigan.modalities.registry import from_json
from ptarmigan.modalities.table.column import Column
from ptarmigan.modalities.table.rare import nearest, rare_values
from ptarmigan.modalities.table.source import Table
from ptarmigan.modalities.table.space import TableSpace

K = 5


def people(n: int = 400) -> pd.DataFrame:
    """Rows with a few values of a few rows in every kind of column."""
    rng = np.random.default_rng(0)
    start = rng.integers(0, 60, n)
    frame = pd.DataFrame(
        {
            "city": rng.choice(["Oslo", "Rome", "Bern"], n),
            "land": "",
            "pay": rng.gamma(3, 1000, n).round(2),
            "kids": rng.integers(0, 4, n),
            "age": rng.integers(20, 60, n),
            "size": pd.Categorical(rng.choice(["S", "M", "L"], n), ["S", "M", "L", "XL"], ordered=True),
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, n), "D"),
            "big": rng.integers(2**60, 2**60 + 10**6, n),
            "start": start,
            "end": start + rng.integers(0, 30, n),
            "name": [f"person {i // 2}" for i in range(n)],
            "number": range(1_000, 1_000 + n),
        }
    )
    frame["land"] = frame["city"].map({"Oslo": "NO", "Rome": "IT", "Bern": "CH"})
    frame.loc[[0, 1], ["city", "land"]] = "Atlantis", "??"
    frame.loc[2, "land"] = "SE"
    frame.loc[3, "city"] = None
    frame.loc[4, "pay"], frame.loc[5, "pay"] = 98765.43, 0.01
    frame.loc[6, "kids"], frame.loc[7, "age"] = 17, 111
    frame.loc[8, "size"] = "XL"
    frame.loc[9, "day"] = pd.Timestamp("1901-02-03")
    frame.loc[10, "big"] = 2**62 + 1
    frame.loc[11, "end"] = 900
    return frame


MARKS = ("Atlantis", "SE", "98765.43", "XL", "1901", str(2**62 + 1), "person 3", "111.0", "900.0", "1399")
CONSTRAINTS = ("city+land", "start <= end")


def opened(rare: int, frame: pd.DataFrame | None = None, **options: Any) -> Any:
    options = {"constraints": CONSTRAINTS} | options
    return Table(people() if frame is None else frame, rare=rare, **options).open(batch=8)


def text_of(space: TableSpace) -> str:
    return json.dumps(space.to_json())


def test_without_the_option_the_space_names_what_single_rows_have() -> None:
    text = text_of(opened(0).space)
    assert [mark for mark in MARKS if mark not in text] in ([], ["1901"])  # dates are counted


def test_with_it_nothing_of_fewer_rows_is_named() -> None:
    samples = opened(K)
    space, raw, text = samples.space, samples.source.read(np.arange(len(samples))), text_of(samples.space)
    assert not [mark for mark in MARKS if mark in text]
    assert rare_values(space.columns, raw) == {}
    assert samples.named == ()
    assert samples.understood[0].startswith("left out, as fewer than 5 rows have them: ")
    for column in (*space.columns, *space.constraints.learnt):
        assert all(n >= K for n in column.counts), column.name
    exact = set(people()["pay"])
    pay = next(column for column in space.columns if column.name == "pay")
    assert (raw[:, 2] == pay.low).sum() >= K
    assert (raw[:, 2] == pay.high).sum() >= K
    assert not exact & {mean for _, mean, _ in pay.modes}
    assert from_json(space.to_json()) == space


def test_rows_that_are_made_have_the_same_dtypes_and_fulfil_the_constraints() -> None:
    frame = people()
    samples = opened(K, frame)
    made = samples.space.frame(
        samples.space.decode(samples.space.encode(samples.source.read(np.arange(400))))
    )
    assert (made["start"] <= made["end"]).all()
    assert set(made["city"]) == {"Oslo", "Rome", "Bern"}
    assert made["day"].min() > pd.Timestamp("2024")
    assert set(made.groupby("city")["land"].nunique()) == {1}
    for name in frame.columns.drop("size"):
        assert made[name].dtype == frame[name].dtype, name
    assert list(made["size"].cat.categories) == ["S", "M", "L"]
    assert made["size"].cat.ordered
    assert made["name"].str.startswith("new-").all()
    assert made["number"].min() > 1_399
    untouched = frame.index[12:]
    assert (made.loc[untouched, "pay"] - frame.loc[untouched, "pay"]).abs().median() < 0.02
    kids = pd.Series(samples.space.frame(samples.source.read(np.arange(400)))["kids"])
    assert (kids[12:] == frame["kids"][12:]).all()


def test_zero_leaves_everything_as_it_was() -> None:
    frame = people()
    one, other = Table(frame).open(batch=8), Table(frame, rare=0).open(batch=8)
    assert one.space == other.space
    assert "rare" not in "".join(one.understood)


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        ({"a": pd.Categorical(list("abcdefghij") * 2), "b": range(20)}, "'a' has no value that 5 rows share"),
        (
            {"a": [0.5, 1.25, 3.5] * 2 + [None] * 14, "b": list("xy") * 10},
            "'a' has no value that 5 rows share",
        ),
        ({"a": [f"{i // 2}" for i in range(20)], "b": ["x"] * 20}, "nothing left to learn"),
    ],
)
def test_what_leaves_nothing_is_refused_with_its_name(frame: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        opened(K, pd.DataFrame(frame), constraints=())


def test_combinations_of_which_none_is_left_are_refused() -> None:
    frame = pd.DataFrame({"a": [f"a{i % 12}" for i in range(144)], "b": [f"b{i // 12}" for i in range(144)]})
    with pytest.raises(ValueError, match=r"no combination of a\+b is in 5 rows"):
        opened(K, frame, constraints=("a+b",))


def test_numbers_go_to_the_nearest() -> None:
    assert nearest(np.array([3.0, 1.0, 9.0]), np.array([-5, 1.9, 2.1, 5.9, 6.1, 99])).tolist() == [
        1,
        1,
        0,
        0,
        2,
        2,
    ]


def test_the_rare_are_listed_with_their_counts(tmp_path: Path) -> None:
    samples = opened(0, constraints=())
    found = rare_values(samples.space.columns, samples.source.read(np.arange(400)))
    assert found["city"] == [("Atlantis", 2)]
    assert found["kids"] == [(17, 1)]
    assert (98765.43, 1) in found["pay"]
    assert (0.01, 1) in found["pay"]
    assert (pd.Timestamp("1901-02-03"), 1) in found["day"]
    assert "'ptarmigan data' lists them" in samples.named[0]


def test_data_and_train_list_them(cli: Any, tmp_path: Path) -> None:
    people().to_csv(tmp_path / "people.csv", index=False)
    said = cli("data", "people.csv").stdout
    assert "values of fewer than 5 rows, which a trained file names (--rare 5 leaves them out):" in said
    assert "Atlantis (2)" in said
    quick = ("--steps", "2", "--score-every", "0", "--sample-every", "0", "--no-vitals")
    named = cli("train", "table.tvae", "--data", "people.csv", "--out", "a", *quick)
    assert named.returncode == 0, named.stderr
    assert "generator.safetensors: it names values that fewer than 5 rows have, of city (1)" in named.stderr
    left = cli("train", "table.tvae", "--data", "people.csv", "--out", "b", "--rare", "5", *quick)
    assert left.returncode == 0, left.stderr
    assert "it names" not in left.stderr
    assert "left out, as fewer than 5 rows have them: 1 value of city" in left.stderr
    assert b"Atlantis" in (tmp_path / "a" / "generator.safetensors").read_bytes()
    assert b"Atlantis" not in (tmp_path / "b" / "generator.safetensors").read_bytes()


def test_the_estimator_takes_and_keeps_it(tmp_path: Path) -> None:
    frame = people()
    table = TableGAN("tvae", steps=2, rare=K, options={"width": 8}).fit(frame)
    assert "Atlantis" not in set(table.sample(200)["city"])
    table.save(tmp_path / "t.safetensors")
    assert TableGAN.load(tmp_path / "t.safetensors").rare == K
    assert b"Atlantis" not in table.file_


def test_ids_end_at_a_round_number_and_text_without_numbers_at_none() -> None:
    columns = {column.name: column for column in opened(K, constraints=()).space.columns}
    assert columns["number"].high == 1_400
    assert columns["name"] == Column("name", "id", columns["name"].dtype, written=("new-",))
