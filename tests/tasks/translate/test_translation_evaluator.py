"""The judge of translations: targets score best, what is trivial stands beside, hidden signals show."""

from __future__ import annotations

import numpy as np
import pytest

from ptarmigan.api import compare
from ptarmigan.data.condition import Condition
from ptarmigan.data.samples import ArraySource, Samples
from ptarmigan.evaluation import score as scoring
from ptarmigan.metrics.panel import RawPanel
from ptarmigan.metrics.request import Request
from ptarmigan.modalities.image import classifier
from ptarmigan.modalities.image.extractors.pick import extractor
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.label.space import LabelSpace
from ptarmigan.report.page import write_report
from ptarmigan.tasks.translate import mapping
from ptarmigan.tasks.translate.content import edge_agreement
from ptarmigan.tasks.translate.cycle import noisy
from ptarmigan.tasks.translate.domain import Both
from ptarmigan.tasks.translate.evaluate import evaluate, evaluator, warn_of_hidden_signal
from ptarmigan.tasks.translate.pairs import agreement, confusion, decibels, l1, mean_iou
from ptarmigan.tasks.translate.perceptual_distance import perceptual
from ptarmigan.tasks.translate.trivial import (
    BICUBIC,
    IDENTITY,
    MEAN,
    REGRESSION,
    copied,
    in_form,
    mean,
    trivial,
)

RNG = np.random.default_rng(0)
SPACE = ImageSpace(16, 16, 1)
LABELS = LabelSpace(16, 16, 3)
REFERENCE = RawPanel((), np.zeros((2, 1)), (np.zeros(1), np.zeros(1)), 1, "").reference


def blobs(n, seed):
    """Label maps of two squares on a ground."""
    rng = np.random.default_rng(seed)
    out = np.zeros((n, 16, 16, 1), np.uint8)
    for one in out:
        for label in (1, 2):
            top, left = rng.integers(0, 10, 2)
            one[top : top + 6, left : left + 6] = label
    return out


def painted(labels):
    """Photos of label maps: a lightness for each class, and a little noise."""
    light = np.array([30, 130, 220])[labels]
    return (light + np.random.default_rng(1).integers(-8, 9, labels.shape)).clip(0, 255).astype(np.uint8)


def samples_of(a, b, given, space, *, held_out=20, matched=True, paired=True):
    inputs = Condition(given, ArraySource(a[held_out:]), ArraySource(a[:held_out]), matched, paired)
    return Samples(
        ArraySource(b[held_out:]), space, batch=4, condition=inputs, held_out=ArraySource(b[:held_out])
    )


@pytest.fixture
def quick(monkeypatch, tmp_path_factory):
    # with a cache of their own: others are to find networks that have learnt all
    monkeypatch.setenv("PTARMIGAN_CACHE", str(tmp_path_factory.getbasetemp() / "quick"))
    monkeypatch.setattr(mapping, "TRAINED_PAIRS", 1_200)
    monkeypatch.setattr(classifier, "SEEN", (2_000, 2_000))


@pytest.fixture(scope="module")
def negatives():
    photos = painted(blobs(80, 0))
    return photos, 255 - photos


class TestMeasures:
    def test_what_is_equal_is_at_no_distance(self, negatives):
        photos, others = negatives
        assert l1(photos, photos).max() == 0
        assert decibels(photos, photos).min() == 96
        assert l1(np.zeros_like(photos), np.full_like(photos, 255)).min() == 1
        assert l1(photos, others).min() > 0

    def test_accuracy_and_overlap_by_hand(self):
        truth = np.array([0, 0, 1, 1], np.uint8).reshape(1, 2, 2, 1)
        found = np.array([0, 1, 1, 1], np.uint8).reshape(1, 2, 2, 1)
        counts = confusion(found, truth, 3)
        assert counts[0].tolist() == [[1, 1, 0, 0], [0, 2, 0, 0], [0, 0, 0, 0]]
        accuracy, overlap = agreement(counts, REFERENCE)
        assert accuracy.value == 0.75
        assert overlap.value == pytest.approx((1 / 2 + 2 / 3) / 2)  # the third class does not occur
        assert mean_iou(confusion(truth, truth, 3)[0]) == 1
        of_no_class = np.array([0, 0, 3, 3], np.uint8).reshape(1, 2, 2, 1)
        assert agreement(confusion(found, of_no_class, 3), REFERENCE)[0].value == 0.5
        assert agreement(confusion(of_no_class, truth, 3), REFERENCE)[0].value == 0.5

    @pytest.mark.usefixtures("quick")
    def test_perceptual_distance_grows_with_the_change(self, negatives):
        photos, others = negatives
        features = extractor("auto", samples_of(others, photos, SPACE, SPACE))
        same, near, far = (
            perceptual(photos[:20], seen[:20], features) for seen in (photos, noisy(photos, SPACE, 0), others)
        )
        assert same.max() == 0
        assert 0 < near.mean() < far.mean()
        with pytest.raises(ValueError, match="cannot be compared"):
            perceptual(photos, photos[:2], features)

    def test_edges_stay_where_they_are_when_light_turns_dark(self, negatives):
        photos, others = negatives
        assert edge_agreement(photos, photos, SPACE, SPACE) == pytest.approx(1)
        assert edge_agreement(photos, others, SPACE, SPACE) == pytest.approx(1)
        assert abs(edge_agreement(photos, np.roll(photos, 1, axis=0), SPACE, SPACE).mean()) < 0.4
        flat = np.zeros_like(photos)
        assert edge_agreement(photos, flat, SPACE, SPACE).max() == 0
        assert edge_agreement(flat, flat, SPACE, SPACE).min() == 1

    def test_edges_of_labels_and_of_other_sizes(self):
        labels = blobs(10, 3)
        assert edge_agreement(labels, painted(labels), LABELS, SPACE).mean() > 0.6
        small = painted(labels)[:, ::2, ::2]
        assert edge_agreement(small, painted(labels), ImageSpace(8, 8, 1), SPACE).mean() > 0.5

    def test_two_domains_as_one_source(self):
        a, b = np.zeros((3, 2, 2, 1), np.uint8), np.ones((2, 2, 2, 1), np.uint8)
        both = Both(ArraySource(a), ArraySource(b))
        assert both.labels.tolist() == [0, 0, 0, 1, 1]
        assert both.read(np.array([4, 0, 3]))[:, 0, 0, 0].tolist() == [1, 0, 1]


class TestTrivial:
    def test_pictures_in_another_form(self):
        grey = np.full((4, 4, 1), 51, np.uint8)
        assert (in_form(grey, ImageSpace(4, 4, 3)) == 51).all()
        assert (in_form(grey, ImageSpace(8, 8, 1, 16)) == 51 * 257).all()
        clear = np.zeros((4, 4, 4), np.uint8)
        assert (in_form(clear, ImageSpace(4, 4, 3)) == 255).all()
        assert in_form(grey, ImageSpace(4, 4, 4))[0, 0].tolist() == [51, 51, 51, 255]

    def test_which_fit(self, negatives):
        photos, _ = negatives
        assert [*copied(photos, SPACE, SPACE)] == [IDENTITY]
        assert [*copied(photos[:, :8, :8], ImageSpace(8, 8, 1), SPACE)] == [BICUBIC]
        assert copied(blobs(2, 0), LABELS, SPACE) == {}

    def test_the_mean(self):
        raw = np.stack([np.zeros((8, 8, 1), np.uint8), np.full((8, 8, 1), 100, np.uint8)])
        assert (mean(ArraySource(raw), ImageSpace(8, 8, 1)) == 50).all()
        maps = np.stack([np.full((8, 8, 1), label, np.uint8) for label in (2, 2, 1)])
        assert (mean(ArraySource(maps), LabelSpace(8, 8, 3)) == 2).all()

    @pytest.mark.usefixtures("quick")
    def test_the_regression_learns_from_pairs_alone_and_is_always_the_same(
        self, negatives, monkeypatch, tmp_path
    ):
        photos, others = negatives
        paired = samples_of(photos, others, SPACE, SPACE)
        found = trivial(paired, photos[:20])
        assert [*found] == [IDENTITY, MEAN, REGRESSION]
        assert l1(found[REGRESSION], others[:20]).mean() < l1(found[MEAN], others[:20]).mean() / 2
        monkeypatch.setenv("PTARMIGAN_CACHE", str(tmp_path))
        np.testing.assert_array_equal(trivial(paired, photos[:20])[REGRESSION], found[REGRESSION])
        apart = samples_of(photos, others, SPACE, SPACE, paired=False)
        assert [*trivial(apart, photos[:20])] == [IDENTITY, MEAN]


def evaluated(samples, outputs, returned=None, keys=()):
    found = evaluate(samples, outputs, Request(keys, n=len(outputs)), returned)
    return {score.scale.name: score for score in found.scores}, found.warnings


@pytest.mark.usefixtures("quick")
class TestJudge:
    def test_targets_score_as_real_and_trivial_translations_lose(self, negatives):
        photos, others = negatives
        scores, _ = evaluated(samples_of(photos, others, SPACE, SPACE), others[:20])
        assert {"L1", "PSNR", "SSIM", "perceptual distance", "edge agreement"} <= scores.keys()
        assert {"taken for the target", "Fréchet distance", "kernel distance"} <= scores.keys()
        for name in ("L1", "PSNR", "SSIM", "perceptual distance", "edge agreement", "taken for the target"):
            assert scores[name].value.value == pytest.approx(scores[name].real), name
            assert scores[name].beaten_by == (), name
        assert scores["L1"].baselines.keys() == {IDENTITY, MEAN, REGRESSION}
        assert IDENTITY not in scores["edge agreement"].baselines
        assert scores["taken for the target"].baselines[IDENTITY] < 0.1

    def test_the_identity_beats_nobody_but_is_beaten(self, negatives):
        photos, others = negatives
        scores, _ = evaluated(samples_of(photos, others, SPACE, SPACE), photos[:20])
        assert MEAN in scores["L1"].beaten_by
        assert REGRESSION in scores["L1"].beaten_by
        assert scores["edge agreement"].value.value == pytest.approx(1)

    def test_without_pairs_there_is_no_distance_to_targets(self, negatives):
        photos, others = negatives
        samples = samples_of(photos, others, SPACE, SPACE, matched=False, paired=False)
        scores, _ = evaluated(samples, others[:20])
        assert "L1" not in scores
        assert scores["edge agreement"].real is None
        assert scores["Fréchet distance"].baselines.keys() == {IDENTITY, MEAN}

    def test_labels_to_photos_are_segmented(self):
        labels = blobs(80, 0)
        samples = samples_of(labels, painted(labels), LABELS, SPACE)
        scores, _ = evaluated(samples, painted(labels)[:20], keys=("segmented",))
        found = scores["segmented pixel accuracy"]
        assert found.value.value == found.real > 0.9
        assert found.baselines[MEAN] < found.real

    def test_photos_to_labels(self):
        labels = blobs(80, 0)
        scores, _ = evaluated(samples_of(painted(labels), labels, SPACE, LABELS), labels[:20])
        assert scores["pixel accuracy"].value.value == scores["mean IoU"].value.value == 1
        assert scores["pixel accuracy"].baselines[REGRESSION] > scores["pixel accuracy"].baselines[MEAN]
        assert "Fréchet distance" not in scores

    def test_training_names_what_the_table_names(self, negatives):
        labels, (photos, others) = blobs(80, 0), negatives
        for samples in (
            samples_of(photos, others, SPACE, SPACE),
            samples_of(painted(labels), labels, SPACE, LABELS),
        ):
            target = samples.held_out.read(np.arange(20))
            scores, _ = evaluated(samples, target)
            for metric in evaluator(samples, Request(n=20)).metrics:
                assert metric.lower_is_better == scores[metric.name].scale.lower_is_better
                if metric.name != "Fréchet distance":
                    assert metric(target) == pytest.approx(scores[metric.name].value.value)

    def test_the_way_back(self, negatives):
        photos, others = negatives
        samples = samples_of(photos, others, SPACE, SPACE)
        scores, warnings = evaluated(samples, others[:20], (photos[:20], others[:20]), keys=("l1",))
        assert scores["cycle error"].value.value == 0
        assert any("hide information for the cycle" in words for words in warnings)

    @pytest.mark.parametrize(
        ("clean", "spoilt", "hides"), [(0.02, 0.2, 1), (0.1, 0.12, 0), (0.001, 0.016, 0)]
    )
    def test_when_a_cycle_hides_something(self, clean, spoilt, hides):
        assert bool(warn_of_hidden_signal(clean, spoilt)) == hides

    def test_bad_questions(self, negatives):
        photos, others = negatives
        samples = samples_of(photos, others, SPACE, SPACE)
        with pytest.raises(ValueError, match="no measure 'beauty' of translations: choose from l1"):
            evaluated(samples, others[:20], keys=("beauty",))
        with pytest.raises(ValueError, match="at least 1"):
            evaluated(samples, others[:0])


@pytest.mark.usefixtures("quick")
def test_a_run_is_scored_and_compared(runs):
    import ptarmigan

    for seed in (0, 1):
        ptarmigan.train(
            "translate.pix2pix", out=runs / str(seed), width=4, steps=4, batch=4, seed=seed, quiet=True
        )
    found = scoring.score_run(runs / "0", n=30, metrics=("l1", "edges", "frechet"))
    assert found["samples"] == 30
    assert found["scores"].keys() == {"L1", "edge agreement", "Fréchet distance"}
    assert found["scores"]["L1"]["baselines"].keys() == {IDENTITY, MEAN, REGRESSION}
    scoring.score_run(runs / "1", n=30, metrics=("l1",))
    page = (runs / "0" / "report.html").read_text()
    assert "In a row, from the left: input, output, target." in page
    assert "A row for each input" in page
    write_report(runs / "0")
    assert "Regression U-Net" in (runs / "0" / "report.html").read_text()
    for picture in (runs / "0" / "samples").iterdir():
        picture.unlink()
    compare([runs / "0", runs / "1"], out=runs / "both.html")
    assert "translations of held-out inputs" in (runs / "both.html").read_text()
