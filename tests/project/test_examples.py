"""The examples do what they say, in small."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import ROOT
from PIL import Image
from torch import nn

import ptarmigan
from ptarmigan.contract import recipes as contract
from ptarmigan.core.gan import GAN
from ptarmigan.nets.own import Unconditional


def example(name: str) -> dict:
    return runpy.run_path(str(ROOT / "examples" / f"{name}.py"))


def test_every_example_is_tested():
    tests = (Path(__file__), ROOT / "tests" / "nets" / "test_keras.py")
    mine, there = "".join(t.read_text() for t in tests), {p.stem for p in (ROOT / "examples").glob("*.py")}
    assert there
    assert {name for name in there if f'example("{name}")' not in mine} == set()


def test_plane(tmp_path):
    found = example("plane")["main"](tmp_path / "run", steps=6)
    assert found.total == 8
    assert np.loadtxt(tmp_path / "run" / "made.csv", delimiter=",").shape == (2500, 2)
    with Image.open(tmp_path / "run" / "made.png") as picture:
        assert len(picture.getcolors(1 << 24)) > 2
    assert (tmp_path / "run" / "report.html").stat().st_size > 1000


def test_own_images(tmp_path):
    told = example("own_images")
    digits = told["handwritten"](tmp_path / "digits")
    files = sorted(digits.iterdir())
    assert len(files) == 1797
    for path in files[200:]:
        path.unlink()
    told["main"](digits, tmp_path / "run", steps=2)
    made = ptarmigan.load(tmp_path / "run").sample(64, seed=0)
    assert made.shape == (64, 16, 16, 1)
    for name in ("grid", "walk"):
        with Image.open(tmp_path / "run" / f"{name}.png") as picture:
            assert min(picture.size) >= 16


def test_own_loss(tmp_path, capsys):
    example("own_loss")["main"](tmp_path / "run", steps=20)
    assert "made 1000 points" in capsys.readouterr().out


def test_own_networks(tmp_path, capsys):
    example("own_networks")["main"](tmp_path / "run", steps=20)
    assert "made 64 images of 8x8 pixels" in capsys.readouterr().out


def test_networks_that_are_no_players_yet_are_told_what_is_missing():
    generator, discriminator = nn.Linear(3, 2), nn.Linear(2, 1)
    with pytest.raises(ValueError, match=r"a Linear, has no 'latent'.*Unconditional"):
        GAN(generator, Unconditional(discriminator))
    with pytest.raises(ValueError, match="sigmoid"):
        Unconditional(nn.Sequential(discriminator, nn.Sigmoid()))
    squashed = GAN(Unconditional(nn.Sequential(generator, nn.Sigmoid()), 3), Unconditional(discriminator))
    assert squashed.sample(torch.randn(5, 3)).shape == (5, 2)


@pytest.mark.parametrize("name", ["own_loss", "own_networks"])
@pytest.mark.parametrize("clause", contract.CLAUSES, ids=lambda clause: clause.__name__)
def test_ones_own_recipes_keep_the_contract(clause, name):
    with contract.float64():
        clause(str(ROOT / "examples" / f"{name}.py"))


def test_autoencoder(capsys):
    example("autoencoder")["main"]("digits", size="16", steps=8, batch=16)
    assert "mean absolute error" in capsys.readouterr().out
