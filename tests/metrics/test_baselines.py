"""The trivial generators: what they are fitted to they resemble, and nothing else."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.datasets import load_digits

from ptarmigan.data.samples import ArraySource
from ptarmigan.metrics import baselines
from ptarmigan.metrics.baselines import gaussian_mixture, noisy_copy
from ptarmigan.metrics.frechet import Moments, frechet
from ptarmigan.metrics.raw import shrunk
from ptarmigan.metrics.search import nearest

BOTH = pytest.mark.parametrize("make", [gaussian_mixture, noisy_copy])


def digits() -> np.ndarray:
    return (load_digits().images[..., None] * 15.9).astype(np.uint8)


def points(n=2_000, seed=0) -> np.ndarray:
    """Two clusters, in units that differ by a million, far from zero."""
    rng = np.random.default_rng(seed)
    centres = np.array([[-3.0, 0.0], [3.0, 1.0]])
    drawn = centres[rng.integers(0, 2, n)] + 0.2 * rng.normal(size=(n, 2))
    return drawn * [1, 1e6] + [100, 5e7]


def waves(n, height, width, channels=3) -> np.ndarray:
    """Images of a few smooth patterns, whose components are found as well on smaller ones."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:height, :width]
    patterns = [np.sin(2 * np.pi * (a * x / width + b * y / height)) for a, b in ((1, 0), (0, 1), (1, 1))]
    each = np.einsum("nkc,khw->nhwc", rng.normal(size=(n, 3, channels)), patterns)
    return (127.5 + 25 * each).clip(0, 255).astype(np.uint8)


@BOTH
@pytest.mark.parametrize(
    "train", [digits(), points(), points().astype(np.float32), waves(60, 9, 14), digits().astype(np.uint16)]
)
def test_what_is_made_is_like_the_data_in_all_but_number(make, train):
    made = make(train, 300)
    assert made.shape == (300, *train.shape[1:])
    assert made.dtype == train.dtype
    places = tuple(range(train.ndim - 1))
    assert (made.min(axis=places) >= train.min(axis=places)).all()
    assert (made.max(axis=places) <= train.max(axis=places)).all()
    np.testing.assert_array_equal(made, make(train, 300))
    np.testing.assert_array_equal(made, make(ArraySource(train), 300))
    assert (made != make(train, 300, seed=1)).any()


def test_a_mixture_has_the_moments_and_the_clusters_of_what_it_was_fitted_to():
    train = points()
    made = gaussian_mixture(train, 4_000)
    np.testing.assert_allclose((made.mean(axis=0) - train.mean(axis=0)) / train.std(axis=0), 0, atol=0.1)
    np.testing.assert_allclose(made.std(axis=0), train.std(axis=0), rtol=0.05)
    side = (made[:, 0] > 100).mean()
    assert 0.45 < side < 0.55
    assert (np.abs(np.abs(made[:, 0] - 100) - 3) < 1).mean() > 0.99, "nothing lies between the clusters"


def test_a_mixture_of_images_is_near_in_moments_and_copies_nothing():
    train, pixels = digits(), lambda raw: raw.reshape(len(raw), -1) / 255
    made = gaussian_mixture(train, len(train))
    moved = (255 - train).astype(np.uint8)
    near, far = (frechet(Moments.of(pixels(x)), Moments.of(pixels(train))) for x in (made, moved))
    assert near < 0.03 * far
    assert (nearest(pixels(train), pixels(made))[1] > 0.1).all()


def test_components_of_large_images_are_found_on_small_ones_and_drawn_sharp(monkeypatch):
    train = waves(300, 40, 60)
    whole = gaussian_mixture(train, 200).astype(float)
    monkeypatch.setattr(baselines, "SIDE", 20)
    through = gaussian_mixture(train, 200).astype(float)
    assert through.shape == whole.shape
    for made in (whole, through):
        assert np.abs(made.mean(axis=0) - train.mean(axis=0)).mean() < 5
        assert made.std() == pytest.approx(train.std(), rel=0.1)
    # blocks enlarged from 20 pixels would leave no difference between neighbours inside of them
    steps = np.abs(np.diff(through, axis=2)).mean(axis=(0, 1, 3))
    assert steps.min() > 0.5 * np.abs(np.diff(train.astype(float), axis=2)).mean(axis=(0, 1, 3)).min()


@pytest.mark.parametrize("share", [0.02, 0.1])
def test_a_copy_is_a_training_sample_and_noise_of_the_stated_size(share):
    train = points()
    made, bare = (noisy_copy(train, len(train), share=part) for part in (share, 0))
    assert {*map(tuple, bare)} == {*map(tuple, train)}
    inside = ((made > train.min(axis=0)) & (made < train.max(axis=0))).all(axis=1)
    assert inside.mean() > 0.8
    noise = (made - bare)[inside] / train.std(axis=0)
    np.testing.assert_allclose(noise.std(axis=0), share, rtol=0.1)
    assert abs(np.corrcoef(noise.T)[0, 1]) < 0.1


def test_no_sample_is_copied_twice_while_there_are_others():
    train = np.arange(50.0)[:, None] * 1e3
    once = noisy_copy(train, 50, share=1e-9)
    assert sorted(np.rint(once[:, 0])) == sorted(train[:, 0])
    thrice = np.rint(noisy_copy(train, 150, share=1e-9)[:, 0])
    assert (np.unique(thrice, return_counts=True)[1] == 3).all()


def test_without_noise_copies_are_exact():
    train = digits()
    made = noisy_copy(train, 40, share=0)
    assert (nearest(train, made)[1] == 0).all()


def test_the_first_of_many_copies_are_the_same_as_the_first_of_few():
    train = digits()
    np.testing.assert_array_equal(noisy_copy(train, 500)[:130], noisy_copy(train, 130))


def test_noise_is_white_where_pixels_are_always_black():
    train = digits()
    corner = train[:, 0, 0, 0]
    assert (corner == 0).all()
    assert noisy_copy(train, 200)[:, 0, 0, 0].max() > 0


@BOTH
@pytest.mark.parametrize("n", [2, 3, 7, 30])
def test_few_samples_and_dead_columns_are_enough(make, n):
    train = np.random.default_rng(0).normal(size=(n, 80)).astype(np.float32)
    train[:, 5] = 3
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = make(train, 20)
    assert np.isfinite(made).all()
    assert (made[:, 5] == 3).all()


def test_a_mixture_that_has_not_converged_says_nothing(monkeypatch):
    monkeypatch.setattr(baselines, "ROUNDS", 1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gaussian_mixture(points(), 10)


def test_at_most_so_many_samples_are_looked_at(monkeypatch):
    monkeypatch.setattr(baselines, "FITTED", 100)
    read = []

    class Counted(ArraySource):
        def read(self, indices):
            read.extend(indices.tolist())
            return super().read(indices)

    gaussian_mixture(Counted(points()), 10)
    assert len(set(read)) == 100


@BOTH
@pytest.mark.parametrize(
    ("train", "n", "words"),
    [
        (points()[:1], 5, "at least 2 training samples, and there are 1"),
        (np.empty((0, 3)), 5, "there are 0"),
        (np.ones((10, 3)), 5, "all training samples are the same"),
        (np.where(points() > 100, np.nan, points()), 5, "not finite"),
        (points(), 0, "cannot make 0 samples"),
    ],
)
def test_what_no_baseline_can_be_made_of(make, train, n, words):
    with pytest.raises(ValueError, match=words):
        make(train, n)


@pytest.mark.parametrize("share", [-0.1, np.nan, np.inf])
def test_noise_has_a_size(share):
    with pytest.raises(ValueError, match="it is 0 or more"):
        noisy_copy(points(), 5, share=share)


def test_large_images_are_averaged_down_by_whole_numbers():
    raw = np.random.default_rng(0).integers(0, 256, (3, 10, 21, 2), np.uint8)
    by_hand = raw[:, :9, :].reshape(3, 3, 3, 7, 3, 2).mean(axis=(2, 4)).round()
    np.testing.assert_array_equal(shrunk(raw, 7), by_hand)
    assert shrunk(raw, 21) is raw
    assert shrunk(points(), 1).shape == (2_000, 2)
