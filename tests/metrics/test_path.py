"""Perceptual path length: closed forms, what it does not depend on, and what would make it wrong."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from ptarmigan.core import noise
from ptarmigan.metrics import path as paths
from ptarmigan.metrics.path import path_length, slerp
from ptarmigan.nets.dcgan import DCGANGenerator


def identity(z, c=None):
    return z


def linear(latent=16, out=40, seed=0):
    matrix = torch.randn(latent, out, generator=torch.Generator().manual_seed(seed))
    return lambda z, c=None: z @ matrix


class TestSlerp:
    def test_a_quarter_circle(self):
        a, b = torch.tensor([[2.0, 0.0, 0.0]]).double(), torch.tensor([[0.0, 2.0, 0.0]]).double()
        for t in (0, 0.25, 0.5, 1):
            expected = 2 * torch.tensor([[np.cos(t * np.pi / 2), np.sin(t * np.pi / 2), 0]])
            torch.testing.assert_close(slerp(a, b, torch.tensor([[t]]).double()), expected)

    def test_ends_and_length(self):
        a, b = torch.randn(2, 50, 8, dtype=torch.float64)
        zero = torch.zeros(50, 1).double()
        torch.testing.assert_close(slerp(a, b, zero), a)
        torch.testing.assert_close(slerp(a, b, zero + 1), b)
        a, b = a / a.norm(dim=1, keepdim=True), b / b.norm(dim=1, keepdim=True)
        middle = slerp(a, b, zero + 0.3)
        torch.testing.assert_close(middle.norm(dim=1), torch.ones(50).double())
        angle = lambda x, y: torch.acos((x * y).sum(1))
        torch.testing.assert_close(angle(a, middle), 0.3 * angle(a, b))

    def test_nearly_the_same_and_nearly_opposite(self):
        a = torch.randn(5, 4, dtype=torch.float64)
        half = torch.full((5, 1), 0.5).double()
        torch.testing.assert_close(slerp(a, a, half), a)
        assert slerp(a, -a, half).isfinite().all()


class TestClosedForms:
    def test_high_dimensions(self):
        """Latents of length √d lie at right angles: a quarter circle of radius √d in unit time."""
        d = 2048
        found = path_length(identity, d, n=512)
        assert found.value == pytest.approx(d * (np.pi / 2) ** 2, rel=0.01)

    def test_by_finite_differences_in_float64(self):
        # the same pairs, the exact derivative: for an isometry the speed of the great circle itself
        noise.at(0, "path", 0)
        a, b = noise.normal(64, 16).double(), noise.normal(64, 16).double()
        t = noise.uniform(64, 1).double()
        angle = torch.acos(torch.cosine_similarity(a, b, dim=1)).unsqueeze(1)
        speed = angle * (torch.cos(t * angle) * b - torch.cos((1 - t) * angle) * a) / torch.sin(angle)
        expected = speed.square().sum(1).numpy()
        found = path_length(identity, 16, n=64)
        # of 64 the lowest and highest are kept, as the 1st and 99th percentile round outwards
        assert found.value == pytest.approx(expected.mean(), rel=2e-3)

    def test_the_extreme_percent_at_either_end_is_left_out(self):
        def cliff(z, c=None):
            return torch.where(z[:, :1] > 2.7, 1e4 * z, z)  # about 1 latent in 300

        with_cliff, without = path_length(cliff, 16, n=2000), path_length(identity, 16, n=2000)
        assert with_cliff.value == pytest.approx(without.value, rel=0.05)

    def test_nothing_changes_in_a_collapse(self):
        found = path_length(lambda z, c: torch.ones(len(z), 3, 4, 4), 8, n=100)
        assert (found.value, found.error) == (0, 0)


class TestProperties:
    def test_it_scales_with_the_square_of_features(self):
        make = linear()
        once = path_length(make, 16, n=200)
        thrice = path_length(make, 16, n=200, features=lambda x: 3 * x)
        assert thrice.value == pytest.approx(9 * once.value, rel=1e-3)
        assert thrice.error == pytest.approx(9 * once.error, rel=1e-3)

    def test_rougher_is_longer(self):
        values = [path_length(lambda z, c, k=k: torch.sin(k * z), 16, n=300).value for k in (0.5, 1, 2, 4)]
        assert values == sorted(values)

    def test_the_length_of_a_step_does_not_matter(self, monkeypatch):
        make = lambda z, c=None: torch.tanh(linear()(z) / 4)
        fine = path_length(make, 16, n=200).value
        monkeypatch.setattr(paths, "STEP", 1e-3)
        assert path_length(make, 16, n=200).value == pytest.approx(fine, rel=0.01)

    def test_ends(self):
        # |z'|² = angle² (|b|² + |a|² cos² - 2 a·b cos) / sin² at the beginning: the same in high dimensions
        found = path_length(identity, 1024, n=512, at_ends=True)
        assert found.value == pytest.approx(1024 * (np.pi / 2) ** 2, rel=0.02)
        assert found != path_length(identity, 1024, n=512)

    def test_deterministic_and_seeded(self):
        make = linear()
        assert path_length(make, 16, n=100, seed=3) == path_length(make, 16, n=100, seed=3)
        assert path_length(make, 16, n=100, seed=3) != path_length(make, 16, n=100, seed=4)

    def test_the_error_says_how_far_another_draw_lies(self):
        draws = [path_length(identity, 4, n=256, seed=seed) for seed in range(25)]
        spread = np.std([d.value for d in draws])
        assert 0.6 < np.mean([d.error for d in draws]) / spread < 1.6

    def test_a_generator_that_adds_noise_adds_the_same_at_both_ends(self):
        def make(z, c=None):
            return z + 5 * noise.normal(len(z), z.shape[1]) + 5 * torch.randn(z.shape)

        assert path_length(make, 16, n=100).value == pytest.approx(
            path_length(identity, 16, n=100).value, rel=0.02
        )

    def test_every_path_keeps_its_class(self):
        asked = np.arange(150) % 10
        seen = []

        def make(z, c):
            seen.append(c.numpy())
            return z + 100.0 * c[:, None]

        found = path_length(make, 16, n=150, classes=asked)
        assert found.value == pytest.approx(path_length(identity, 16, n=150).value, rel=0.05)
        starts, ends = np.concatenate(seen[::2]), np.concatenate(seen[1::2])
        np.testing.assert_array_equal(starts, ends)
        np.testing.assert_array_equal(starts[:150], asked)

    def test_a_real_generator_in_float32_is_as_in_float64(self):
        net = DCGANGenerator(16, (1, 16, 16), width=8).eval()
        single = path_length(net, 16, n=128)
        double = net.double()
        exact = path_length(lambda z, c: double(z.double(), c), 16, n=128)
        assert single.value > 0
        assert single.value == pytest.approx(exact.value, rel=0.01)

    def test_no_gradients_and_settings_as_before(self):
        net = nn.Linear(16, 4)
        torch.backends.cudnn.allow_tf32, before = True, torch.backends.cudnn.allow_tf32
        seen = []
        try:
            path_length(lambda z, c: seen.append(torch.backends.cudnn.allow_tf32) or net(z), 16, n=10)
            assert torch.backends.cudnn.allow_tf32
            assert seen == [False, False]
        finally:
            torch.backends.cudnn.allow_tf32 = before
        assert net.weight.grad is None


class TestRefused:
    def test_autocast_around_it_does_not_reach_it(self):
        make = nn.Linear(16, 4)
        plain = path_length(lambda z, c: make(z), 16, n=64)
        with torch.autocast("cpu", torch.bfloat16):
            assert path_length(lambda z, c: make(z), 16, n=64) == plain

    def test_half_precision_samples(self):
        with pytest.raises(ValueError, match="bfloat16 a step is lost"):
            path_length(lambda z, c: z.bfloat16(), 16, n=10)

    def test_not_finite(self):
        def broken(z, c=None):
            return torch.where(torch.arange(len(z))[:, None] == 3, torch.nan, z)

        with pytest.raises(ValueError, match="1 of 60 steps"):
            path_length(broken, 16, n=60)
        with pytest.raises(ValueError, match="60 of 60 steps"):
            path_length(identity, 16, n=60, features=lambda x: x / 0)

    @pytest.mark.parametrize(
        ("latent", "options", "reason"),
        [
            (16, {"n": 0}, "0 steps"),
            (1, {}, "no great circle"),
            (16, {"n": 5, "classes": np.zeros(4, int)}, "4 classes do not fit 5"),
        ],
    )
    def test_arguments(self, latent, options, reason):
        with pytest.raises(ValueError, match=reason):
            path_length(identity, latent, **options)
