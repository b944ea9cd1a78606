"""The judge of tables: what each measure sees, what stands beside it, and which tables can be compared."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from ptarmigan import api
from ptarmigan.evaluation import score as scoring
from ptarmigan.modalities.recognise import recognise
from ptarmigan.modalities.table.alike import together
from ptarmigan.modalities.table.copula import gaussian_copula
from ptarmigan.modalities.table.evaluate import BOOTSTRAP, COPULA, INDEPENDENT
from ptarmigan.modalities.table.places import Places
from ptarmigan.modalities.table.source import Table

BESIDE = [INDEPENDENT, COPULA, BOOTSTRAP]


def rows(n: int, seed: int) -> pd.DataFrame:
    """Two numbers and a category that belong together, some cells missing, an id, and noise."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n).round(2)
    frame = pd.DataFrame(
        {
            "key": [f"{seed}-{i}" for i in range(n)],
            "x": x,
            "square": (x * x + rng.normal(size=n) / 10).round(2),
            "sign": np.where(x > 0, "plus", "minus"),
            "when": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, n), "D"),
        }
    )
    frame.loc[rng.random(n) < 0.1, "square"] = np.nan
    return frame


@pytest.fixture(scope="module")
def found():
    return scoring.score(rows(600, 0), rows(500, 1), held_out=rows(400, 2), target="sign")


def test_new_real_rows_are_as_real_as_can_be(found):
    scores = found["scores"]
    assert list(scores) == [
        "column shapes", "pair trends", "told from real", "exact copies", "distance to training",
        "neighbour distances", "efficacy for sign",
    ]  # fmt: skip
    assert all(list(entry["baselines"]) == BESIDE for entry in scores.values())
    assert abs(scores["told from real"]["value"] - 0.5) < 0.1
    assert scores["distance to training"]["value"] == pytest.approx(1, abs=0.15)
    assert scores["neighbour distances"]["value"] == pytest.approx(1, abs=0.1)
    assert scores["exact copies"]["value"] < 0.02
    assert scores["efficacy for sign"]["value"] > 0.95
    assert not any(entry["beaten by"] for entry in scores.values())
    assert found["warnings"] == []
    json.dumps(found)


def test_trivial_tables_are_told_for_what_they_are(found):
    scores = {name: entry["baselines"] for name, entry in found["scores"].items()}
    assert scores["exact copies"][BOOTSTRAP] == 1
    assert scores["distance to training"][BOOTSTRAP] == 0
    assert scores["told from real"][INDEPENDENT] > 0.8
    assert scores["told from real"][COPULA] > 0.7  # a square is no correlation
    assert scores["pair trends"][INDEPENDENT] < scores["pair trends"][COPULA]
    assert scores["distance to training"][INDEPENDENT] > 1.2
    assert scores["efficacy for sign"][INDEPENDENT] < 0.7


def test_rows_that_are_off_are_beaten_by_what_is_simple():
    real = rows(400, 0)
    off = real.assign(x=real["x"] * 3, sign="plus", key="k")
    found = scoring.score(real, off)["scores"]
    assert {INDEPENDENT, COPULA} <= set(found["column shapes"]["beaten by"])
    assert BOOTSTRAP not in found["column shapes"]["beaten by"]
    assert found["distance to training"]["beaten by"] == []


def test_a_copula_keeps_columns_and_correlations():
    frame = rows(4000, 0).drop(columns="key")
    frame["y"] = (frame["x"] + np.random.default_rng(5).normal(size=4000)).round(3)
    samples = Table(frame).open(batch=8)
    raw, columns = samples.source.read(np.arange(4000)), samples.space.columns
    made = samples.space.frame(gaussian_copula(columns, raw, 4000))
    assert made.dtypes.tolist() == frame.dtypes.tolist()
    assert made["x"].corr(made["y"]) == pytest.approx(frame["x"].corr(frame["y"]), abs=0.03)
    assert made["x"].corr(made["square"]) == pytest.approx(0, abs=0.1)
    assert made["square"].isna().mean() == pytest.approx(0.1, abs=0.03)
    assert (made["sign"] == "plus").mean() == pytest.approx((frame["sign"] == "plus").mean(), abs=0.03)
    assert np.array_equal(
        gaussian_copula(columns, raw, 50), gaussian_copula(columns, raw, 50), equal_nan=True
    )


def test_a_column_counts_as_much_as_another_in_a_distance():
    frame = pd.DataFrame({"n": np.arange(100.0) ** 3, "c": ["a", "b"] * 50})
    samples = Table(frame).open(batch=8)
    raw = samples.source.read(np.arange(100))
    seen = Places(samples.space.columns, raw)(raw)
    assert np.linalg.norm(seen[0] - seen[98]) == pytest.approx(0.98)  # the ends of n, and the same c
    assert np.linalg.norm(seen[0] - seen[1]) == pytest.approx(1, abs=0.01)  # neighbours in n, another c


def test_few_kinds_of_rows_are_looked_at_in_their_shares():
    kinds = pd.DataFrame({"a": list("xxxyyz") * 60, "b": list("uvuvuv") * 60})
    found = scoring.score(kinds, kinds.sample(150, random_state=0), metrics=("two-sample", "shapes"))[
        "scores"
    ]
    assert found["told from real"]["value"] < 0.6
    assert found["told from real"]["floor"] < 0.6


def test_values_of_one_table_alone_are_values_of_both():
    real = pd.DataFrame({"c": ["a", "b"] * 20, "id": range(40), "n": [1, 2, 3, 4] * 10})
    fake = pd.DataFrame({"n": [1.0, 9.0], "id": [7, 7], "c": ["a", "new"]})
    space, (first, second) = together(real, [fake])
    assert [column.name for column in space.columns] == ["c", "n"]
    assert (len(first), len(second)) == (40, 2)
    assert space.frame(second)["c"].tolist() == ["a", "new"]
    assert space.frame(second)["n"].tolist() == [1, 9]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda frame: frame.drop(columns="x"), "no column 'x'"),
        (lambda frame: frame.assign(more=1), "a column 'more'"),
        (lambda frame: frame.assign(x="text"), "'x' is number in the real table and categorical"),
        (lambda frame: frame.head(0), "to score|no rows"),
        (lambda frame: frame.assign(x=np.inf), "'x' of one table is infinite in row 1"),
        (lambda frame: pd.concat([frame, frame[["x"]]], axis=1), "two columns 'x'"),
    ],
)
def test_tables_that_cannot_be_compared_are_refused_in_a_line(change, words):
    with pytest.raises(ValueError, match=words) as raised:
        scoring.score(rows(60, 0), change(rows(60, 1)))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"target": "nothing"}, "--target nothing: there is no such column"),
        ({"target": "x"}, "--target x: it is learnt as continuous; choose a column of 2 to 50"),
        ({"metrics": ["kid"]}, "no measure 'kid' of tables"),
        ({"metrics": ["efficacy"]}, "--target"),
        ({"n": 100}, "not 100"),
    ],
)
def test_what_cannot_be_measured_is_said_in_a_line(how, words):
    with pytest.raises(ValueError, match=words):
        scoring.score(rows(60, 0), rows(60, 1), **how)


def test_targets_are_for_tables():
    with pytest.raises(ValueError, match="for rows of a table, and these are points"):
        scoring.score("ring", "ring", target="x")


def test_files_with_names_are_tables_and_numbers_alone_are_points(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    (tmp_path / "p.csv").write_text("1,2\n3,4\n")
    for data in (tmp_path / "t.csv", "iris", rows(3, 0)):
        assert recognise(data).modality.name == "table"
    for data in (str(tmp_path / "p.csv"), "ring", np.zeros((2, 2))):
        assert recognise(data).modality.name == "point"


def test_the_command_line_scores_files(cli, tmp_path):
    for name, seed in (("real", 0), ("fake", 1)):
        rows(200, seed).to_csv(tmp_path / f"{name}.csv", index=False)
    done = cli("score", "--real", "real.csv", "--fake", "fake.csv", "--metrics", "shapes", "copies")
    assert done.returncode == 0, done.stderr
    assert all(name in done.stdout for name in ("column shapes", "exact copies", *BESIDE))


def test_a_run_is_scored_and_keeps_its_scores(tmp_path):
    rows(200, 0).assign(rare=["seldom"] * 3 + ["often"] * 197).to_csv(tmp_path / "real.csv", index=False)
    options = {"steps": 2, "width": 8, "batch": 20, "score_every": 0, "sample_every": 0}
    data = str(tmp_path / "real.csv")
    api.train("table.ctgan", data=data, out=tmp_path / "r", quiet=True, report=False, **options)
    log = (tmp_path / "r" / "log.jsonl").read_text()
    assert "data/samples" in log
    assert "constant_channels" not in log  # rare values are no fault
    held_out = rows(150, 2).assign(rare="often")
    found = scoring.score_run(tmp_path / "r", n=100, held_out=held_out, metrics=("shapes", "distance"))
    assert "held-out" in found["scores"]["distance to training"]["protocol"]
    assert json.loads((tmp_path / "r" / "scores.json").read_text()) == found
