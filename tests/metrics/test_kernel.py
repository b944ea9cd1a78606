"""Kernel discrepancies against torchmetrics and plain formulas, and their errors against repeated draws."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torchmetrics.image import kid as reference

from ptarmigan.data.permutation import permute
from ptarmigan.metrics import vectors
from ptarmigan.metrics.kernel import kid, kid_of_subsets, mmd


def features(n=300, d=16, seed=0, shift=0.0):
    """Rectified, as those of networks are."""
    rng = np.random.default_rng((seed, n, d))
    return np.maximum(rng.normal(size=(n, d)) + shift, 0)


def by_torchmetrics(real, fake):
    return reference.poly_mmd(torch.from_numpy(real), torch.from_numpy(fake)).item()


def gaussian(a, b, bandwidth):
    return np.exp(-((a[:, None] - b[None]) ** 2).sum(2) / (2 * bandwidth**2))


def without_diagonal(kernel):
    return kernel[~np.eye(len(kernel), dtype=bool)]


class TestKid:
    @pytest.mark.parametrize("shift", [0.0, 0.02, 1.0])
    @pytest.mark.parametrize("d", [1, 16, 512])
    def test_equals_torchmetrics(self, d, shift):
        real, fake = features(d=d), features(d=d, seed=1, shift=shift)
        assert kid(real, fake).value == pytest.approx(by_torchmetrics(real, fake), rel=1e-6)

    def test_sets_of_different_sizes(self):
        real, fake = features(70), features(200, seed=1, shift=0.1)
        cubic = lambda a, b: (a @ b.T / a.shape[1] + 1) ** 3
        within = (without_diagonal(cubic(x, x)).mean() for x in (real, fake))
        assert kid(real, fake).value == pytest.approx(sum(within) - 2 * cubic(real, fake).mean(), rel=1e-9)

    @pytest.mark.parametrize("dtype", [np.float32, np.float16])
    def test_sums_are_in_float64_whatever_the_features_are(self, dtype):
        real, fake = features().astype(dtype), features(seed=1, shift=0.05).astype(dtype)
        assert kid(real, fake) == kid(real.astype(float), fake.astype(float))

    @pytest.mark.parametrize("rows", [7, 100])
    def test_neither_blocks_nor_order_matter(self, rows, monkeypatch):
        real, fake = features(), features(250, seed=1, shift=0.1)
        whole = kid(real, fake)
        monkeypatch.setattr(vectors, "ROWS", rows)
        parts = kid(*(np.random.default_rng(2).permutation(x) for x in (real, fake)))
        assert parts.value == pytest.approx(whole.value, rel=1e-9)
        assert parts.error == pytest.approx(whole.error, rel=1e-9)

    def test_identical_sets(self):
        found = kid(features(), features())
        assert -0.05 < found.value < 0  # every sample meets itself in the other set, and nowhere else
        assert found.value == pytest.approx(0, abs=4 * found.error)

    def test_symmetric(self):
        real, fake = features(), features(250, seed=1, shift=0.1)
        there, back = kid(real, fake), kid(fake, real)
        assert there.value == pytest.approx(back.value, rel=1e-9)
        assert there.error == pytest.approx(back.error, rel=1e-9)

    def test_grows_with_noise(self):
        real, other = features(), features(seed=1)
        noise = np.random.default_rng(3).normal(size=other.shape)
        scores = [kid(real, other + s * noise).value for s in (0.3, 1, 2, 4)]
        assert scores == sorted(scores)
        assert scores[0] < 0.1 * scores[-1]

    def test_a_collapsed_generator_is_scored(self):
        real = features()
        assert kid(real, np.tile(real[:1], (300, 1))).value > 30 * abs(kid(real, features(seed=1)).value)

    @pytest.mark.parametrize("shift", [0.0, 0.4])
    @pytest.mark.parametrize("sizes", [(100, 100), (50, 150)])
    def test_no_bias_and_the_error_is_that_of_the_draw(self, sizes, shift):
        n, m = sizes
        draws = [kid(features(n, 8, seed), features(m, 8, seed + 1_000, shift)) for seed in range(300)]
        values, errors = (np.array([getattr(draw, of) for draw in draws]) for of in ("value", "error"))
        deviation = values.std(ddof=1)
        assert 0.85 < np.sqrt(np.mean(errors**2)) / deviation < 1.35  # between equal sets it is a little wide
        if shift == 0:
            assert abs(values.mean()) < 3 * deviation / np.sqrt(len(draws))
        else:
            assert values.mean() > 3 * deviation / np.sqrt(len(draws))


class TestKidOfSubsets:
    def test_equals_torchmetrics_on_the_same_subsets(self):
        real, fake = features(400), features(500, seed=1, shift=0.1)
        found = kid_of_subsets(real, fake, subsets=5, size=60, seed=4)
        expected = []
        for which in range(5):
            i, j = (
                permute(np.arange(60), len(x), "kid", 4, which, name)
                for x, name in ((real, "real"), (fake, "fake"))
            )
            assert len(set(i)) == len(set(j)) == 60
            expected.append(by_torchmetrics(real[i], fake[j]))
        assert found.mean == pytest.approx(np.mean(expected), rel=1e-6)
        assert found.deviation == pytest.approx(np.std(expected), rel=1e-6)

    def test_torchmetrics_own_draws(self):
        real, fake = features(400), features(500, seed=1, shift=0.1)
        with pytest.warns(UserWarning, match="memory footprint"):
            metric = reference.KernelInceptionDistance(torch.nn.Identity(), subsets=4, subset_size=100)
        metric.update(torch.from_numpy(real), real=True)
        metric.update(torch.from_numpy(fake), real=False)
        torch.manual_seed(0)
        mean, deviation = metric.compute()
        torch.manual_seed(0)
        values = []
        for _ in range(4):
            i, j = torch.randperm(400)[:100].numpy(), torch.randperm(500)[:100].numpy()
            values.append(kid(real[i], fake[j]).value)
        assert mean.item() == pytest.approx(np.mean(values), rel=1e-6)
        assert deviation.item() == pytest.approx(np.std(values), rel=1e-6)

    def test_subsets_have_the_expectation_of_the_whole(self):
        real, fake = features(300), features(300, seed=1, shift=0.1)
        found = kid_of_subsets(real, fake, subsets=200, size=50)
        assert found.mean == pytest.approx(kid(real, fake).value, abs=4 * found.deviation / np.sqrt(200))
        assert found.deviation > 2 * kid(real, fake).error

    def test_the_whole_set_is_a_subset(self):
        real, fake = features(), features(seed=1)
        found = kid_of_subsets(real, fake, subsets=2, size=300)
        assert found.mean == pytest.approx(kid(real, fake).value, rel=1e-9)
        assert found.deviation == pytest.approx(0, abs=1e-12)

    def test_a_seed_names_the_subsets(self):
        real, fake = features(), features(seed=1)
        same = [kid_of_subsets(real, fake, subsets=2, size=50, seed=seed) for seed in (0, 0, 1)]
        assert same[0] == same[1] != same[2]

    def test_too_few_samples(self):
        with pytest.raises(ValueError, match="at least 1,000 fake samples are needed, and there are 300"):
            kid_of_subsets(features(1_000), features())


class TestMmd:
    def test_equals_the_formula(self):
        real, fake = features(90), features(120, seed=1, shift=0.2)
        found = mmd(real, fake, permutations=9)
        distances = np.linalg.norm(real[:, None] - real[None], axis=2)[np.triu_indices(90, 1)]
        assert found.bandwidth == pytest.approx(np.median(distances), rel=1e-12)
        within = (without_diagonal(gaussian(x, x, found.bandwidth)).mean() for x in (real, fake))
        across = gaussian(real, fake, found.bandwidth).mean()
        assert found.estimate.value == pytest.approx(sum(within) - 2 * across, rel=1e-9)

    def test_p_is_that_of_the_divisions(self):
        """Of four samples against four there are 70 divisions, each as probable."""
        rng = np.random.default_rng(0)
        real, fake = rng.normal(size=(4, 2)), rng.normal(size=(4, 2)) + 1
        found = mmd(real, fake, permutations=4_000)
        both = gaussian(*2 * [np.vstack([real, fake])], found.bandwidth)
        np.fill_diagonal(both, 0)

        def of(division):
            within = both[np.ix_(division, division)].sum() + both[np.ix_(~division, ~division)].sum()
            return within / 12 - 2 * both[np.ix_(division, ~division)].mean()

        divisions = [np.array([b == "1" for b in f"{i:08b}"]) for i in range(256) if i.bit_count() == 4]
        true = of(np.arange(8) < 4)
        assert found.estimate.value == pytest.approx(true, rel=1e-9)
        expected = np.mean([of(division) > true - 1e-9 for division in divisions])
        assert found.p == pytest.approx(expected, abs=4 * np.sqrt(expected / 4_000))

    def test_chance_and_difference(self):
        alike = [mmd(features(60, 4, s), features(60, 4, s + 500), permutations=19).p for s in range(200)]
        assert np.mean(np.array(alike) <= 0.05) == pytest.approx(0.05, abs=0.045)
        assert np.mean(alike) == pytest.approx(0.5, abs=0.1)
        assert mmd(features(), features(seed=1, shift=0.3)).p == pytest.approx(1 / 201)

    def test_identical_sets_are_no_farther_than_chance(self):
        found = mmd(features(), features())
        assert found.p > 0.9
        # every sample meets itself in the other set, and nowhere else
        assert -2 / 300 < found.estimate.value < 0

    def test_the_error_is_that_of_the_draw(self):
        draws = [mmd(features(60, 4, s), features(80, 4, s + 500, 0.5), permutations=0) for s in range(200)]
        values, errors = (np.array([getattr(d.estimate, of) for d in draws]) for of in ("value", "error"))
        assert 0.85 < np.sqrt(np.mean(errors**2)) / values.std(ddof=1) < 1.2

    def test_properties(self):
        real, fake = features(), features(250, seed=1, shift=0.2)
        found = mmd(real, fake)
        moved = mmd(3 * real + 5, 3 * fake + 5)
        assert moved.bandwidth == pytest.approx(3 * found.bandwidth)
        assert moved.estimate.value == pytest.approx(found.estimate.value, rel=1e-9)
        noise = np.random.default_rng(3).normal(size=real.shape)
        scores = [mmd(real, features(seed=1) + s * noise).estimate.value for s in (0, 0.3, 1, 3)]
        assert scores == sorted(scores)
        collapsed = mmd(real, np.tile(real[:1], (300, 1))).estimate.value
        assert 0 < scores[-1] < 2
        assert scores[1] < collapsed < 2

    def test_neither_blocks_nor_order_matter(self, monkeypatch):
        real, fake = features(), features(250, seed=1, shift=0.02)
        whole = mmd(real, fake)
        monkeypatch.setattr(vectors, "ROWS", 33)
        assert mmd(real, fake).p == whole.p
        shuffled = mmd(real[::-1], fake[::-1])
        assert shuffled.estimate.value == pytest.approx(whole.estimate.value, rel=1e-9)

    def test_copies_do_not_set_the_bandwidth(self):
        real = np.vstack([np.zeros((80, 2)), np.eye(2)])
        assert mmd(real, real + 1, permutations=1).bandwidth == pytest.approx(1)


@pytest.mark.parametrize("metric", [kid, mmd, lambda real, fake: kid_of_subsets(real, fake, size=4)])
class TestBadInput:
    def test_too_few(self, metric):
        with pytest.raises(ValueError, match="at least 4 fake samples are needed, and there are 3"):
            metric(features(5), features(3))

    def test_dimensions(self, metric):
        with pytest.raises(ValueError, match="of 16 and of 3 dimensions"):
            metric(features(), features(d=3))

    def test_not_finite(self, metric):
        bad = features()
        bad[5, 5] = np.nan
        with pytest.raises(ValueError, match="1 of 300 real samples are not finite"):
            metric(bad, features())

    def test_nothing_to_score_against(self, metric):
        with pytest.raises(ValueError, match="all real samples are the same"):
            metric(np.ones((300, 16)), features())

    def test_overflow(self, metric):
        huge = 1e120 * features()
        if metric is mmd:
            assert np.isfinite(metric(huge, 2 * huge).estimate.value)
        else:
            with pytest.raises(ValueError, match="too large"):
                metric(huge, 2 * huge)
