"""The protocol of few pictures: copies are seen to be copies, and every way trains."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from conftest import ROOT

from ptarmigan import zoo
from ptarmigan.metrics.features import Pixels


@pytest.fixture(scope="module")
def fewshot():
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        import fewshot

        yield fewshot
    finally:
        sys.path.remove(str(ROOT / "benchmarks"))


@pytest.fixture(scope="module")
def data(fewshot):
    """Bright or dark pictures with noise."""
    rng = np.random.default_rng(0)
    shade = rng.integers(40, 200, (120, 1, 1, 3))
    pixels = np.clip(shade + rng.normal(0, 20, (120, 8, 8, 3)), 0, 255).astype(np.uint8)
    return fewshot.Set(pixels[:40], pixels[40:80], pixels[80:])


def test_the_table_tells_copies_from_new_pictures(fewshot, data):
    rows = fewshot.baselines(data, fewshot.measured(data, Pixels()))
    copies, noisy, held = (rows[k] for k in ("the training pictures", "noisy copies", "held-out pictures"))
    near, far = "to the nearest, over held-out ones'", "to held-out pictures"
    assert copies[near] == 0
    assert 0 < noisy[near] < 1
    assert held[near] == pytest.approx(1)
    assert copies["of one nearest, apart"] == 0, "copies of one picture are one picture"
    assert held["of one nearest, apart"] > 0
    assert copies["to the training pictures"] < copies[far], "which alone would call copying the best"


@pytest.mark.parametrize("way", ["default", "transfer", "imle", "fastgan"])
def test_every_way_trains_and_is_scored(fewshot, data, way, monkeypatch):
    small = {"width": 4, "latent": 4, "batch": 8}
    recipe, options = fewshot.WAYS[way]
    monkeypatch.setitem(fewshot.WAYS, way, (recipe, options | small))
    monkeypatch.setitem(fewshot.WAYS, "default", ("image.r1gan", small))
    monkeypatch.setattr(fewshot, "SAMPLES", 20)
    measure = fewshot.measured(data, Pixels())
    (found,) = [
        (mark.step, measure(fewshot.samples(run, mark, 0)))
        for mark, run in fewshot.trained(way, data, (0.002,), 0, 1)
    ]
    step, scores = found
    assert step > 0
    assert all(np.isfinite(value) for value in scores.values())


def test_ways_are_of_recipes_with_these_options(fewshot):
    for recipe, options in fewshot.WAYS.values():
        if recipe in zoo.names():
            assert options.keys() <= fewshot.build.__globals__["defaults"](zoo.recipe(recipe)).keys()


def test_pictures_of_both_sets_are_apart(fewshot, shared):
    for name, (side, held_out) in {"food": (32, 39), "streets": (64, 233)}.items():
        found = fewshot.SETS[name]()
        assert found.train.shape == (100, side, side, 3)
        assert len(found.held_out) == held_out
        digests = [{row.tobytes() for row in part} for part in (found.train, found.held_out, found.rest)]
        assert not digests[0] & digests[1]
        assert not digests[0] & digests[2]
