"""Scores of series: what they are of known series, and that order in time decides where it should."""

from __future__ import annotations

import numpy as np
import pytest

from ptarmigan.modalities.series import measures as scores


def moving(n: int, seed: int = 0, length: int = 16, pull: float = 0.8) -> np.ndarray:
    """Two channels of autoregression, of which the second follows the first."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, length, 2))
    for t in range(1, length):
        x[:, t] += pull * x[:, t - 1]
    x[:, :, 1] = x[:, :, 0] + 0.3 * x[:, :, 1]
    return x


MEASURES = [scores.autocorrelation_error, scores.cross_correlation_error, scores.spectrum_distance]


@pytest.mark.parametrize("measure", MEASURES)
def test_the_same_series_are_no_distance_apart_in_any_unit(measure):
    x = moving(200)
    assert measure(x, x) == 0
    assert measure(x, 1e5 * x + 7) == pytest.approx(0, abs=1e-9)


def test_autocorrelation_is_that_of_the_definition():
    x = moving(3, length=9)
    found = scores.autocorrelation(x)
    assert found.shape == (7, 2)
    one = x[:, :, 0] - x[:, :, 0].mean(1, keepdims=True)
    expected = [np.correlate(row, row, "full")[len(row) :][:7] / (row**2).sum() for row in one]
    np.testing.assert_allclose(found[:, 0], np.mean(expected, 0))


def test_correlation_and_spectrum_are_those_of_the_definition():
    x = moving(1, length=8)
    expected = np.corrcoef(x[0].T)
    np.testing.assert_allclose(scores.correlation(x), expected)
    wave = np.sin(2 * np.pi * 2 * np.arange(8) / 8)[None, :, None]
    np.testing.assert_allclose(scores.spectrum(wave)[:, 0], [0, 1, 0, 0], atol=1e-12)
    fast = np.sin(2 * np.pi * 3 * np.arange(8) / 8)[None, :, None]
    assert scores.spectrum_distance(wave, fast) == pytest.approx(1)


def test_shuffling_is_found_by_what_looks_at_order():
    x, y = moving(400), moving(400, 1)
    mixed = scores.shuffled(x)
    np.testing.assert_allclose(np.sort(mixed, 1), np.sort(x, 1))
    for measure in (scores.autocorrelation_error, scores.spectrum_distance):
        assert measure(x, mixed) > 5 * measure(x, y)
    assert scores.cross_correlation_error(x, mixed) == pytest.approx(0, abs=1e-9)
    apart = np.stack([x[:, :, 0], y[:, :, 1]], 2)
    assert scores.cross_correlation_error(x, apart) > 0.5


def test_the_gaussian_has_the_moments():
    x = moving(2_000) + np.array([5, -3])
    drawn = scores.gaussian(x, 4_000)
    flat, real = drawn.reshape(4_000, -1), x.reshape(2_000, -1)
    np.testing.assert_allclose(flat.mean(0), real.mean(0), atol=0.15)
    np.testing.assert_allclose(np.cov(flat.T), np.cov(real.T), atol=0.35)
    assert np.array_equal(scores.gaussian(x, 5, seed=3), scores.gaussian(x, 5, seed=3))


def test_the_discriminative_score():
    x = moving(300)
    far = scores.discriminative_score(x, x + 4, steps=400)
    assert 0.3 < far <= 0.5
    assert scores.discriminative_score(x, moving(300, 1), steps=60) < 0.15
    assert scores.discriminative_score(x, x + 4, steps=400) == far


def test_the_predictive_score():
    x, other = moving(300), moving(300, 1)
    good = scores.predictive_score(x, other, steps=300)
    assert good == scores.predictive_score(x, other, steps=300)
    assert 0 < good < scores.predictive_score(x, other * np.array([1, -1]), steps=300)
    assert 0 < scores.predictive_score(x[:, :, :1], x[:, :, :1], steps=3) < 1


def test_series_that_end_early():
    x = moving(40)
    x[::2, 9:] = np.nan
    for measure in MEASURES:
        assert np.isfinite(measure(x, x[1:]))
    for score in (scores.discriminative_score, scores.predictive_score):
        assert np.isfinite(score(x, x[1:], steps=2))
        assert np.isfinite(score(moving(40), x, steps=2))
    assert np.isnan(scores.shuffled(x)[0, 9:]).all()
    assert np.isfinite(scores.gaussian(x, 3)).all()


def test_what_is_not_compared():
    with pytest.raises(ValueError, match="not compared"):
        scores.discriminative_score(moving(9), moving(9, length=5))
    with pytest.raises(ValueError, match="5 of either"):
        scores.predictive_score(moving(9), moving(2))


@pytest.mark.parametrize("measure", MEASURES)
def test_a_constant_channel_is_at_no_distance_and_costs_no_number(measure):
    """It is one more channel, over which distances are averaged; 0 by 0 is nowhere in them."""
    x, y = moving(50), moving(50, 1)
    flat_x, flat_y = (np.concatenate([s, np.ones((50, 16, 1))], 2) for s in (x, y))
    pairs = 3 if measure is scores.cross_correlation_error else 1.5
    assert measure(flat_x, flat_y) == pytest.approx(measure(x, y) / pairs)


def test_a_channel_that_is_constant_in_a_series_does_not_count_there():
    x = moving(50)
    x[:10, :, 1] = 3
    np.testing.assert_allclose(scores.autocorrelation(x)[:, 1], scores.autocorrelation(x[10:])[:, 1])
