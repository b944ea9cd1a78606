"""Polars frames in, and polars frames out with the same dtypes."""

from __future__ import annotations

import datetime
from functools import cache

import numpy as np
import pandas as pd
import polars as pl
import pytest

from ptarmigan import TableGAN
from ptarmigan.evaluation import score as scoring
from ptarmigan.modalities.table.polars_frames import from_polars, to_polars
from ptarmigan.modalities.table.source import Table

N = 80


@cache
def frame():
    """A column of every dtype, some cells null."""
    rng = np.random.default_rng(0)
    day = datetime.date(2020, 1, 1)
    gone = rng.random(N) < 0.2
    days = [day + datetime.timedelta(int(d)) for d in rng.integers(0, 300, N)]
    moments = pl.Series(days).cast(pl.Datetime("us"))
    whole = pl.DataFrame(
        {
            "float": rng.normal(size=N),
            "small": rng.normal(size=N).astype("float32"),
            "count": rng.integers(0, 1000, N),
            "byte": rng.integers(0, 255, N).astype("uint8"),
            "text": rng.choice(["a b", "ü"], N),
            "yes": rng.random(N) < 0.5,
            "day": days,
            "moment": moments,
            "zoned": moments.dt.replace_time_zone("Europe/Berlin"),
            "level": pl.Series(rng.choice(["low", "high"], N), dtype=pl.Enum(["low", "mid", "high"])),
            "kind": pl.Series(rng.choice(["x", "y"], N), dtype=pl.Categorical),
            "none": pl.Series([None] * N, dtype=pl.Null),
            "no text": pl.Series([None] * N, dtype=pl.String),
        }
    )
    some = pl.Series(gone)
    return whole.with_columns(
        pl.when(some).then(None).otherwise(pl.col(name)).alias(f"{name}?") for name in whole.columns[:11]
    )


def test_frames_come_back_as_they_were():
    samples = Table(frame()).open(batch=8)
    space = samples.space
    made = to_polars(space.frame(samples.source.read(np.arange(N))), space.columns)
    assert made.schema == frame().schema
    assert made.with_columns(pl.col("kind", "kind?").cast(pl.String)).equals(
        frame().with_columns(pl.col("kind", "kind?").cast(pl.String))
    )


def test_an_estimator_gives_what_it_was_given(tmp_path):
    options = {"width": 8, "latent": 4, "batch": 20}
    model = TableGAN(steps=2, options=options).fit(frame())
    made = model.sample(50, where={"level": "low"})
    assert made.schema == frame().schema
    assert (made["level"] == "low").all()
    assert model.feature_names_in_.tolist() == frame().columns
    model.save(tmp_path / "t.safetensors")
    assert TableGAN.load(tmp_path / "t.safetensors").sample(50, where={"level": "low"}).equals(made)


def test_frames_are_judged():
    found = scoring.score(frame(), frame().sample(40, seed=0), metrics=("shapes", "copies"))
    assert found["scores"]["exact copies"]["value"] == 1


def test_what_no_table_is_learnt_from_is_refused_in_a_line():
    for wrong, words in ((pl.DataFrame({"a": [[1], [2]]}), "'a' holds List"), (frame().lazy(), "collect")):
        with pytest.raises(ValueError, match=words):
            Table(wrong).open(batch=2)
    assert isinstance(from_polars(frame()), pd.DataFrame)
