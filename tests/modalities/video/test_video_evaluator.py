"""An evaluator of videos sees what a distance of frames does not: whether, and in which order, they move."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

import ptarmigan
from ptarmigan.data.part import Part
from ptarmigan.data.samples import Samples
from ptarmigan.metrics.panel import Evaluation
from ptarmigan.metrics.request import Request
from ptarmigan.modalities.video import watcher
from ptarmigan.modalities.video.clips import several
from ptarmigan.modalities.video.evaluate import between, evaluator
from ptarmigan.modalities.video.fvd import fvd_features
from ptarmigan.modalities.video.measures import histogram
from ptarmigan.modalities.video.predicted import LAST, noise_ratio
from ptarmigan.modalities.video.predicted import evaluator as of_predictions
from ptarmigan.modalities.video.shapes import shape
from ptarmigan.modalities.video.source import Videos

METRICS = ("frechet", "frames", "order", "motion", "acd", "agreement", "speed", "labels")
ORDERS = ("frozen", "shuffled")


@dataclass(frozen=True)
class Short:
    """Coarse shapes, and a network that learns for a few steps."""

    found: Evaluation
    samples: Samples


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Short:
    """The scores of held-out shapes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PTARMIGAN_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setattr(watcher, "STEPS", 120)
        samples = Videos("shapes", size="16").open(batch=8)
        n = 150
        made = evaluator(samples, Request(METRICS, n=n, conditional=True))
        return Short(made.thorough(Part(samples.held_out, np.arange(n))), samples)


def score(short: Short, name: str):
    return next(each for each in short.found.scores if each.scale.name == name)


def test_a_network_that_looks_at_time_puts_frozen_and_shuffled_far_from_the_floor(short):
    distance = score(short, "Fréchet distance")
    assert distance.real < 5
    assert all(distance.baselines[order] > 5 * max(distance.real, 1) for order in ORDERS)
    frames = score(short, "frame distance")
    assert all(frames.baselines[order] < 2 * frames.real for order in ORDERS)  # which is why


def test_what_moves_as_real_clips_do_is_told_from_what_does_not(short):
    order, motion = score(short, "in true order"), score(short, "motion energy")
    assert order.value.value > 0.7
    assert all(order.baselines[name] < 0.2 for name in ORDERS)
    assert motion.value.value == pytest.approx(1, abs=0.15)
    assert (motion.baselines["frozen"], score(short, "motion gap").baselines["frozen"]) == (0, 1)
    assert motion.baselines["shuffled"] > 1.5
    assert score(short, "ACD").baselines["frozen"] == 0


def test_shapes_are_held_against_what_is_known_of_them(short):
    assert score(short, "path as asked").value.value > 0.8
    assert score(short, "path as asked").baselines["frozen"] < 0.5
    assert score(short, "speed variation").value.value < 0.2
    assert score(short, "speed variation").baselines["frozen"] > 0.6


def test_the_network_says_how_good_it_is(short):
    words = score(short, "Fréchet distance").protocol
    assert "video network" in words
    assert "right of held-out clips: frozen" in words


def test_histograms_are_shares():
    assert histogram(np.array([0.1, 0.2, 9.0])).tolist() == pytest.approx([2 / 3, 0, 0, 0, 0, 0, 0, 1 / 3])


def test_orders_are_orders():
    clip = np.arange(5, dtype=np.uint8).reshape(1, 5, 1, 1, 1)
    assert watcher.reordered(clip, "frozen").ravel().tolist() == [0] * 5
    assert watcher.reordered(clip, "reversed").ravel().tolist() == [4, 3, 2, 1, 0]
    mixed = watcher.reordered(clip, "shuffled").ravel().tolist()
    assert sorted(mixed) == [0, 1, 2, 3, 4]
    assert mixed != [0, 1, 2, 3, 4]


def test_few_recordings_are_scored_by_several_windows():
    source = Videos([np.zeros((40, 8, 8, 3), np.uint8), np.zeros((9, 8, 8, 3), np.uint8)], length=8).open(
        batch=1
    )
    found = several(source.source)
    assert np.bincount(found.of).tolist() == [33, 2]
    assert found.read(np.arange(35)).shape == (35, 8, 8, 8, 3)


def test_frames_that_follow_are_held_against_the_last_one():
    samples = Videos("shapes", size="16", length=4).open(batch=4, given=3)
    x, a = samples.load(0)
    assert x.shape == (4, 3, 4, 16, 16)
    assert a.shape == (4, 3, 3, 16, 16)
    whole = np.concatenate(
        [samples.condition.held_out.read(np.arange(3)), samples.held_out.read(np.arange(3))], 1
    )
    assert np.array_equal(whole, np.stack([shape("held out", i, 16, 16)[:7] for i in range(3)]))
    made = of_predictions(samples, Request(n=20))
    found = {each.scale.name: each for each in made.thorough(Part(samples.held_out, np.arange(20))).scores}
    assert found["pixel distance"].value.value == 0
    assert found["motion energy"].baselines[LAST] == 0
    assert found["pixel distance"].baselines[LAST] > 0
    assert noise_ratio(np.zeros((1, 2), np.uint8), np.full((1, 2), 255, np.uint8)) == pytest.approx(0)


def test_both_sides_are_brought_to_one_form(tmp_path):
    np.save(tmp_path / "made.npy", np.stack([shape("x", i, 20, 20) for i in range(6)]))
    _, raw = between("shapes", str(tmp_path / "made.npy"), Request(), {"size": "16", "length": 8})
    assert raw.shape == (6, 8, 16, 16, 3)


def test_without_an_order_that_it_can_tell_nothing_is_said_of_order(monkeypatch):
    net = watcher.Net(3, 0).eval()
    space = Videos("shapes", size="16").open(batch=1).space
    held_out = Part(Videos("shapes", size="16").open(batch=1).held_out, np.arange(8))
    found = watcher.Watcher(space, "", net, held_out)
    assert max(found.quality.values()) < watcher.TELLS
    assert np.isnan(found.in_order(found(held_out.read(np.arange(3))))).all()


def test_the_features_of_fvd_are_those_of_a_network_that_sees_colours_from_0_to_255():
    seen = []

    def network(x, **options):
        seen.append((tuple(x.shape), float(x.max()), options))
        return x.mean((2, 3, 4))

    grey = np.full((20, 10, 8, 8, 1), 255, np.uint8)
    found = fvd_features(network)(grey)
    assert found.shape == (20, 3)
    assert [each[0] for each in seen] == [(16, 3, 10, 8, 8), (4, 3, 10, 8, 8)]
    assert seen[0][1:] == (255.0, {"rescale": True, "resize": True, "return_features": True})
    with pytest.raises(ValueError, match="clips of 10 frames or more"):
        fvd_features(network)(grey[:, :9])
    clips = np.stack([shape("x", i, 8, 8) for i in range(12)])
    scores = ptarmigan.score(clips, clips[:6], features=fvd_features(network), metrics=["frechet"])["scores"]
    assert scores["Fréchet distance"]["value"] >= 0
