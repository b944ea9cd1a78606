"""Metrics against references, closed forms and properties; the classifier on the built-in digits."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from evaluators import metrics_of
from scipy.linalg import sqrtm
from scipy.stats import wasserstein_distance
from sklearn.datasets import load_digits

from ptarmigan.data.samples import ArraySource, Samples
from ptarmigan.metrics.classes import class_balance, classifier_score, confidence
from ptarmigan.metrics.distance import sliced_wasserstein
from ptarmigan.metrics.features import extract, pixels
from ptarmigan.metrics.frechet import Moments, frechet
from ptarmigan.metrics.modes import modes
from ptarmigan.modalities.image import classifier as classifiers
from ptarmigan.modalities.image.classifier import Classifier, Net, fingerprint, learn, turned
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.point.source import mixture, points
from ptarmigan.modalities.vector.source import Vectors


def features(n=600, d=12, seed=0):
    rng = np.random.default_rng(seed)
    bent = np.maximum(rng.normal(size=(n, d)) @ rng.normal(size=(d, d)) + rng.normal(size=d), 0)
    return bent + 0.01 * rng.normal(size=(n, d))


def by_sqrtm(a, b):
    """The formula as Heusel et al. wrote it, by a general matrix square root."""
    first, second = np.atleast_2d(np.cov(a.T)), np.atleast_2d(np.cov(b.T))
    root = sqrtm(first @ second).real
    return np.sum((a.mean(0) - b.mean(0)) ** 2) + np.trace(first + second - 2 * root)


class TestFrechet:
    def test_moments_are_numpys(self):
        x = features() + 1e4
        found = Moments.of(x)
        np.testing.assert_allclose(found.mean, x.mean(0), rtol=1e-14)
        np.testing.assert_allclose(found.covariance, np.cov(x.T), rtol=1e-9, atol=1e-12)

    @pytest.mark.parametrize("size", [1, 7, 250, 600])
    def test_batch_size_and_order_do_not_matter(self, size):
        x = features() + 100
        shuffled = np.random.default_rng(1).permutation(x)
        chunks = [shuffled[i : i + size] for i in range(0, len(x), size)]
        whole, parts = Moments.of(x), Moments.stream(iter(chunks))
        assert parts.n == whole.n
        np.testing.assert_allclose(parts.mean, whole.mean, rtol=1e-13)
        np.testing.assert_allclose(parts.scatter, whole.scatter, rtol=1e-10, atol=1e-9)
        other = Moments.of(features(seed=2))
        assert frechet(parts, other) == pytest.approx(frechet(whole, other), rel=1e-10)

    @pytest.mark.parametrize("d", [1, 3, 64])
    def test_equals_the_general_square_root(self, d):
        a, b = features(d=d), features(d=d, seed=1)
        assert frechet(Moments.of(a), Moments.of(b)) == pytest.approx(by_sqrtm(a, b), rel=1e-6)

    def test_closed_form_where_covariances_commute(self):
        # scatter = (n - 1) covariance; sum of squared differences of means and of deviations
        mean, deviations = np.array([1.0, -2.0, 0.5]), (np.array([1.0, 2.0, 3.0]), np.array([2.0, 0.5, 3.0]))
        turn = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
        a, b = (
            Moments(101, m, 100 * turn @ np.diag(s**2) @ turn.T)
            for m, s in zip((mean, 0 * mean), deviations, strict=True)
        )
        expected = np.sum(mean**2) + np.sum((deviations[0] - deviations[1]) ** 2)
        assert frechet(a, b) == pytest.approx(expected, rel=1e-10)

    def test_zero_on_identical_and_symmetric(self):
        a, b = Moments.of(features()), Moments.of(features(seed=1))
        assert frechet(a, a) == pytest.approx(0, abs=1e-10)
        assert frechet(a, b) == pytest.approx(frechet(b, a), rel=1e-9)
        assert frechet(a, b) > 0.1

    def test_grows_with_noise(self):
        x, rng = features(), np.random.default_rng(3)
        noise = rng.normal(size=x.shape)
        scores = [frechet(Moments.of(x), Moments.of(x + s * noise)) for s in (0, 0.1, 0.3, 1, 3)]
        assert scores == sorted(scores)
        assert scores[1] > scores[0]

    def test_singular_covariances(self):
        x, y = features(d=4), features(d=4, seed=1)
        wider = np.random.default_rng(0).normal(size=(4, 9))  # rank 4 in 9 dimensions, and a dead feature
        a, b = (np.hstack([part @ wider, np.zeros((len(part), 1))]) for part in (x, y))
        # an isometry of the features keeps the distance, so turn what both lie in back to 4 dimensions
        basis = np.linalg.svd(wider)[2][:4]
        expected = by_sqrtm(a[:, :9] @ basis.T, b[:, :9] @ basis.T)
        assert frechet(Moments.of(a), Moments.of(b)) == pytest.approx(expected, rel=1e-6)
        assert frechet(Moments.of(a), Moments.of(a)) == pytest.approx(0, abs=1e-6)

    def test_a_collapsed_set_is_compared_as_a_point(self):
        x = features()
        point = np.tile(x.mean(0) + 1, (len(x), 1))
        expected = x.shape[1] + np.trace(np.cov(x.T))
        assert frechet(Moments.of(x), Moments.of(point)) == pytest.approx(expected, rel=1e-9)

    def test_few_samples_are_warned_of(self):
        few = Moments.of(features(n=8))
        with pytest.warns(UserWarning, match="8 samples are few for 12 features"):
            frechet(few, Moments.of(features()))

    def test_what_cannot_be_scored(self):
        bad = features()
        bad[3, 2] = np.nan
        with pytest.raises(ValueError, match=r"1 of 600 samples .* not finite"):
            Moments.of(bad)
        with pytest.raises(ValueError, match="12 and of 3 features"):
            frechet(Moments.of(features()), Moments.of(features(d=3)))
        with pytest.raises(ValueError, match="at least one sample"):
            Moments.stream([])
        with pytest.raises(ValueError, match="shape"):
            Moments.of(np.zeros((0, 3)))


RING = mixture("ring")


class TestModes:
    def test_real_samples(self):
        found = modes(RING.draw(100_000, np.random.default_rng(0)), RING.centres, RING.sigma)
        assert (found.found, found.total) == (8, 8)
        assert found.good == pytest.approx(1 - np.exp(-4.5), abs=1e-3)
        assert found.reverse_kl < 1e-3
        assert found.divergence < 1e-3

    def test_one_mode(self):
        found = modes(np.repeat(RING.centres[:1], 100, 0), RING.centres, RING.sigma)
        assert found.found == 1
        assert found.good == 1
        assert found.reverse_kl == pytest.approx(np.log(8))
        assert found.divergence == pytest.approx(np.log(8 / (1 - np.exp(-4.5))))

    def test_only_good_samples_count_for_the_modes(self):
        inside = RING.centres + np.array([0.029, 0])
        outside = np.repeat(RING.centres[:1] + np.array([0.031, 0]), 24, 0)
        found = modes(np.vstack([inside, outside]), RING.centres, RING.sigma)
        assert found.found == 8
        assert found.good == 0.25
        assert found.reverse_kl == pytest.approx(0, abs=1e-12)
        e = np.exp(-4.5)
        assert found.divergence == pytest.approx(0.25 * np.log(0.25 / (1 - e)) + 0.75 * np.log(0.75 / e))

    def test_none_good(self):
        found = modes(np.array([[9.0, 9.0], [np.nan, 0.0]]), RING.centres, RING.sigma)
        assert (found.found, found.good, found.reverse_kl) == (0, 0, np.inf)
        assert np.isfinite(found.divergence)

    def test_bad_shape(self):
        with pytest.raises(ValueError, match=r"\(samples, 2\)"):
            modes(np.zeros((5, 3)), RING.centres, RING.sigma)


class TestClasses:
    def test_balance(self):
        real = np.eye(4)[np.arange(400) % 4]
        assert class_balance(real, real) == 0
        collapsed = np.eye(4)[np.zeros(400, int)]
        p = np.array([400.5, 0.5, 0.5, 0.5]) / 402
        assert class_balance(collapsed, real) == pytest.approx(np.sum(p * np.log(4 * p)))
        assert np.isfinite(class_balance(real, collapsed))
        half = np.eye(4)[np.arange(400) % 2]
        assert 0 < class_balance(half, real) < class_balance(collapsed, real)

    def test_score_and_confidence(self):
        sure = np.eye(4)[np.arange(400) % 4]
        assert classifier_score(sure) == pytest.approx(4)
        assert confidence(sure) == 1
        unsure = np.full((400, 4), 0.25)
        assert classifier_score(unsure) == pytest.approx(1)
        assert confidence(unsure) == 0.25

    def test_bad_input(self):
        with pytest.raises(ValueError, match="3 and 4 classes"):
            class_balance(np.full((2, 3), 1 / 3), np.full((2, 4), 1 / 4))
        with pytest.raises(ValueError, match="probabilities"):
            confidence(np.zeros((0, 3)))


class TestSlicedWasserstein:
    def test_one_dimension_is_exact_for_any_sizes(self):
        rng = np.random.default_rng(0)
        for n, m in ((50, 50), (30, 70), (1, 9), (64, 48)):
            a, b = rng.normal(size=n), rng.normal(size=m) + 5  # far apart, so W1 is the difference of means
            repeated = np.sort(np.repeat(a, m)) - np.sort(np.repeat(b, n))
            found = sliced_wasserstein(a[:, None], b[:, None])
            assert found == pytest.approx(np.sqrt(np.mean(repeated**2)), rel=1e-12)
            assert found >= wasserstein_distance(a, b)

    def test_translation(self):
        x = np.random.default_rng(0).normal(size=(300, 2))
        found = sliced_wasserstein(x, x + np.array([3, 4]), directions=4096)
        assert found == pytest.approx(5 / np.sqrt(2), rel=0.02)

    def test_properties(self):
        rng = np.random.default_rng(1)
        a, b = rng.normal(size=(200, 5)), rng.normal(size=(120, 5)) * 2
        assert sliced_wasserstein(a, rng.permutation(a)) == pytest.approx(0, abs=1e-12)
        assert sliced_wasserstein(a, b) == pytest.approx(sliced_wasserstein(b, a), rel=1e-12)
        noise = rng.normal(size=a.shape)
        scores = [sliced_wasserstein(a, a + s * noise) for s in (0.1, 0.5, 2)]
        assert scores == sorted(scores)

    def test_bad_input(self):
        with pytest.raises(ValueError, match="2 and of 3 dimensions"):
            sliced_wasserstein(np.zeros((4, 2)), np.zeros((4, 3)))
        with pytest.raises(ValueError, match="1 of 4 samples are not finite"):
            sliced_wasserstein(np.array([[0.0], [1], [np.inf], [2]]), np.zeros((4, 1)))


def digits():
    loaded = load_digits()
    raw = (loaded.images * 255 / 16).round().astype(np.uint8)[..., None]
    order = np.random.default_rng(0).permutation(len(raw))
    raw, labels = raw[order], loaded.target[order]
    return ArraySource(raw[360:], labels[360:]), ArraySource(raw[:360], labels[:360])


TRAIN, TEST = digits()
SPACE = ImageSpace(8, 8, 1, classes=TRAIN.classes)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def trained(cache):
    return learn(TRAIN, SPACE, cache)


@pytest.fixture
def quick(monkeypatch):
    """A classifier that takes a few steps, where only its handling is looked at."""
    monkeypatch.setattr(classifiers, "SEEN", (512, 512))


class TestClassifier:
    def test_learns_the_digits(self, trained):
        assert trained.name.startswith("classifier:")
        assert trained.accuracy(TEST) > 0.975
        assert trained.classes == TRAIN.classes
        x = trained(TEST.raw)
        assert x.shape == (360, 64)
        assert x.dtype == np.float32
        p = trained.probabilities(x)
        np.testing.assert_allclose(p.sum(1), 1)
        assert (p.argmax(1) == TEST.labels).mean() == trained.accuracy(TEST)

    def test_features_do_not_depend_on_the_batch(self, trained):
        one_by_one = np.concatenate([trained(TEST.raw[i : i + 1]) for i in range(20)])
        np.testing.assert_allclose(trained(TEST.raw)[:20], one_by_one, rtol=1e-4, atol=1e-5)

    def test_is_read_from_the_cache_and_equal(self, trained, cache, monkeypatch):
        monkeypatch.setattr(classifiers, "_train", lambda *_: pytest.fail("trained again"))
        again = learn(TRAIN, SPACE, cache)
        assert again.hash == trained.hash
        np.testing.assert_array_equal(again(TEST.raw), trained(TEST.raw))
        with pytest.raises(pytest.fail.Exception):
            learn(ArraySource(255 - TRAIN.raw, TRAIN.labels), SPACE, cache)  # other data

    @pytest.mark.usefixtures("quick")
    def test_training_is_deterministic_and_leaves_the_random_stream_alone(self, tmp_path):
        torch.manual_seed(3)
        expected = torch.rand(4)
        torch.manual_seed(3)
        with torch.inference_mode():
            a = learn(TRAIN, SPACE, tmp_path / "a")
        assert torch.equal(torch.rand(4), expected)
        torch.manual_seed(99)
        b = learn(TRAIN, SPACE, tmp_path / "b")
        assert a.hash == b.hash

    @pytest.mark.usefixtures("quick")
    @pytest.mark.parametrize("damage", ["truncate", "flip", "garbage"])
    def test_a_damaged_cache_is_trained_again(self, tmp_path, damage):
        first = learn(TRAIN, SPACE, tmp_path)
        (path,) = (tmp_path / "classifiers").iterdir()
        data = bytearray(path.read_bytes())
        if damage == "flip":
            data[-100] ^= 1
        path.write_bytes({"truncate": data[:-50], "garbage": b"nothing", "flip": data}[damage])
        with pytest.warns(UserWarning, match="is damaged"):
            again = learn(TRAIN, SPACE, tmp_path)
        assert again.hash == first.hash
        assert learn(TRAIN, SPACE, tmp_path).hash == first.hash

    @pytest.mark.usefixtures("quick")
    def test_where_nothing_can_be_written(self, tmp_path):
        (tmp_path / "classifiers").write_text("in the way")
        with pytest.warns(UserWarning, match="cannot be written"):
            assert learn(TRAIN, SPACE, tmp_path).classes == TRAIN.classes

    @pytest.mark.usefixtures("quick")
    def test_the_environment_names_the_cache(self, tmp_path, monkeypatch):
        monkeypatch.setenv("PTARMIGAN_CACHE", str(tmp_path))
        learn(TRAIN, SPACE)
        assert [p.stem for p in (tmp_path / "classifiers").iterdir()] == [fingerprint(TRAIN, SPACE)]

    def test_rotations_without_labels(self, cache):
        found = learn(ArraySource(TRAIN.raw), SPACE, cache)
        assert found.name.startswith("rotations:")
        assert found.accuracy(TEST) > 0.85

    @pytest.mark.usefixtures("quick")
    @pytest.mark.parametrize(
        ("height", "width", "channels", "bits"),
        [(5, 9, 2, 8), (40, 24, 3, 8), (100, 30, 4, 16), (1, 70, 1, 16)],
    )
    def test_any_image(self, height, width, channels, bits, tmp_path):
        dtype = np.uint8 if bits == 8 else np.uint16
        raw = np.random.default_rng(0).integers(0, 2**bits, (12, height, width, channels), dtype)
        net = Net(channels, height, width, 4)
        assert max(net.size) == min(64, max(height, width))
        space = ImageSpace(height, width, channels, bits)
        found = Classifier("rotations", space, "", ("a", "b", "c", "d"), net.eval().requires_grad_(False))
        x = found(raw)
        assert x.shape == (12, 64)
        assert np.isfinite(x).all()
        right = 12 * found.accuracy(ArraySource(raw))
        assert right == pytest.approx(round(right)), "a share of the twelve"

    def test_turns(self):
        how = torch.arange(4)
        x = torch.rand(1, 2, 3, 3).expand(4, -1, -1, -1)
        assert torch.equal(turned(x, how)[3], torch.rot90(x[0], 3, (1, 2)))
        wide = torch.rand(1, 2, 3, 5).expand(4, -1, -1, -1)
        out = turned(wide, how)
        assert torch.equal(out[0], wide[0])
        assert torch.equal(out[3], wide[0].flip(1, 2))
        assert len({tuple(image.flatten().tolist()) for image in out}) == 4


class TestScore:
    @pytest.fixture(autouse=True)
    def cached(self, cache, monkeypatch):
        monkeypatch.setenv("PTARMIGAN_CACHE", str(cache))

    def test_labelled_images(self, trained):
        samples = Samples(TRAIN, SPACE, batch=32, held_out=TEST)
        metrics = metrics_of(samples, 360)
        assert [m.name for m in metrics] == [
            "Fréchet distance",
            "class balance",
            "confidence",
            "classifier score",
        ]
        first, balance, sure, _ = metrics
        assert first.lower_is_better
        assert trained.hash in first.protocol
        assert "360 samples against 360 held-out" in first.protocol
        noise = np.random.default_rng(0).integers(0, 256, TEST.raw.shape, np.uint8)
        assert first(TEST.raw) == pytest.approx(0, abs=1e-3 * first(noise))
        assert first(TEST.raw) < first.real < first(noise) / 10
        expected = frechet(Moments.of(trained(noise)), Moments.of(trained(TEST.raw)))
        assert first(noise) == pytest.approx(expected, rel=1e-6)
        ones = TRAIN.raw[np.resize(np.flatnonzero(TRAIN.labels == 1), 360)]
        assert balance(ones) > 1 > balance.real
        assert sure(ones) > 0.9

    def test_what_was_seen_is_forgotten_with_other_samples(self):
        (first, *_) = metrics_of(Samples(TRAIN, SPACE, batch=32, held_out=TEST), 360)
        raw = TEST.raw.copy()
        before = first(raw)
        raw[:] = 0
        assert first(raw) > before + 1

    def test_without_labels_or_held_out_images(self):
        (only,) = metrics_of(Samples(ArraySource(TRAIN.raw), SPACE, batch=32))
        assert only.samples == len(TRAIN)
        assert "rotations:" in only.protocol
        assert "the training samples themselves" in only.protocol
        assert only(TRAIN.raw) == pytest.approx(0, abs=1e-6)
        assert only.real > 0
        with pytest.raises(ValueError, match="defined on 1,437 samples and was given 360"):
            only(TEST.raw)

    def test_few_samples_are_in_the_protocol(self):
        first, *_ = metrics_of(Samples(TRAIN, SPACE, batch=32, held_out=TEST), 50)
        assert "50 samples are few for 64 features" in first.protocol
        assert first(TEST.raw[:50]) > 0

    def test_points_of_a_mixture(self):
        metrics = metrics_of(points("ring", batch=32))
        assert [m.name for m in metrics] == ["mode divergence", "reverse KL", "modes", "good samples"]
        assert all(m.samples == 2500 for m in metrics)
        real = RING.draw(2500, np.random.default_rng(5)).astype(np.float32)
        assert metrics[2](real) == metrics[2].real == 8
        assert metrics[0](real) < 0.02
        assert metrics[0](real[np.abs(real).argsort(0)[:, 0]][:1].repeat(2500, 0)) > 1

    def test_other_points(self):
        (only,) = metrics_of(points("moons", batch=32), 500)
        real = points("moons", batch=32, n=500).source.raw
        assert only(real) < 4 * only.real < only(real + 0.5)
        assert only(real * np.nan) == np.inf

    @pytest.mark.usefixtures("quick")
    def test_what_cannot_be_scored(self):
        same = Samples(ArraySource(np.zeros((40, 8, 8, 1), np.uint8)), SPACE, batch=8)
        with pytest.raises(ValueError, match="all real samples are the same"):
            metrics_of(same)
        with pytest.raises(ValueError, match="at least 1"):
            metrics_of(points("moons", batch=8), 0)


def test_extract_is_the_features_of_the_rows():
    indices = np.arange(1400, 0, -3)
    np.testing.assert_array_equal(extract(pixels, TRAIN, indices), pixels(TRAIN.raw[indices]))


def test_no_column_of_rows_counts_for_more_because_its_unit_is_small():
    rng = np.random.default_rng(0)
    rows, made = rng.standard_normal((2, 400, 3))
    made[:, 0] += 1
    units = np.array([1.0, 1e-6, 1e6])
    scores = []
    for scale in (np.ones(3), units):
        (metric,) = metrics_of(Vectors(rows * scale).open(batch=8), 400)
        scores.append(metric(made * scale))
    assert scores[0] == pytest.approx(scores[1], rel=1e-4)
    assert scores[0] > 0.3
