"""What GANs are compared with: densities, and autoencoders, behind fit, sample and score_samples."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.base import clone
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import KernelDensity

from ptarmigan import AnomalyGAN
from ptarmigan.estimators.densities import Kernels, Mixture

SCALES = np.array([1.0, 100.0, 0.01])


def rows(n: int = 400, seed: int = 0) -> np.ndarray:
    """Two groups in three columns on different scales."""
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(n, 3)) + 4 * rng.integers(0, 2, (n, 1))) * SCALES


MODELS = [
    Mixture(2),
    Kernels(),
    *(
        AnomalyGAN(name, steps=200, options=dict(width=32, latent=2, batch=64), device="cpu")
        for name in ("autoencoder", "vae", "aae", "vaegan")
    ),
]


@pytest.mark.parametrize("model", MODELS, ids=lambda m: getattr(m, "recipe", type(m).__name__))
def test_one_way_to_fit_sample_and_score(model, tmp_path):
    x = rows()
    model = clone(model).fit(x)
    made = model.sample(300, seed=1)
    assert made.shape == (300, 3)
    np.testing.assert_array_equal(model.sample(10, seed=1), made[:10])
    assert not np.array_equal(model.sample(10, seed=2), made[:10])
    assert np.abs((made.mean(0) - x.mean(0)) / x.std(0)).max() < 0.6
    far = rows(100, 3) + 20 * SCALES * [1, -1, 1]
    assert model.score_samples(far).mean() < model.score_samples(rows(100, 2)).mean()
    model.save(tmp_path / "m.safetensors")
    again = type(model).load(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(again.sample(5, seed=1), made[:5])
    np.testing.assert_allclose(again.score_samples(far), model.score_samples(far))


def test_densities_are_those_of_scikit_learn_in_the_units_of_the_data():
    x, asked = rows(), rows(50, 1)
    centre, scale = x.mean(0), x.std(0)
    shift = np.log(scale).sum()
    known = GaussianMixture(2, random_state=0, reg_covar=1e-4).fit((x - centre) / scale)
    expected = known.score_samples((asked - centre) / scale) - shift
    np.testing.assert_allclose(Mixture(2).fit(x).score_samples(asked), expected, rtol=1e-6)
    expected = KernelDensity(bandwidth=0.3).fit((x - centre) / scale).score_samples((asked - centre) / scale)
    np.testing.assert_allclose(Kernels(0.3).fit(x).score_samples(asked), expected - shift, rtol=1e-6)
    one = Mixture(1).fit(x).score_samples(asked)
    np.testing.assert_allclose(one, multivariate_normal(centre, np.cov(x.T)).logpdf(asked), atol=0.05)


@pytest.mark.parametrize("model", [Mixture(3), Kernels()], ids=["Mixture", "Kernels"])
def test_odd_rows(model, tmp_path):
    constant = np.column_stack([rows(20), np.full(20, 7.0)])
    assert np.isfinite(clone(model).fit(constant).score_samples(constant)).all()
    assert np.isfinite(clone(model).fit(constant[:2]).sample(5)).all()
    with pytest.raises(ValueError, match="NaN"):
        clone(model).fit([[1.0, np.nan], [2.0, 3.0]])
    (tmp_path / "x.safetensors").write_bytes(b"?")
    with pytest.raises(ValueError, match="cannot be read"):
        type(model).load(tmp_path / "x.safetensors")
    with pytest.raises(ValueError, match="bandwidth"):
        Kernels(0.0).fit(constant)
