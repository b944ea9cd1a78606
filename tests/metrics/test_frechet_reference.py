"""The Fréchet distance against torchmetrics, the formula of pytorch-fid and torch-fidelity, and closed forms.

torch-fidelity itself is not to be had without torchvision, which it imports for its data sets.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm
from sklearn.datasets import load_digits
from torchmetrics.image.fid import FrechetInceptionDistance, _compute_fid

from ptarmigan.metrics import vectors
from ptarmigan.metrics.frechet import Moments, frechet


class Given(torch.nn.Module):
    """Features instead of images, for a metric that wants a network."""

    def __init__(self, d):
        super().__init__()
        self.num_features = d

    def forward(self, x):
        return x


def features(n=500, d=48, seed=0, shift=0.0):
    """Rectified and correlated, as those of networks are."""
    rng = np.random.default_rng((seed, n, d))
    mixed = rng.normal(size=(n, d)) @ np.random.default_rng(d).normal(size=(d, d)) / np.sqrt(d)
    return np.maximum(mixed + shift, 0).astype(np.float32)


def distance(a, b):
    return frechet(Moments.of(a), Moments.of(b), warn=False)


def by_torchmetrics(a, b):
    metric = FrechetInceptionDistance(Given(a.shape[1])).set_dtype(torch.float64)
    for x, real in ((a, True), (b, False)):
        for part in np.array_split(x.astype(np.float64), 3):
            metric.update(torch.from_numpy(part), real=real)
    return metric.compute().item()


def by_nuclear_norm(a, b):
    """tr((A B)^½) is the sum of the singular values of one centred set times the other: no root is taken."""
    first, second = ((x - x.mean(0)) / np.sqrt(len(x) - 1) for x in (a.astype(float), b.astype(float)))
    first, second = (np.linalg.qr(x, mode="r") for x in (first, second))
    roots = np.linalg.svd(first @ second.T, compute_uv=False).sum()
    apart = np.sum((a.astype(float).mean(0) - b.astype(float).mean(0)) ** 2)
    return apart + (first**2).sum() + (second**2).sum() - 2 * roots


@pytest.mark.parametrize("shift", [0.0, 0.05, 1.0])
@pytest.mark.parametrize("d", [1, 48, 200])
class TestReferences:
    def test_torchmetrics(self, d, shift):
        a, b = features(d=d), features(400, d, 1, shift)
        assert distance(a, b) == pytest.approx(by_torchmetrics(a, b), rel=1e-6)

    def test_torchmetrics_formula_on_the_same_moments(self, d, shift):
        a, b = Moments.of(features(d=d)), Moments.of(features(400, d, 1, shift))
        moments = (torch.from_numpy(x) for x in (a.mean, a.covariance, b.mean, b.covariance))
        assert frechet(a, b) == pytest.approx(_compute_fid(*moments).item(), rel=1e-6)

    def test_pytorch_fid_and_torch_fidelity(self, d, shift):
        a, b = (x.astype(float) for x in (features(d=d), features(400, d, 1, shift)))
        first, second = (np.atleast_2d(np.cov(x, rowvar=False)) for x in (a, b))
        root = sqrtm(first.dot(second)).real
        expected = np.sum((a.mean(0) - b.mean(0)) ** 2) + np.trace(first + second - 2 * root)
        assert distance(a, b) == pytest.approx(expected, rel=1e-6)

    def test_the_definition(self, d, shift):
        """Dowson and Landau 1982: by the symmetric root of one covariance."""
        a, b = (x.astype(float) for x in (features(d=d), features(400, d, 1, shift)))
        first, second = (np.atleast_2d(np.cov(x, rowvar=False)) for x in (a, b))
        values, axes = np.linalg.eigh(first)
        root = axes * np.sqrt(values.clip(0)) @ axes.T
        roots = np.sqrt(np.linalg.eigvalsh(root @ second @ root).clip(0)).sum()
        expected = np.sum((a.mean(0) - b.mean(0)) ** 2) + np.trace(first + second) - 2 * roots
        assert distance(a, b) == pytest.approx(expected, rel=1e-6)


def low_rank(n, seed):
    """Thirty dimensions of 120; the rest is what float32 rounds."""
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(n, 30)) @ np.random.default_rng(9).normal(size=(30, 120))).astype(np.float32)


def falling(n, seed):
    """Deviations from 1 to 1e-9."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 120)) * 10.0 ** (-np.arange(120) / 13) @ np.linalg.qr(features(120, 120))[0]


def images(n, seed):
    """Of digits, with pixels that are always black."""
    return np.random.default_rng(seed).permutation(load_digits().data)[:n]


@pytest.mark.parametrize(
    ("a", "b"),
    [
        pytest.param(low_rank(500, 0), low_rank(400, 1), id="low rank"),
        pytest.param(falling(500, 0), falling(400, 1), id="falling spectrum"),
        pytest.param(images(700, 0), images(900, 1), id="constant pixels"),
        pytest.param(features(60, 120), features(500, 120, 1), id="few and many samples"),
        pytest.param(features(50, 120), features(70, 120, 1), id="few samples"),
        pytest.param(features(121, 120), features(121, 120, 1), id="just enough samples"),
        pytest.param(features(300, 120), np.tile(features(1, 120), (300, 1)), id="collapsed"),
    ],
)
def test_covariances_without_an_inverse(a, b):
    """Where the references lose digits to eigenvalues of zero, the nuclear norm does not."""
    expected = by_nuclear_norm(a, b)
    assert distance(a, b) == pytest.approx(expected, rel=1e-9)
    assert distance(b, a) == pytest.approx(expected, rel=1e-9)


def test_nearly_equal():
    """A small difference of large numbers: a millionth of their sum."""
    a = features(300, 120).astype(float)
    b = a + 1e-3 * features(300, 120, 1)
    assert distance(a, b) == pytest.approx(by_nuclear_norm(a, b), rel=1e-6)
    assert 0 < distance(a, b) < 1e-4


def test_moments_of_gaussians():
    """Samples with given means and covariances, to the last digit, against the formula for commuting ones."""
    d = 30
    turn = np.linalg.qr(features(d, d).astype(float) + np.eye(d))[0]
    deviations = np.linspace(0.1, 3, d), np.linspace(2, 0.5, d)
    sets = []
    for which, deviation in enumerate(deviations):
        raw = np.random.default_rng(which).normal(size=(200, d))
        white = np.linalg.qr(raw - raw.mean(0))[0] * np.sqrt(199)
        sets.append((white * deviation) @ turn + which)
    expected = d + np.sum((deviations[0] - deviations[1]) ** 2)
    assert distance(*sets) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.uint8])
def test_sums_are_in_float64_whatever_the_features_are(dtype):
    a, b = ((40 * features(seed=seed) + 3).astype(dtype) for seed in (0, 1))
    assert distance(a, b) == pytest.approx(distance(a.astype(float), b.astype(float)), rel=1e-12)


def test_blocks_do_not_matter(monkeypatch):
    whole = Moments.of(features() + 100)
    monkeypatch.setattr(vectors, "ROWS", 17)
    parts = Moments.of(features() + 100)
    np.testing.assert_allclose(parts.scatter, whole.scatter, rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(parts.scatter, parts.scatter.T)


def test_no_numbers():
    with pytest.raises(ValueError, match="samples are numbers"):
        Moments.of(np.array([["a", "b"]]))
