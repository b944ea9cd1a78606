"""Who tells real from generated samples: nobody where they are alike, and with the stated certainty."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from ptarmigan.metrics.two_sample import classifier_test, neighbour_test

BOTH = pytest.mark.parametrize("test", [classifier_test, neighbour_test])


def points(n, seed, d=3, shift=0.0):
    return (np.random.default_rng(seed).normal(size=(n, d)) + shift).astype(np.float32)


@BOTH
def test_alike_cannot_be_told(test):
    found = test(points(300, 0), points(300, 1))
    assert abs(found.accuracy.value - 0.5) < 3 * found.accuracy.error
    assert found.p_value > 0.05


@BOTH
def test_what_is_apart_is_told(test):
    found = test(points(100, 0), points(100, 1, shift=20))
    assert found.accuracy.value == 1
    assert found.accuracy.error == 0
    assert found.p_value <= 0.002


@BOTH
def test_the_further_apart_the_better(test):
    found = [test(points(400, 0), points(400, 1, shift=s)).accuracy.value for s in (0, 0.6, 1.5, 4)]
    assert found == sorted(found)
    assert found[-1] > 0.95


def test_the_accuracy_of_the_best_line_is_reached():
    """Two Gaussians a distance of 2 apart are told in Φ(1) of all cases, and by no one better."""
    a, b = points(3_000, 0, d=1), points(3_000, 1, d=1, shift=2)
    found = classifier_test(a, b)
    assert found.accuracy.value == pytest.approx(0.8413, abs=3 * found.accuracy.error)


@BOTH
def test_by_chance_the_p_value_is_as_often_small_as_it_says(test):
    small = [test(points(40, s, d=2), points(40, 1_000 + s, d=2)).p_value < 0.1 for s in range(60)]
    assert np.mean(small) <= 0.1 + 2 * np.sqrt(0.1 * 0.9 / 60)


@BOTH
def test_the_error_covers_what_repetitions_vary(test):
    found = [test(points(60, s), points(60, 1_000 + s, shift=0.4)).accuracy for s in range(40)]
    spread = np.std([f.value for f in found])
    error = np.mean([f.error for f in found])
    assert 0.8 * spread < error < 2.2 * spread


def test_neighbours_are_those_of_all_distances():
    a, b = points(50, 0), points(50, 1, shift=0.7)
    x, is_real = np.concatenate([a, b]), np.arange(100) < 50
    distance = cdist(x, x)
    np.fill_diagonal(distance, np.inf)
    right = is_real == is_real[distance.argmin(axis=1)]
    found = neighbour_test(a, b)
    assert found.accuracy.value == pytest.approx(right.mean())
    assert found.real.value == pytest.approx(right[:50].mean())
    assert found.fake.value == pytest.approx(right[50:].mean())


def test_a_memorised_set_is_below_one_half_on_both_sides():
    real = points(200, 0)
    found = neighbour_test(real, real + 1e-3 * points(200, 1))
    assert found.accuracy.value == found.real.value == found.fake.value == 0
    assert found.p_value <= 0.002


def test_a_collapsed_set_keeps_to_itself_and_crowds_among_the_real_ones():
    real = points(300, 0, d=2)
    few = real[:10].repeat(30, axis=0) + 0.01 * points(300, 1, d=2)
    found = neighbour_test(real, few)
    assert found.fake.value > 0.9
    assert found.real.value < found.fake.value
    assert found.p_value <= 0.002


def test_samples_that_repeat_exactly_are_told_by_chance():
    """Four distinct values in both sets: neighbours are at distance zero, and of either kind."""
    rng = np.random.default_rng(0)
    values = points(4, 0)
    real, fake = values[rng.integers(0, 4, 400)], values[rng.integers(0, 4, 400)]
    assert neighbour_test(real, fake).p_value > 0.05
    assert classifier_test(real, fake).p_value > 0.05


@BOTH
def test_the_same_samples_give_the_same(test):
    a, b = points(60, 0), points(60, 1, shift=0.5)
    assert test(a, b) == test(a.copy(), b.copy())
    assert test(a, b, seed=1) == test(a, b, seed=1)


@BOTH
def test_units_do_not_matter(test):
    a, b = points(100, 0), points(100, 1, shift=0.5)
    assert test(a * 1e4, b * 1e4).accuracy.value == pytest.approx(test(a, b).accuracy.value, abs=0.02)


def test_a_feature_that_is_constant_says_nothing():
    a, b = points(100, 0), points(100, 1, shift=0.5)
    dead = np.full((100, 1), 7, np.float32)
    with_it = classifier_test(np.hstack([a, dead]), np.hstack([b, dead]))
    assert with_it.accuracy.value == pytest.approx(classifier_test(a, b).accuracy.value, abs=0.02)


@BOTH
@pytest.mark.parametrize(
    ("real", "fake", "words"),
    [
        (points(30, 0), points(31, 1), "as many real as generated samples, not 30 and 31"),
        (points(19, 0), points(19, 1), "at least 20"),
        (points(30, 0), points(30, 1, d=4), "of 3 and of 4"),
        (points(30, 0), np.full((30, 3), np.nan, np.float32), "30 of 30 fake samples are not finite"),
        (np.ones((30, 3), np.float32), points(30, 1), "all real samples are the same"),
        (points(30, 0).ravel(), points(30, 1), "have the shape"),
    ],
)
def test_what_cannot_be_tested(test, real, fake, words):
    with pytest.raises(ValueError, match=words):
        test(real, fake)


@BOTH
def test_a_collapse_to_one_sample_is_told(test):
    found = test(points(100, 0), np.zeros((100, 3), np.float32))
    assert found.p_value <= 0.05
