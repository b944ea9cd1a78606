"""What the benchmark of stacked digits counts, chunk by chunk, is what there is in all samples."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import numpy as np
import pytest
from conftest import ROOT

from ptarmigan.modalities.image.source import Images
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.image.stacked import Stacked
from ptarmigan.modalities.image.stacked_modes import predicted_classes, stacked_modes
from ptarmigan.tasks.generate import generate
from ptarmigan.zoo.image import r1gan


@pytest.fixture(scope="module")
def benchmark():
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        import stacked

        yield stacked
    finally:
        sys.path.remove(str(ROOT / "benchmarks"))


class ByBrightness:
    """Tells ten classes by the mean of the pixels."""

    name, hash = "brightness", ""

    def __call__(self, raw):
        return raw.reshape(len(raw), -1).astype(np.float64).mean(1, keepdims=True)

    def probabilities(self, features):
        return np.eye(10)[(features[:, 0] / 25.6).astype(int)]


def test_modes_are_counted_in_chunks(benchmark):
    source = Stacked(Images("digits").open(batch=8).source, 300, "train")
    space = ImageSpace(8, 8, 3, 8, source.classes)
    pixels = source.read(np.arange(40))
    game = r1gan.recipe(pixels, width=4, latent=4, batch=8).game.eval()
    run = SimpleNamespace(samples=SimpleNamespace(source=source), space=space)
    found = benchmark.counted(run, SimpleNamespace(game=game), ByBrightness(), 150, 3)
    raw = np.concatenate(list(generate(game, space, 150, seed=3)))
    expected = stacked_modes(predicted_classes(raw, ByBrightness()), source.frequencies)
    assert found == expected
    assert 1 <= found.found.value <= 150


def test_the_summary_is_over_seeds(benchmark):
    row = {"seed": 0, "minutes": 5.0, "of": 5.0, "modes": 990.0, "reverse_kl": 0.04}
    found = benchmark.summary([row, row | {"seed": 1, "modes": 1_000.0, "reverse_kl": 0.02}])
    assert found == {
        "5 minutes": {"modes": 995.0, "fewest": 990.0, "reverse_kl": 0.03, "worst_kl": 0.04, "seeds": 2}
    }
