"""Recipes are called with options in groups or flat, and runs know what built them."""

from __future__ import annotations

import inspect
import json
import typing
from pathlib import Path

import numpy as np
import pytest

from ptarmigan import zoo
from ptarmigan.core.gan import GAN
from ptarmigan.core.optim import adam
from ptarmigan.data.blank import Blank
from ptarmigan.modalities.image.source import Images
from ptarmigan.modalities.point.source import Points
from ptarmigan.nets.mlp import PointDiscriminator, PointGenerator
from ptarmigan.training import run_folder
from ptarmigan.training.options import build, defaults
from ptarmigan.training.recipe import Training, configurable, variant
from ptarmigan.training.run import Run


@configurable
def recipe(
    data: Points = Points(), *, width: int = 8, training: Training = Training(steps=9, batch=4)
) -> Run:
    """A GAN of points."""
    samples = training.open(data)
    shape = samples.space.shape
    game = GAN(PointGenerator(2, shape, (width,)), PointDiscriminator(shape, (width,)))
    optimizers = {name: adam(game.get_submodule(name), 1e-3) for name in ("discriminator", "generator")}
    return training.run(game, samples, optimizers)


other = variant(recipe, "somewhere.else", width=3, training=Training(steps=2, batch=4))


def test_options_are_given_flat_or_in_groups() -> None:
    runs = [
        recipe("moons", steps=5, seed=1),
        recipe(data="moons", steps=5, seed=1),
        recipe(Points("moons"), training=Training(steps=5, batch=4, seed=1)),
        recipe(Points("moons"), steps=5, training=Training(steps=7, batch=4, seed=1)),
        build(recipe, {"data": "moons", "steps": 5, "seed": 1}),
    ]
    expected = dict(
        data="moons",
        separator="",
        decimal="",
        encoding="",
        width=8,
        half_life=10_000.0,
        steps=5,
        batch=4,
        seed=1,
    )
    for run in runs:
        assert (run.steps, run.seed, run.samples.batch) == (5, 1, 4)
        assert run.built is not None
        assert run.built.options == expected
        assert (run.built.module, run.built.file) == (__name__, __file__)


def test_data_may_be_an_array_or_a_blank() -> None:
    points = np.zeros((7, 3), np.float32)
    run = recipe(points)
    assert run.space.shape == (3,)
    again = recipe(Blank(run.space))
    assert again.space == run.space
    assert again.built is not None
    assert again.built.options["data"] == Blank(run.space)


def test_what_is_no_option_is_refused() -> None:
    with pytest.raises(ValueError, match="no option 'stepz' here; there are batch, data"):
        recipe(stepz=3)
    with pytest.raises(TypeError):
        recipe("moons", 3)


def test_the_signature_shows_the_groups() -> None:
    assert list(inspect.signature(recipe).parameters) == ["data", "width", "training"]
    assert typing.get_type_hints(recipe)["training"] is Training
    reading = ["separator", "decimal", "encoding"]
    assert list(defaults(recipe)) == ["data", *reading, "width", "half_life", "steps", "batch", "seed"]


def test_a_variant_has_defaults_and_a_module_of_its_own() -> None:
    assert defaults(other) == defaults(recipe) | {"width": 3, "steps": 2}
    run = other("moons", seed=4)
    assert run.built is not None
    assert run.built.module == "somewhere.else"
    assert (run.steps, run.seed, run.built.options["width"]) == (2, 4, 3)
    images = variant(recipe, __name__, data=Images())
    assert typing.get_type_hints(images)["data"] is Images
    assert "flip" in defaults(images)
    assert "flip" not in defaults(recipe)


def test_a_run_is_named_by_what_built_it(tmp_path: Path) -> None:
    run = build(zoo.recipe("toy.gan"), {"width": 8, "steps": 3})
    assert run.built is not None
    assert zoo.name_of(run.built) == "toy.gan"
    own = tmp_path / "mine.py"
    own.write_text(PLAIN)
    run = build(zoo.recipe(str(own)), {"steps": 3})
    assert run.built is not None
    assert zoo.name_of(run.built) == str(own)
    assert run.built.options == {"steps": 3, "data": "ring"}


PLAIN = """
from plain import ring_run

def recipe(steps: int = 30, data: str = "ring"):
    return ring_run(steps)
"""


def test_a_recipe_of_a_notebook_has_no_name() -> None:
    run = recipe()
    assert run.built is not None
    with pytest.raises(ValueError, match=r"mine\.py"):
        zoo.name_of(type(run.built)("__main__", "", {}))


def test_options_that_are_new_do_not_stop_a_run_begun_before(tmp_path: Path) -> None:
    options = {"steps": 9, "lr": 0.1}
    described = {"recipe": "mine", "options": options, "settings": {}}
    run_folder.claim(tmp_path / "run", described | {"asked": {"recipe": "mine", "options": options}})
    run_folder.complete(tmp_path / "run", "mine", {"steps": 5, "batch": 64})
    run_folder.complete(tmp_path / "run", "another", {"more": 1})
    there = json.loads((tmp_path / "run" / "run.json").read_text())
    assert there["options"] == there["asked"]["options"] == {"steps": 9, "batch": 64, "lr": 0.1}
    run_folder.complete(tmp_path / "none", "mine", {"steps": 5})
    assert not (tmp_path / "none").exists()
