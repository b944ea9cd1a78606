"""What is advised where there are few images; a person, and a run that was begun, have the last word."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from ptarmigan import api
from ptarmigan.modalities.image.few import FEW, advised
from ptarmigan.modalities.modality import Advice

HOW = dict(width=4, latent=4, batch=4, steps=2, score_every=0, sample_every=0, device="cpu", report=False)


@pytest.fixture
def photos(tmp_path):
    place = tmp_path / "photos"
    place.mkdir()
    rng = np.random.default_rng(0)
    for i in range(6):
        Image.fromarray(rng.integers(0, 255, (8, 8, 3), np.uint8)).save(place / f"{i}.png")
    return place


def options_of(run) -> dict:
    return json.loads((run / "run.json").read_text())["options"]


def test_few_images_are_counted_by_names_and_headers(photos):
    assert advised(str(photos)).options == {"augment": "diffaugment"}
    assert advised(str(photos)).why.startswith("6 images are few")
    assert advised("digits") == Advice()
    array = np.zeros((FEW, 8, 8), np.uint8)
    assert advised(array) == Advice()
    assert advised((array[1:], np.zeros(FEW - 1))).options


def test_training_takes_the_advice_and_says_so(photos, tmp_path, capsys):
    run = tmp_path / "run"
    for _ in range(2):
        api.train(photos, out=run, **HOW)
        assert options_of(run)["augment"] == "diffaugment"
    said = capsys.readouterr().err
    assert said.count("6 images are few: the discriminator sees them augmented") == 1, (
        "not of a run that goes on"
    )
    api.train(photos, out=tmp_path / "own", augment="none", **HOW)
    assert options_of(tmp_path / "own")["augment"] == "none"


def test_a_run_that_was_begun_without_it_goes_on_as_it_was(photos, tmp_path, cli):
    run = tmp_path / "run"
    api.train("image.r1gan", data=str(photos), out=run, **HOW)
    flags = [w for k, v in HOW.items() if k != "report" for w in (f"--{k.replace('_', '-')}", v)]
    done = cli("train", photos, "--out", run, *flags)
    assert done.returncode == 0, done.stderr
    assert "few" not in done.stderr
    assert options_of(run)["augment"] == "none"
    done = cli("train", photos, "--out", tmp_path / "new", *flags)
    assert "6 images are few" in done.stderr
    assert options_of(tmp_path / "new")["augment"] == "diffaugment"
    done = cli("train", photos, "--out", tmp_path / "none", "--augment=none", *flags)
    assert "few" not in done.stderr
