"""What a classifier says of sets of samples: shares, Inception Score, agreement with what was asked for."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from torchmetrics.image.inception import InceptionScore

from ptarmigan.metrics.classes import (
    Share,
    agreement_by_class,
    class_balance,
    class_shares,
    classifier_score,
    conditional_agreement,
    confidence,
    inception_score,
    missing_classes,
)

NAMES = ("cat", "dog", "owl", "emu")


def sure(classes, of=4):
    return np.eye(of)[np.asarray(classes)]


def unsure(n=1000, of=4, seed=0, alpha=0.5):
    return np.random.default_rng(seed).dirichlet(np.full(of, alpha), n)


class TestShares:
    def test_known(self):
        shares = class_shares(sure([0, 0, 0, 2]), sure([0, 0, 1, 2]), NAMES)
        assert shares == (
            Share("cat", 0.75, 0.5),
            Share("dog", 0, 0.25),
            Share("owl", 0.25, 0.25),
            Share("emu", 0, 0),
        )
        assert missing_classes(shares) == ("dog",)  # nor is there a real emu

    def test_shares_sum_to_one_and_real_misses_nothing_of_itself(self):
        fake, real = unsure(200), unsure(500, seed=1)
        shares = class_shares(fake, real, NAMES)
        assert sum(s.fake for s in shares) == pytest.approx(1)
        assert sum(s.real for s in shares) == pytest.approx(1)
        assert missing_classes(class_shares(real, real, NAMES)) == ()

    def test_a_sample_counts_for_its_most_probable_class(self):
        shares = class_shares(np.array([[0.3, 0.25, 0.25, 0.2]]), sure([0]), NAMES)
        assert [s.fake for s in shares] == [1, 0, 0, 0]

    def test_balance_of_what_is_missing_is_large_and_finite(self):
        real = sure(np.arange(400) % 4)
        missing_one, missing_three = sure(np.arange(400) % 3), sure(np.zeros(400, int))
        assert 0 < class_balance(missing_one, real) < class_balance(missing_three, real) < np.inf
        assert class_balance(real, missing_one) < np.inf

    def test_names_must_fit(self):
        with pytest.raises(ValueError, match="2 names do not fit 4 classes"):
            class_shares(unsure(), unsure(), ("cat", "dog"))


class TestInceptionScore:
    def test_by_hand(self):
        p = unsure(300)
        entropy = lambda q: -np.sum(q * np.log(q), axis=-1)
        expected = np.exp(entropy(p.mean(0)) - entropy(p).mean())
        found = inception_score(p, splits=1)
        assert found.value == pytest.approx(expected, rel=1e-12)
        assert found.error == 0
        assert classifier_score(p) == pytest.approx(expected, rel=1e-12)

    def test_equals_torchmetrics(self):
        p = unsure(200)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it keeps all features, and one part has no deviation
            metric = InceptionScore(feature=torch.nn.Identity(), splits=1)
            metric.update(torch.from_numpy(np.log(p)))
            value, _ = metric.compute()
        assert inception_score(p, splits=1).value == pytest.approx(value.item(), rel=1e-6)

    def test_bounds(self):
        assert inception_score(sure(np.arange(4000) % 4)).value == pytest.approx(4, rel=0.01)
        assert inception_score(np.full((100, 4), 0.25)).value == pytest.approx(1)
        assert inception_score(sure(np.zeros(100, int))).value == pytest.approx(1)
        for seed, alpha in enumerate((0.01, 0.1, 1, 10)):
            assert 1 <= inception_score(unsure(seed=seed, alpha=alpha)).value <= 4

    def test_surer_samples_score_higher(self):
        values = [inception_score(unsure(alpha=alpha)).value for alpha in (10, 1, 0.1, 0.01)]
        assert values == sorted(values)

    def test_the_error_is_the_deviation_between_parts(self):
        p = unsure(5000)
        found = inception_score(p, splits=10)
        parts = [classifier_score(unsure(500, seed=seed)) for seed in range(1, 60)]
        assert found.error == pytest.approx(np.std(parts), rel=0.6)
        assert found.value == pytest.approx(np.mean(parts), abs=3 * found.error)

    def test_a_list_sorted_by_class_scores_as_any_other(self):
        p = sure(np.repeat(np.arange(4), 500))
        assert inception_score(p).value > 3.9  # consecutive parts would hold one class each, and score 1

    def test_parts(self):
        assert inception_score(sure([0, 1, 2, 3]), splits=4).value == pytest.approx(1)
        for splits in (0, 5):
            with pytest.raises(ValueError, match=f"4 samples .* {splits} parts"):
                inception_score(sure([0, 1, 2, 3]), splits=splits)


class TestAgreement:
    def test_known(self):
        asked = np.array([0, 0, 0, 0, 1, 1, 3, 3])
        told = sure([0, 0, 0, 2, 1, 1, 2, 2])
        found = conditional_agreement(told, asked)
        assert found.value == 5 / 8
        assert 0.1 < found.error < 0.25  # a coin's deviation: sqrt(5/8 * 3/8 / 8) = 0.17
        by_class = agreement_by_class(told, asked, NAMES)
        assert {name: e.value for name, e in by_class.items()} == {"cat": 0.75, "dog": 1, "emu": 0}
        assert (by_class["dog"].error, by_class["emu"].error) == (0, 0)

    def test_a_generator_deaf_to_its_classes_agrees_by_chance(self):
        rng = np.random.default_rng(0)
        found = conditional_agreement(sure(rng.integers(4, size=4000)), rng.integers(4, size=4000))
        low, high = found.interval
        assert low < 0.25 < high
        assert high - low < 0.04

    def test_wrong_labels_lower_it_one_by_one(self):
        asked = np.arange(100) % 4
        values = []
        for wrong in (0, 1, 10, 50):
            told = asked.copy()
            told[:wrong] = (told[:wrong] + 1) % 4
            values.append(conditional_agreement(sure(told), asked).value)
        assert values == [1, 0.99, 0.9, 0.5]

    def test_refused(self):
        with pytest.raises(ValueError, match=r"shape \(3,\) do not fit 4 samples"):
            conditional_agreement(sure([0, 1, 2, 3]), np.arange(3))
        with pytest.raises(ValueError, match="there is no class 4: the classifier has 4"):
            conditional_agreement(sure([0, 1]), np.array([0, 4]))
        with pytest.raises(ValueError, match="there is no class -1"):
            agreement_by_class(sure([0, 1]), np.array([0, -1]), NAMES)
        with pytest.raises(ValueError, match="1 names do not fit"):
            agreement_by_class(sure([0, 1]), np.array([0, 1]), ("cat",))


@pytest.mark.parametrize(
    "measure",
    [
        confidence,
        classifier_score,
        inception_score,
        lambda p: class_balance(p, unsure()),
        lambda p: class_balance(unsure(), p),
        lambda p: class_shares(p, unsure(), NAMES),
        lambda p: conditional_agreement(p, np.zeros(len(p), int)),
    ],
)
@pytest.mark.parametrize(
    ("p", "reason"),
    [
        (np.zeros((0, 4)), "need probabilities"),
        (np.full(4, 0.25), "need probabilities"),
        (np.full((20, 4), np.nan), "20 of 20 rows"),
        (np.r_[sure([0] * 19), [[0.5, np.inf, 0, 0]]], "1 of 20 rows"),
        (np.r_[sure([0] * 19), [[1.5, -0.5, 0, 0]]], "1 of 20 rows"),
        (np.random.default_rng(0).normal(size=(20, 4)), "softmax first"),
    ],
)
def test_no_probabilities(measure, p, reason):
    with pytest.raises(ValueError, match=reason):
        measure(p)


def test_half_precision_probabilities_are_good_enough():
    assert confidence(unsure().astype(np.float16)) == pytest.approx(confidence(unsure()), rel=1e-3)
