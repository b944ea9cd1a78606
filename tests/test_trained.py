"""What a run is loaded as, and how its samples are asked to be something."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from ptarmigan import load, train
from ptarmigan.contract import recipes as contract
from ptarmigan.trained import Trained
from ptarmigan.trained.detector import Detector
from ptarmigan.trained.generator import Generator
from ptarmigan.trained.translator import Translator

SHORT = dict(quiet=True, report=False, vitals=False, sample_every=0, score_every=0, device="cpu")
KINDS = {
    "toy.gan": Generator,
    "image.cgan": Generator,
    "table.ctgan": Generator,
    "anomaly.ganomaly": Detector,
    "translate.pix2pix": Translator,
}


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("trained")
    for name in KINDS:
        train(name, out=place / name, **contract.small(name), **SHORT)
    return place


@pytest.fixture
def trained(place, request) -> Any:
    return load(place / request.param, device="cpu")


def of(*names: str) -> Any:
    return pytest.mark.parametrize("trained", names, indirect=True)


@pytest.mark.skipif(os.name == "nt", reason="names are text there")
def test_names_that_are_no_utf_8_are_loaded(place, tmp_path):
    strange = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.safetensors"))
    shutil.copy(place / "toy.gan" / "generator.safetensors", strange)
    ours, theirs = load(strange), load(place / "toy.gan")
    np.testing.assert_array_equal(ours.sample(3), theirs.sample(3))


@pytest.mark.parametrize("name", KINDS)
def test_a_run_is_loaded_as_what_it_is(place, name):
    found = load(place / name, device="cpu")
    assert type(found) is KINDS[name]
    assert isinstance(found, Trained)
    assert not found.training
    assert not any(p.requires_grad for p in found.parameters())
    assert found.to("cpu").device == torch.device("cpu")
    assert {key.split(".")[0] for key in found.state_dict()} == {"game"}
    for attribute in ("game", "space", "inputs", "description", "frequencies", "precision"):
        assert hasattr(found, attribute)
    assert (found.inputs is not None) is (KINDS[name] is Translator)


@of("toy.gan", "image.cgan", "table.ctgan")
def test_tensors_are_what_is_decoded(trained):
    x = trained.sample(70, seed=3, tensors=True)
    assert x.shape == (70, *trained.space.shape)
    assert not x.requires_grad
    np.testing.assert_array_equal(trained.space.decode(x), trained.sample(70, seed=3))


@of("image.cgan")
def test_the_short_form_of_a_class_is_what_is_given(trained):
    for given in ("3", 3):
        np.testing.assert_array_equal(trained.sample(5, given=given), trained.sample(5, class_="3"))
    assert trained.conditional()
    np.testing.assert_array_equal(trained.interpolate(3, given=3), trained.interpolate(3, class_="3"))


@of("table.ctgan")
def test_the_short_form_of_columns_is_what_is_given(trained):
    column = next(column for column in trained.space.columns if column.by_value)
    where = {column.name: column.values[0]}
    raw = trained.sample(20, given=where)
    np.testing.assert_array_equal(raw, trained.sample(20, where=where))
    assert (trained.frame(20, given=where)[column.name] == column.values[0]).all()
    words = [f"{column.name}={column.values[0]}"]
    np.testing.assert_array_equal(raw, trained.sample(20, given=trained.read_condition(words)))


@pytest.mark.parametrize(
    ("trained", "given", "words"),
    [
        ("image.cgan", "x", "there is no class 'x'; there are 0, 1"),
        ("image.cgan", {"sex": "Female"}, "--where is for tables"),
        ("toy.gan", "3", "no classes: leave --class out"),
        ("toy.gan", {"sex": "Female"}, "--where is for tables"),
        ("table.ctgan", {"nothing": 1}, "there is no such column"),
        ("table.ctgan", "3", "no classes"),
    ],
    indirect=["trained"],
)
def test_what_cannot_be_asked_for_is_one_line(trained, given, words):
    with pytest.raises(ValueError, match=words) as caught:
        trained.sample(4, given=given)
    assert "\n" not in str(caught.value)


@of("image.cgan")
def test_two_wishes_are_refused(trained):
    with pytest.raises(ValueError, match="in one way"):
        trained.sample(4, given="3", class_="4")


@of("translate.pix2pix")
def test_a_picture_is_given_to_a_translation(trained, tmp_path):
    _, height, width = trained.inputs.shape
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 1), np.uint8)
    Image.fromarray(pixels[..., 0]).save(tmp_path / "a.png")
    found = trained.sample(2, given=pixels, seed=4)
    assert found.shape[0] == 2
    np.testing.assert_array_equal(found[1], trained.translate(pixels, seed=5))
    np.testing.assert_array_equal(found, trained.sample(2, given=tmp_path / "a.png", seed=4))
    with pytest.raises(ValueError, match="'ptarmigan translate RUN PICTURES'"):
        trained.sample(2)
    with pytest.raises(ValueError, match="cannot be read as a picture"):
        trained.sample(2, given="gone.png")


@pytest.mark.parametrize(
    ("trained", "method", "words"),
    [
        ("toy.gan", "translate", "does not translate: use 'ptarmigan sample RUN'"),
        ("toy.gan", "threshold", "run is of toy.gan, which is no detector"),
        ("translate.pix2pix", "anomaly_scores", "run is of translate.pix2pix, which is no detector"),
        ("translate.pix2pix", "space_of_w", "has no latents to edit, project or choose by"),
        ("translate.pix2pix", "interpolate", "no samples to interpolate between"),
        ("anomaly.ganomaly", "translate", "does not translate"),
    ],
    indirect=["trained"],
)
def test_what_another_kind_of_run_does_is_refused_in_one_line(trained, method, words):
    with pytest.raises(ValueError, match=words):
        getattr(trained, method)
    assert not hasattr(trained, method)


def test_the_command_takes_what_is_given(place, cli, tmp_path):
    for i, options in enumerate((("--given", "3"), ("--class", "3"))):
        done = cli("sample", place / "image.cgan", "--n", 4, *options, "--out", tmp_path / f"{i}.npy")
        assert done.returncode == 0, done.stderr
    np.testing.assert_array_equal(np.load(tmp_path / "0.npy"), np.load(tmp_path / "1.npy"))
    both = cli("sample", place / "image.cgan", "--given", "3", "--class", "3")
    assert (both.returncode, "in one way" in both.stderr) == (2, True)
