"""The examples do what they say, in small."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT
from PIL import Image

import ptarmigan
from ptarmigan import contract


def example(name: str) -> dict:
    return runpy.run_path(str(ROOT / "examples" / f"{name}.py"))


def test_every_example_is_tested():
    mine = Path(__file__).read_text()
    for path in (ROOT / "examples").glob("*.py"):
        assert f'example("{path.stem}")' in mine


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


@pytest.mark.parametrize("clause", contract.CLAUSES, ids=lambda clause: clause.__name__)
def test_own_loss_keeps_the_contract(clause):
    with contract.float64():
        clause(str(ROOT / "examples" / "own_loss.py"))
