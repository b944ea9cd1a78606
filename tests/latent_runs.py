"""Small runs whose latents are edited: with a w and without one, conditional and not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch

import ptarmigan  # whose parts are imported when they are used

if TYPE_CHECKING:
    from ptarmigan.trained.generator import Generator

STYLED = Path(__file__).with_name("styled_recipe.py")
QUICK = dict(quiet=True, report=False, vitals=False, sample_every=0, score_every=0, device="cpu")
RUNS = {
    "styled": (str(STYLED), {}),
    "classes": (str(STYLED), dict(conditional=True)),
    "plain": ("image.dcgan", dict(width=4, latent=6, steps=3, batch=8)),
    "conditional": ("image.cgan", dict(width=8, latent=5, steps=3, batch=8)),
}


@pytest.fixture(scope="session")
def latent_runs(tmp_path_factory) -> dict[str, Path]:
    place = tmp_path_factory.mktemp("latents")
    for name, (recipe, options) in RUNS.items():
        ptarmigan.train(recipe, out=place / name, **options, **QUICK)
    return {name: place / name for name in RUNS}


@pytest.fixture
def generator(latent_runs, request) -> Generator:
    """A run by name, its weights spread out: after three steps all samples are nearly alike."""
    found = ptarmigan.load(
        latent_runs[request.param], device="cpu", recipe=str(STYLED) if own(request.param) else ""
    )
    with torch.no_grad():
        for weight in found.game.generator.parameters():
            weight.mul_(2)
    return found


def own(name: str) -> bool:
    return RUNS[name][0].endswith(".py")


def of(*names: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("generator", names, indirect=True)
