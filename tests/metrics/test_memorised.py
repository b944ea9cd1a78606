"""Copies are found, what generalises is left in peace, and how often that errs is as stated."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from ptarmigan.data.samples import ArraySource
from ptarmigan.metrics import memorised as module
from ptarmigan.metrics.features import pixels
from ptarmigan.metrics.memorised import memorised


def points(n, seed, d=4):
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


def images(n, seed, side=6):
    return np.random.default_rng(seed).integers(0, 256, (n, side, side, 1), np.uint8)


TRAIN, HELD = points(1_000, 0), points(400, 1)


def test_what_generalises_is_left_in_peace():
    found = memorised(points(400, 2), TRAIN, HELD)
    assert found.exact.value == found.exact_real.value == 0
    assert found.near.value < 3 * found.near_real
    assert abs(found.ratio.value - 1) < 3 * found.ratio.error
    assert abs(found.closer.value - 0.5) < 3 * found.closer.error
    assert abs(found.z) < 3
    assert found.searched == 1_000


def test_copies_are_found():
    found = memorised(TRAIN[:400], TRAIN, HELD)
    assert found.exact.value == found.near.value == found.closer.value == 1
    assert found.exact_real.value == found.ratio.value == 0
    assert found.z < -20


def test_noisy_copies_are_near_and_not_exact():
    noisy = TRAIN[:400] + 0.01 * points(400, 3)
    found = memorised(noisy, TRAIN, HELD)
    assert found.exact.value == 0
    assert found.near.value > 0.9
    assert found.ratio.value < 0.1
    assert found.z < -20


def test_the_share_of_copies_among_others_is_told():
    mixed = np.concatenate([TRAIN[:100], points(300, 2)])
    found = memorised(mixed, TRAIN, HELD)
    assert found.exact.value == 0.25
    assert 0.25 <= found.near.value < 0.28
    assert found.exact.error == pytest.approx(np.sqrt(0.25 * 0.75 / 400), rel=0.2)


def test_what_is_off_is_far_from_training():
    found = memorised(points(400, 2) + 3, TRAIN, HELD)
    assert found.near.value == 0
    assert found.ratio.value > 2
    assert found.z > 10


def test_pale_images_are_near_to_all_and_copies_of_none():
    train, held = images(600, 0), images(200, 1)
    pale = (127 + (images(200, 2).astype(int) - 127) // 4).astype(np.uint8)
    found = memorised(pale, train, held)
    assert found.closer.value > 0.99, "by distance alone they would be copies"
    assert found.near.value == 0


@pytest.mark.parametrize("held", [60, 250])
def test_the_false_rate_is_as_stated(held):
    """Over many draws of held-out and new real samples, no more of these are taken for copies."""
    rates, stated = [], 0.0
    for seed in range(30):
        real = points(held, 100 + seed, d=2)
        found = memorised(points(100, 900 + seed, d=2), TRAIN[:, :2], real)
        rates.append(found.near.value)
        stated = found.near_real
    assert stated == pytest.approx(max(1, (held + 1) // 100) / (held + 1))
    assert np.mean(rates) < stated + 3 * np.std(rates) / np.sqrt(len(rates))
    assert np.mean(rates) > 0.3 * stated, "a threshold that finds nothing would be no threshold"


@pytest.mark.parametrize("ties", [False, True])
def test_the_test_is_mann_and_whitneys(ties):
    rng = np.random.default_rng(0)
    fake, real = rng.normal(size=80), rng.normal(0.3, 1, size=120)
    if ties:
        fake, real = np.round(fake), np.round(real)
    closer, z = module._test(fake, real)
    reference = mannwhitneyu(fake, real, alternative="two-sided", method="asymptotic", use_continuity=False)
    assert closer.value == pytest.approx(1 - reference.statistic / (80 * 120))
    from scipy.stats import norm

    assert 2 * norm.sf(abs(z)) == pytest.approx(reference.pvalue)
    assert z < 0, "nearer than held-out ones is below zero, as Meehan et al. have it"
    brute = np.mean((fake[:, None] < real) + 0.5 * (fake[:, None] == real))
    assert closer.value == pytest.approx(brute)


def test_the_error_of_the_test_is_that_of_repetitions():
    rng = np.random.default_rng(0)
    found = [module._test(rng.normal(size=50), rng.normal(0.5, 2, size=90))[0] for _ in range(300)]
    spread = np.std([f.value for f in found])
    assert np.mean([f.error for f in found]) == pytest.approx(spread, rel=0.1)


def test_chance_duplicates_of_coarse_data_are_seen_in_the_real_ones_too():
    rng = np.random.default_rng(0)
    train, held, fake = (rng.integers(0, 40, (n, 2)).astype(np.float32) for n in (700, 200, 200))
    found = memorised(fake, train, held)
    assert found.exact.value == pytest.approx(found.exact_real.value, abs=0.12)
    assert found.exact_real.value > 0.2
    assert found.near.value <= 0.05


def test_sources_and_arrays_and_orders_are_the_same():
    fake = points(100, 2)
    by_array, by_source = (memorised(fake, t, HELD) for t in (TRAIN, ArraySource(TRAIN)))
    assert by_array == by_source
    turned = memorised(fake[::-1], TRAIN[::-1], HELD[::-1])
    for name in ("exact", "near", "ratio", "closer"):
        assert getattr(turned, name).value == pytest.approx(getattr(by_array, name).value)


def test_it_compares_by_features_where_they_are_given():
    class First:
        name = hash = "first"

        def __call__(self, raw):
            return pixels(raw)[:, :2]

    fake = points(200, 2)
    fake[:, :2] = TRAIN[:200, :2]
    assert memorised(fake, TRAIN, HELD).near.value < 0.1
    found = memorised(fake, TRAIN, HELD, First())
    assert found.near.value == 1
    assert found.exact.value == 0, "exact copies are of the samples, not of their features"


def test_large_images_are_compared_small_and_equal_only_when_whole():
    train, held = images(60, 0, 64), images(40, 1, 64)
    fake = train[:40].copy()
    fake[:, 0, 0] ^= 1
    found = memorised(fake, train, held)
    assert found.exact.value == 0
    assert found.near.value == 1


def test_a_part_of_many_is_looked_at_for_near_copies_and_all_for_exact_ones(monkeypatch):
    monkeypatch.setattr(module, "SEARCHED", 50)
    found = memorised(TRAIN[:200], TRAIN, HELD)
    assert found.searched == 50
    assert found.exact.value == 1
    assert found.near.value < 0.2


@pytest.mark.parametrize(
    ("fake", "train", "held", "words"),
    [
        (points(19, 2), TRAIN, HELD, "at least 20 generated samples, and there are 19"),
        (HELD, points(5, 0), HELD, "20 training samples, and there are 5"),
        (HELD, TRAIN, HELD[:3], "20 held-out samples, and there are 3"),
        (points(30, 2, d=3), TRAIN, HELD, r"generated samples have the shape \(3,\)"),
        (HELD, TRAIN, points(30, 2, d=5), r"held-out samples have the shape \(5,\)"),
        (np.full_like(HELD, np.nan), TRAIN, HELD, "not finite"),
        (HELD, TRAIN, TRAIN[:100], "most held-out samples are among the training samples"),
        (HELD, np.ones_like(TRAIN), np.ones_like(HELD), "most held-out samples are among"),
    ],
)
def test_what_tells_nothing(fake, train, held, words):
    with pytest.raises(ValueError, match=words):
        memorised(fake, train, held)


def test_a_collapsed_generator_is_scored():
    found = memorised(np.zeros_like(HELD), TRAIN, HELD)
    assert np.isfinite([found.near.value, found.ratio.value, found.ratio.error, found.z]).all()
