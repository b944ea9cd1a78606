"""Scores of sounds: what is better scores better, and no trick wins."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ptarmigan.evaluation.score import score
from ptarmigan.metrics.request import Request
from ptarmigan.metrics.view import Set
from ptarmigan.modalities.sound import classifier
from ptarmigan.modalities.sound.baselines import BOUNDS, baselines
from ptarmigan.modalities.sound.evaluate import evaluator, features_of, plain
from ptarmigan.modalities.sound.source import Sounds
from ptarmigan.modalities.sound.wav import wav


@pytest.fixture(scope="module")
def samples():
    return Sounds("vowels", length=1_024).open(batch=8)


@pytest.fixture
def quick_to_learn(monkeypatch, tmp_path_factory):
    # with a cache of their own: others are to find networks that have learnt all
    monkeypatch.setenv("PTARMIGAN_CACHE", str(tmp_path_factory.getbasetemp() / "quick"))
    monkeypatch.setattr(classifier, "SEEN", (3_000, 3_000))


@pytest.mark.usefixtures("quick_to_learn")
def test_real_sounds_are_better_than_trivial_ones_and_a_copy_is_found(samples):
    wanted = ("frechet", "agreement", "inception-score", "novelty")
    found = evaluator(samples, Request(wanted, n=100, conditional=True))
    scores = {
        each.scale.name: each
        for each in found.evaluate(
            samples.held_out.read(np.arange(100)), samples.held_out.labels[:100], samples.space.classes
        ).scores
    }
    assert set(scores) == {"Fréchet distance", "accuracy of classes", "Inception Score", "novelty"}
    accuracy = scores["accuracy of classes"]
    assert accuracy.value.value > 0.9
    assert "% right of held-out sounds" in accuracy.protocol
    trivial = {"a Gaussian a class", "backwards", "noise under an envelope"}
    assert set(accuracy.baselines) == {*trivial, *BOUNDS}
    assert accuracy.baselines["noise under an envelope"] < 0.6
    assert accuracy.baselines["Griffin-Lim of training clips"] > 0.8
    assert not {*scores["Fréchet distance"].beaten_by} & {*BOUNDS}
    novelty = scores["novelty"]
    assert novelty.value.value == pytest.approx(1, abs=0.3)
    assert novelty.baselines["training clips"] < 0.01


def test_baselines_are_sounds_with_classes(samples):
    train = Set.of(samples.source)
    for name, make in baselines(plain(samples)).items():
        made = make(train, 7)
        assert made.raw.shape == (7, 1_024), name
        assert made.raw.dtype == np.float32
        assert np.isfinite(made.raw).all()
        assert 0.3 < np.abs(made.raw).max() <= 1, name
        assert made.labels is not None
        np.testing.assert_array_equal(made.raw, make(train, 7).raw)


@pytest.mark.usefixtures("quick_to_learn")
def test_features_do_not_depend_on_loudness_or_neighbours(samples):
    network = features_of(samples)
    raw = samples.held_out.read(np.arange(9))
    whole = network(raw)
    np.testing.assert_array_equal(whole[4:5], network(raw[4:5]))
    np.testing.assert_allclose(network(raw / 8), whole, atol=0.02)
    assert network.accuracy > 0.9


def test_anybodys_sounds_are_brought_to_the_rate_and_length_of_the_real_ones(tmp_path: Path) -> None:
    for name, rate in (("real", 8_000), ("fake", 16_000)):
        (tmp_path / name).mkdir()
        for i in range(12):
            wave = np.sin(2 * np.pi * (200 + 20 * i) * np.arange(rate // 4) / rate).astype(np.float32)
            (tmp_path / name / f"{i}.wav").write_bytes(wav(wave, rate))
    found = score(str(tmp_path / "real"), str(tmp_path / "fake"), metrics=["sliced"])
    assert found["kind"] == "sound"
    (only,) = found["scores"].values()
    assert only["value"] < 0.1


@pytest.mark.usefixtures("quick_to_learn")
def test_speakers_that_are_missing_are_an_imbalance(tmp_path):
    rng = np.random.default_rng(0)
    for who, base in (("ann", 300), ("bob", 1_500)):
        for i in range(60):
            wave = np.sin(2 * np.pi * (base + rng.uniform(0, 50)) * np.arange(1_024) / 8_000)
            (tmp_path / f"{i % 2}_{who}_{i}.wav").write_bytes(wav(wave.astype(np.float32), 8_000))
    samples = Sounds(str(tmp_path)).open(batch=8)
    found = evaluator(samples, Request(("speakers",), n=12))
    held_out = samples.held_out.read(np.arange(12))
    alone = np.array([who == "ann" for who in samples.held_out.speakers])
    even, one = (
        found.evaluate(raw).scores[0].value.value
        for raw in (held_out, np.concatenate([held_out[alone], held_out[alone]]))
    )
    assert even < 0.1
    assert one == pytest.approx(0.5, abs=0.1)
