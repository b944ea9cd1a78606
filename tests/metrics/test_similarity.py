"""SSIM and MS-SSIM against torchmetrics and by property; what diversity says of sets; PSNR."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn.functional import avg_pool2d
from torchmetrics.functional import image as functional

from ptarmigan.metrics.similarity import WEIGHTS, ms_ssim, ms_ssim_diversity, psnr, scales, ssim


def pictures(n=3, side=64, channels=3, seed=0):
    """Smooth images in [0, 1], each with black, white and grey."""
    x = torch.rand(n, channels, side + 8, side + 8, generator=torch.Generator().manual_seed(seed))
    smooth = avg_pool2d(x, 9, 1)
    low, high = smooth.amin((1, 2, 3), keepdim=True), smooth.amax((1, 2, 3), keepdim=True)
    return ((smooth - low) / (high - low)).clamp(0, 1)


def noisy(x, by, seed=1):
    return (x + by * torch.randn(x.shape, generator=torch.Generator().manual_seed(seed))).clamp(0, 1)


def raw(x):
    return (x * 255).round().byte().permute(0, 2, 3, 1).numpy()


def torchmetrics_inside(a, b):
    """SSIM and structure by torchmetrics, both as the mean over windows that lie inside the image."""
    measure = functional.structural_similarity_index_measure
    _, full = measure(a, b, data_range=1.0, reduction="none", return_full_image=True)
    _, structure = measure(a, b, data_range=1.0, reduction="none", return_contrast_sensitivity=True)
    return full[..., 5:-5, 5:-5].mean((1, 2, 3)), structure


class TestReferences:
    @pytest.mark.parametrize(("side", "channels", "by"), [(64, 3, 0.02), (11, 1, 0.1), (181, 1, 0.5)])
    def test_ssim_is_that_of_torchmetrics_inside_the_image(self, side, channels, by):
        a = pictures(side=side, channels=channels)
        b = noisy(a, by)
        expected, _ = torchmetrics_inside(a.double(), b.double())
        torch.testing.assert_close(ssim(a, b).double(), expected, rtol=0, atol=2e-6)

    @pytest.mark.parametrize(("side", "count"), [(28, 2), (64, 3), (177, 5)])
    def test_ms_ssim_is_made_of_torchmetrics_parts(self, side, count):
        a = pictures(2, side, 1)
        b, expected = noisy(a, 0.1), torch.ones(2, dtype=torch.float64)
        x, y = a.double(), b.double()
        for i in range(count):
            whole, structure = torchmetrics_inside(x, y)
            expected *= (whole if i == count - 1 else structure) ** (WEIGHTS[i] / sum(WEIGHTS[:count]))
            x, y = avg_pool2d(x, 2), avg_pool2d(y, 2)
        torch.testing.assert_close(ms_ssim(a, b).double(), expected, rtol=0, atol=2e-6)

    def test_large_images_score_as_torchmetrics_has_them_but_for_the_border_of_the_coarsest_scale(self):
        a = pictures(side=256)
        b = noisy(a, 0.1)
        expected = functional.multiscale_structural_similarity_index_measure(
            a, b, data_range=1.0, reduction="none"
        )
        torch.testing.assert_close(ms_ssim(a, b), expected, rtol=0, atol=2e-3)

    def test_one_window_by_hand(self):
        a, b = pictures(1, 11, 1).double(), pictures(1, 11, 1, seed=5).double()
        place = torch.arange(11).double() - 5
        line = torch.exp(-(place**2) / (2 * 1.5**2))
        w = torch.outer(line, line) / line.sum() ** 2
        mean = lambda x: (w * x[0, 0]).sum()
        x, y = mean(a), mean(b)
        cov, var = mean(a * b) - x * y, mean(a * a) - x * x + mean(b * b) - y * y
        expected = (2 * x * y + 1e-4) * (2 * cov + 9e-4) / ((x * x + y * y + 1e-4) * (var + 9e-4))
        assert ssim(a, b).item() == pytest.approx(expected.item(), abs=1e-6)

    def test_psnr_by_hand(self):
        a = torch.full((2, 1, 4, 5), 0.5)
        b = a.clone()
        b[0] += 0.1
        found = psnr(a, b)
        assert found[0].item() == pytest.approx(20)
        assert found[1] == torch.inf
        assert psnr(torch.zeros(1, 3, 2, 2), torch.ones(1, 3, 2, 2)).item() == 0


class TestProperties:
    @pytest.mark.parametrize("measure", [ssim, ms_ssim])
    def test_identical_images_score_one(self, measure):
        for x in (pictures(), torch.zeros(1, 1, 28, 28), torch.ones(1, 4, 200, 190)):
            assert (measure(x, x.clone()) == 1).all()

    @pytest.mark.parametrize("measure", [ssim, ms_ssim, psnr])
    def test_noise_lowers_the_score_and_the_order_of_a_pair_does_not_matter(self, measure):
        x = pictures()
        scores = torch.stack([measure(x, noisy(x, by)) for by in (0.01, 0.03, 0.1, 0.3)])
        assert (scores.diff(dim=0) < 0).all()
        torch.testing.assert_close(measure(x, noisy(x, 0.1)), measure(noisy(x, 0.1), x))

    @pytest.mark.parametrize("measure", [ssim, ms_ssim, psnr])
    def test_every_pair_is_measured_alone(self, measure):
        a, b = pictures(5), pictures(5, seed=1)
        one = torch.cat([measure(x, y) for x, y in zip(a.split(1), b.split(1), strict=True)])
        torch.testing.assert_close(measure(a, b), one)

    def test_opposites(self):
        x = pictures(side=200)
        assert (ssim(x, 1 - x) < 0).all()
        assert (ms_ssim(x, 1 - x) == 0).all()

    def test_autocast_leaves_the_numbers_alone(self):
        a, b = pictures(), pictures(seed=1)
        with torch.autocast("cpu", torch.bfloat16):
            found = ms_ssim(a, b)
        assert torch.equal(found, ms_ssim(a, b))

    def test_scales(self):
        sizes = {10: 0, 11: 1, 21: 1, 22: 2, 32: 2, 43: 2, 44: 3, 88: 4, 175: 4, 176: 5, 4096: 5}
        assert {side: scales(side, side) for side in sizes} == sizes
        assert scales(28, 500) == scales(500, 28) == 2

    def test_oblong_images(self):
        a, b = pictures()[:, :, :30], pictures(seed=1)[:, :, :30]
        torch.testing.assert_close(ms_ssim(a, b), ms_ssim(a.mT, b.mT))


class TestBadPairs:
    @pytest.mark.parametrize("measure", [ssim, ms_ssim, psnr])
    @pytest.mark.parametrize(
        ("a", "b", "reason"),
        [
            (torch.zeros(2, 1, 16, 16), torch.zeros(3, 1, 16, 16), "cannot be compared"),
            (torch.zeros(1, 1, 16, 16), torch.zeros(1, 1, 16, 17), "cannot be compared"),
            (torch.zeros(0, 1, 16, 16), torch.zeros(0, 1, 16, 16), "shape"),
            (torch.zeros(1, 16, 16), torch.zeros(1, 16, 16), "shape"),
            (torch.zeros(1, 1, 16, 16), torch.full((1, 1, 16, 16), torch.nan), "from nan"),
            (torch.zeros(1, 1, 16, 16), torch.full((1, 1, 16, 16), 255.0), "from 255 to 255"),
            (torch.full((1, 1, 16, 16), -1.0), torch.zeros(1, 1, 16, 16), "from -1"),
        ],
    )
    def test_refused(self, measure, a, b, reason):
        with pytest.raises(ValueError, match=reason):
            measure(a, b)

    def test_too_small(self):
        for measure in (ssim, ms_ssim):
            with pytest.raises(ValueError, match=r"8 × 8 are too small .* 11 × 11"):
                measure(torch.zeros(1, 1, 8, 8), torch.zeros(1, 1, 8, 8))
        assert psnr(torch.zeros(1, 1, 8, 8), torch.ones(1, 1, 8, 8)).item() == 0


class TestDiversity:
    def test_a_collapse_scores_one(self):
        x = np.repeat(raw(pictures(1)), 20, axis=0)
        found = ms_ssim_diversity(x)
        assert (found.value, found.error) == (1, 0)

    def test_the_more_alike_the_higher(self):
        x = pictures(60, 32)
        sets = [raw((1 - share) * x + share * x[:1]) for share in (0, 0.3, 0.6, 0.9)]
        values = [ms_ssim_diversity(s).value for s in sets]
        assert values == sorted(values)
        assert values[0] < 0.5 < values[-1]

    def test_it_is_the_mean_of_disjoint_pairs(self):
        x = raw(pictures(4, 32))
        unit = torch.from_numpy(x).permute(0, 3, 1, 2) / 255
        matchings = [((0, 1), (2, 3)), ((0, 2), (1, 3)), ((0, 3), (1, 2))]
        means = [np.mean([ms_ssim(unit[i : i + 1], unit[j : j + 1]).item() for i, j in m]) for m in matchings]
        found = {round(ms_ssim_diversity(x, seed=seed).value, 5) for seed in range(30)}
        assert found == {round(float(m), 5) for m in means}

    def test_with_labels_pairs_are_of_one_class(self):
        # two classes, each a single image: between them alike as chance has it, within them the same
        x = np.repeat(raw(pictures(2, 32)), 30, axis=0)
        labels = np.repeat([7, 3], 30)
        assert ms_ssim_diversity(x, labels).value == 1
        assert ms_ssim_diversity(x).value < 0.9

    def test_classes_have_pairs_in_turn_and_single_images_none(self):
        # class 0 is one image many times over, class 1 is diverse, class 2 has but one image
        x = np.concatenate([np.repeat(raw(pictures(1, 32)), 400, axis=0), raw(pictures(9, 32, seed=1))])
        labels = np.concatenate([np.zeros(400, int), np.ones(8, int), [2]])
        few, rest = ms_ssim_diversity(x, labels, pairs=8), ms_ssim_diversity(x[400:408])
        assert few.value == pytest.approx((1 + rest.value) / 2, abs=0.1)
        assert ms_ssim_diversity(x, labels, pairs=204).value == pytest.approx(
            (200 + 4 * rest.value) / 204, abs=0.02
        )

    def test_the_error_says_how_far_another_draw_lies(self):
        x = raw(pictures(400, 16, 1))
        draws = [ms_ssim_diversity(x, pairs=50, seed=seed) for seed in range(30)]
        spread = np.std([d.value for d in draws])
        assert 0.7 < np.mean([d.error for d in draws]) / spread < 1.4

    def test_deterministic_and_seeded(self):
        x = raw(pictures(40, 16))
        assert ms_ssim_diversity(x, seed=3) == ms_ssim_diversity(x, seed=3)
        assert ms_ssim_diversity(x, pairs=5, seed=3) != ms_ssim_diversity(x, pairs=5, seed=4)

    def test_chunks_do_not_matter(self, monkeypatch):
        x = raw(pictures(30, 32))
        whole = ms_ssim_diversity(x)
        monkeypatch.setattr("ptarmigan.metrics.similarity.VALUES", 5 * 32 * 32 * 3)
        assert ms_ssim_diversity(x).value == pytest.approx(whole.value, rel=1e-6)

    def test_16_bits(self):
        x = raw(pictures(20, 32))
        assert ms_ssim_diversity(x.astype(np.uint16) * 257).value == pytest.approx(ms_ssim_diversity(x).value)

    @pytest.mark.parametrize(
        ("x", "labels", "reason"),
        [
            (np.zeros((5, 16, 16, 1), np.float32), None, "float32"),
            (np.zeros((5, 16, 16), np.uint8), None, "shape"),
            (np.zeros((5, 8, 8, 1), np.uint8), None, "too small"),
            (np.zeros((1, 16, 16, 1), np.uint8), None, "no pair among 1 images"),
            (np.zeros((0, 16, 16, 1), np.uint8), None, "no pair among 0 images"),
            (np.zeros((3, 16, 16, 1), np.uint8), np.arange(3), "two of one class"),
            (np.zeros((3, 16, 16, 1), np.uint8), np.arange(4), "do not fit 3 images"),
        ],
    )
    def test_refused(self, x, labels, reason):
        with pytest.raises(ValueError, match=reason):
            ms_ssim_diversity(x, labels)

    def test_no_pairs_asked_for(self):
        with pytest.raises(ValueError, match="0 pairs"):
            ms_ssim_diversity(np.zeros((4, 16, 16, 1), np.uint8), pairs=0)
