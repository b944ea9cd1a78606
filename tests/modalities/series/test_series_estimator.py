"""SeriesGAN: series in, series like them out."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from ptarmigan import SeriesGAN


def model(recipe: str = "rcgan", steps: int = 2, **more) -> SeriesGAN:
    small = dict(
        rcgan=dict(width=8, latent=2, batch=8),
        timegan=dict(width=4, layers=1, batch=8),
        doppelganger=dict(width=8, critic=8, latent=2, batch=8),
    )[recipe]
    return SeriesGAN(recipe, steps=steps, **{"length": 6, "device": "cpu", "options": small, **more})


def frame(rows: int = 30) -> pd.DataFrame:
    walk = np.random.default_rng(0).standard_normal((rows, 2)).cumsum(0)
    day = pd.date_range("2020-01-01", periods=rows)
    return pd.DataFrame(walk, columns=["price", "volume"]).assign(day=day)


def measured() -> pd.DataFrame:
    """Series of unequal length at two sites; those in the south are a hundred higher, and half as long."""
    rng, series = np.random.default_rng(0), []
    for i in range(60):
        south = i % 3 == 0
        rows = pd.DataFrame(
            rng.standard_normal((3 if south else 6, 1)).cumsum(0) + 100 * south, columns=["a"]
        )
        site = "the south" if south else "north"
        series.append(rows.assign(who=i, hour=range(len(rows)), site=site, depth=rng.normal()))
    return pd.concat(series).sample(frac=1, random_state=0)


@pytest.mark.parametrize("recipe", ["rcgan", "timegan", "doppelganger"])
def test_arrays(recipe):
    walk = frame()[["price", "volume"]].to_numpy()
    made = model(recipe, steps=3).fit(walk).sample(70)
    assert made.shape == (70, 6, 2)
    assert (walk.min(0) <= made).all()
    assert (made <= walk.max(0)).all()


def test_frames_come_back_as_frames():
    fitted = model(time="day").fit(frame())
    made = fitted.sample(3)
    assert list(made.columns) == ["series", "price", "volume"]
    assert made["series"].tolist() == [0] * 6 + [1] * 6 + [2] * 6
    assert list(fitted.feature_names_in_) == ["price", "volume"]
    pd.testing.assert_frame_equal(fitted.sample(100)[:18], made)


def test_series_of_unequal_length():
    long = pd.concat([frame(9).assign(who="x"), frame(4).assign(who="y")])
    made = model(id="who", time="day").fit(long).sample(50)
    assert list(made.columns) == ["who", "price", "volume"]
    assert made.groupby("who").size().between(1, 6).all()
    raw = model().fit([np.ones((5, 1)), np.zeros((2, 1))]).sample(8)
    assert raw.shape == (8, 6, 1)
    assert not np.isnan(raw[:, 0]).any()


def test_metadata_can_be_asked_for():
    told = dict(id="who", time="hour", metadata=["site", "depth"])
    small = dict(width=16, critic=32, latent=2, batch=32)
    fitted = model("doppelganger", 40, options=small, **told).fit(measured())
    made = fitted.sample(200)
    assert list(made.columns) == ["who", "site", "depth", "a"]
    assert (made.groupby("who")[["site", "depth"]].nunique() == 1).all(axis=None)
    asked = fitted.sample(100, where={"site": "the south"})
    assert (asked["site"] == "the south").all()
    north = fitted.sample(100, where={"site": "north"})
    assert not np.isclose(asked["a"].iloc[::7].mean(), north["a"].iloc[::7].mean())
    for where, words in (({"site": "east"}, "the column holds"), ({"depth": 1}, "learnt as continuous")):
        with pytest.raises(ValueError, match=words):
            fitted.sample(3, where=where)


def test_other_recipes_make_metadata_and_cannot_be_asked():
    told = dict(id="who", time="hour", metadata=["site", "depth"])
    fitted = model("rcgan", **told).fit(measured())
    assert set(fitted.sample(50)["site"]) <= {"north", "the south"}
    with pytest.raises(ValueError, match=r"series\.doppelganger can"):
        fitted.sample(3, where={"site": "north"})


def test_what_is_saved_is_the_same(tmp_path):
    fitted = model(time="day").fit(frame())
    fitted.save(tmp_path / "model.safetensors")
    again = SeriesGAN.load(tmp_path / "model.safetensors", device="cpu")
    assert again.get_params() | {"options": None} == fitted.get_params() | {"options": None}
    pd.testing.assert_frame_equal(again.sample(5, seed=3), fitted.sample(5, seed=3))
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(fitted)).sample(5), fitted.sample(5))
    pd.testing.assert_frame_equal(clone(fitted).fit(frame()).sample(5), fitted.sample(5))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (dict(steps=0), "steps"),
        (dict(length=1), "length"),
        (dict(stride=0), "stride"),
        (dict(time="when"), "no column 'when'"),
        (dict(options=dict(depth=3)), "depth"),
        ({}, "'day' holds no numbers"),
    ],
)
def test_arguments_that_cannot_be_meant(arguments, words):
    with pytest.raises(ValueError, match=words):
        model(**arguments).fit(frame())


def test_what_makes_no_series(tmp_path):
    import ptarmigan

    ptarmigan.train("toy.gan", out=tmp_path / "run", quiet=True, steps=2, batch=16, width=8, score_every=0)
    with pytest.raises(ValueError, match=r"toy\.gan, which makes no series"):
        SeriesGAN.load(tmp_path / "run")
