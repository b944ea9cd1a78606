"""TableGAN: fit, sample and save; and the command line on tables."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from test_table import everything

import ptarmigan
from ptarmigan import TableGAN

SMALL = {"width": 16, "latent": 8, "batch": 40}


@pytest.fixture(scope="module")
def frame():
    return everything(missing=True)


@pytest.fixture(scope="module")
def fitted(frame):
    return TableGAN(steps=3, options=SMALL).fit(frame)


def test_rows_have_the_columns_and_dtypes_that_were_learnt(fitted, frame):
    made = fitted.sample(100)
    assert made.columns.tolist() == frame.columns.tolist()
    assert made.dtypes.tolist() == frame.dtypes.tolist()
    assert len(made) == 100


def test_what_is_asked_for_is_so_in_every_row(fitted):
    asked = {"level": "low", "few": 2, "perhaps": True, "object": None}
    made = fitted.sample(200, where=asked)
    assert (made["level"] == "low").all()
    assert (made["few"] == 2).all()
    assert made["perhaps"].all()
    assert made["object"].isna().all()
    assert made["float"].nunique() > 50


def test_the_first_rows_of_many_are_those_of_few_and_seeds_differ(fitted):
    pd.testing.assert_frame_equal(fitted.sample(70).head(10), fitted.sample(10))
    assert not fitted.sample(10, seed=1).equals(fitted.sample(10))


def test_the_same_call_makes_the_same_rows(fitted, frame):
    again = clone(fitted).fit(frame)
    pd.testing.assert_frame_equal(again.sample(20), fitted.sample(20))


def test_what_is_saved_makes_the_same_rows(fitted, tmp_path):
    fitted.save(tmp_path / "t.safetensors")
    loaded = TableGAN.load(tmp_path / "t.safetensors")
    for other in (loaded, pickle.loads(pickle.dumps(fitted))):
        pd.testing.assert_frame_equal(other.sample(20, where={"few": 1}), fitted.sample(20, where={"few": 1}))
    assert loaded.get_params()["steps"] == 3
    trained = ptarmigan.load(tmp_path / "t.safetensors")
    pd.testing.assert_frame_equal(trained.frame(20), fitted.sample(20))


def test_a_fit_goes_on_in_its_folder(frame, tmp_path):
    options = {"options": SMALL, "out": str(tmp_path / "run"), "steps": 2}
    first = TableGAN(**options).fit(frame).sample(5)
    pd.testing.assert_frame_equal(TableGAN(**options).fit(frame).sample(5), first)
    with pytest.raises(ValueError, match="other data"):
        TableGAN(**options).fit(frame.head(60))


def test_fewer_rows_than_a_pack_and_a_single_column(frame):
    made = TableGAN(steps=2, options=SMALL).fit(frame[["level"]].head(4)).sample(9)
    assert set(made["level"].dropna()) <= {"low", "high"}
    numbers = TableGAN(steps=2, options=SMALL).fit(np.random.default_rng(0).normal(size=(30, 2)))
    assert numbers.sample(5).columns.tolist() == [0, 1]


@pytest.mark.parametrize("recipe", ["wgan_gp", "tablegan"])
def test_rows_that_cannot_be_asked_for(recipe, frame, tmp_path):
    table = TableGAN(recipe, steps=2, options=SMALL).fit(frame)
    assert table.sample(20).dtypes.tolist() == frame.dtypes.tolist()
    table.save(tmp_path / "t.safetensors")
    pd.testing.assert_frame_equal(TableGAN.load(tmp_path / "t.safetensors").sample(20), table.sample(20))
    with pytest.raises(ValueError, match=r"cannot be asked; one of table\.ctgan or table\.tvae can"):
        table.sample(5, where={"level": "low"})


def test_the_command_line(cli, frame, tmp_path):
    frame = frame[["level", "one day", "few", "float"]]
    frame.to_csv(tmp_path / "t.csv", index=False)
    train = ["train", "table.ctgan", "--data", "t.csv", "--steps", "2", "--width", "8", "--batch", "20"]
    done = cli(*train, "--out", "r", "--quiet")
    assert done.returncode == 0, done.stderr
    assert cli("sample", "r", "--n", "30", "--where", "level=low", "few=2", "--out", "m.csv").returncode == 0
    made = pd.read_csv(tmp_path / "m.csv")
    assert made.columns.tolist() == frame.columns.tolist()
    assert (made["level"] == "low").all()
    assert (made["few"] == 2).all()
    wrong = cli("sample", "r", "--where", "level=none", "--out", "n.csv")
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("ptarmigan: --where level=none: the column holds")
    train[1] = "table.wgan_gp"
    assert cli(*train, "--out", "plain", "--quiet").returncode == 0
    wrong = cli("sample", "plain", "--where", "level=low", "--out", "n.csv")
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("ptarmigan: --where: a run of table.wgan_gp cannot be asked")
