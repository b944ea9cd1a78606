"""Runs that are edited in Python are loaded, scored, compared, reported and rescued like any other."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from plain import ring_run

from ptarmigan import api, compare, load, zoo
from ptarmigan.core.losses import wasserstein
from ptarmigan.core.schedule import linear
from ptarmigan.evaluation.score import score_run
from ptarmigan.report.page import write_report
from ptarmigan.training import run_folder as folder
from ptarmigan.training.run_folder import RunError

HOW = dict(device="cpu", log_every=5, score_every=0, sample_every=0, save_every=5, quiet=True)


def edited(seed: int = 0, **options):
    run = zoo.recipe("toy.gan")("ring", **(dict(width=8, batch=16, steps=20, seed=seed) | options))
    run.rate = linear(1.0, 0.1)
    run.steps = 10
    return run


def test_an_edited_run_is_loaded_scored_compared_and_reported(tmp_path):
    places = [tmp_path / "one", tmp_path / "two"]
    for seed, place in enumerate(places):
        api.train(edited(seed), out=place, **HOW)
        assert "toy.gan on ring" in (place / "report.html").read_text()
        assert score_run(place, n=100, device="cpu", metrics=["modes"])["samples"] == 100
    assert len(compare(places, device="cpu").groups) == 1
    described = folder.load(places[0])
    assert (described["recipe"], described["edited"]) == ("toy.gan", True)
    assert (described["options"]["steps"], described["options"]["width"]) == (10, 8)
    assert load(places[0]).sample(5).shape == (5, 2)


def test_an_edited_run_goes_on_as_such_and_not_by_its_name(tmp_path):
    api.train(edited(), out=tmp_path / "run", **HOW)
    assert api.train(edited(), out=tmp_path / "run", **HOW).complete
    options = dict(data="ring", width=8, batch=16, steps=10)
    with pytest.raises(RunError, match="edited in Python"):
        api.train("toy.gan", out=tmp_path / "run", **options, **HOW)
    api.train("toy.gan", out=tmp_path / "other", **options, **HOW)
    with pytest.raises(RunError, match="choose another --out"):
        api.train(edited(), out=tmp_path / "other", **HOW)


def test_networks_that_no_recipe_makes_have_to_be_given(tmp_path):
    place, run = tmp_path / "run", ring_run(10)
    api.train(run, out=place, **HOW)
    with pytest.raises(ValueError, match="as in load"):
        load(place)
    assert load(place, game=copy.deepcopy(run.game)).sample(5).shape == (5, 2)
    with pytest.raises(ValueError, match="as in load"):
        score_run(place)
    assert score_run(place, n=100, device="cpu", metrics=["modes"], run=ring_run(10))["samples"] == 100
    assert write_report(place, ring_run(10)).exists()
    assert write_report(place).exists()


def test_data_in_memory_have_to_be_given(tmp_path):
    images = np.random.default_rng(0).integers(0, 255, (40, 8, 8, 1), np.uint8)
    run = zoo.recipe("image.gan")(images, hidden=(8,), latent=4, steps=10, batch=16)
    api.train(run, out=tmp_path / "run", **HOW)
    assert load(tmp_path / "run").sample(5).shape == (5, 8, 8, 1)
    with pytest.raises(ValueError, match="in the memory of Python"):
        score_run(tmp_path / "run", device="cpu")


def test_an_edited_run_is_rescued_with_its_edits(tmp_path):
    run = zoo.recipe("toy.r3gan")("ring", width=16, depth=2, batch=32, steps=300, lr=1e20)
    run.beta2 = 0.9
    how = HOW | dict(log_every=3, save_every=30)
    assert api.train(run, out=tmp_path / "run", rescue=1, report=False, **how).complete
    described = folder.load(tmp_path / "run")
    assert described["edited"]
    assert described["options"]["lr"] < 1
    state = max((tmp_path / "run").glob("state-*.pt"))
    from ptarmigan.training.checkpoint import read

    groups = read(state)["optimizers"]["generator"]["param_groups"]
    assert groups[0]["betas"][1] == 0.9


def test_edits_that_a_rescue_would_lose_are_refused_before_training(tmp_path):
    run = edited()
    run.game.loss = wasserstein
    with pytest.raises(ValueError, match="--rescue builds a run anew"):
        api.train(run, out=tmp_path / "run", rescue=1, **HOW)
    assert not (tmp_path / "run").exists()
    with pytest.raises(ValueError, match="--rescue changes the options of a recipe"):
        api.train(ring_run(), out=tmp_path / "run", rescue=1, **HOW)
