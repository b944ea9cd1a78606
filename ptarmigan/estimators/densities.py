"""Densities without networks, to compare with: a mixture of Gaussians, and a Gaussian around every row.

Both are scikit-learn's, on columns that have mean 0 and standard deviation 1, behind the methods of
``AnomalyGAN``.
"""

from __future__ import annotations

from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from ptarmigan.core import noise
from ptarmigan.estimators.arrays import load_arrays, save_arrays
from ptarmigan.estimators.fitting import Writes, fits, seed_of
from ptarmigan.estimators.inputs import rows_of

Floats = NDArray[np.float64]
Model = TypeVar("Model")


class Mixture(BaseEstimator):  # type: ignore[misc]
    """Gaussians, fitted by expectation maximisation.

    Args:
        components: how many; fewer where there are fewer rows.
        random_state: the random seed of the first guess.

    Attributes:
        centre_: the mean of every column.
        scale_: its standard deviation, 1 where that is 0.
        weights_: of the Gaussians, ``(components,)``.
        means_: ``(components, columns)``, on that scale.
        covariances_: ``(components, columns, columns)``.
        n_features_in_: the number of columns.
    """

    def __init__(self, components: int = 10, *, random_state: Any = 0) -> None:
        self.components = components
        self.random_state = random_state

    @fits
    def fit(self, X: ArrayLike, y: Any = None) -> Self:  # noqa: N803
        """Learn a density from rows of numbers ``(n, columns)``; ``y`` is not looked at.

        Raises:
            ValueError: these are no finite numbers.
        """
        from sklearn.mixture import GaussianMixture

        raw = rows_of(self, X, least=2)
        self.centre_, self.scale_ = scales(raw)
        model = GaussianMixture(
            min(self.components, len(raw)), random_state=seed_of(self.random_state), reg_covar=1e-4
        ).fit((raw - self.centre_) / self.scale_)
        self.weights_, self.means_, self.covariances_ = model.weights_, model.means_, model.covariances_
        return self

    def sample(self, n: int = 1_000, *, seed: int = 0) -> Floats:
        """``n`` new rows; of a thousand, the first are those of ten."""
        check_is_fitted(self)
        rng = random_streams(seed, "mixture")
        which = rng["which"].choice(len(self.weights_), n, p=self.weights_ / self.weights_.sum())
        far = rng["far"].standard_normal((n, self.n_features_in_))
        x = self.means_[which] + np.einsum("nij,nj->ni", np.linalg.cholesky(self.covariances_)[which], far)
        return np.asarray(self.centre_ + self.scale_ * x)

    def score_samples(self, X: ArrayLike) -> Floats:  # noqa: N803
        """The logarithm of the density of every row ``(n,)``, in the data's units."""
        from scipy.special import logsumexp
        from scipy.stats import multivariate_normal

        check_is_fitted(self)
        raw = rows_of(self, X, reset=False)
        x = (raw - self.centre_) / self.scale_
        parts = [
            np.log(w) + np.atleast_1d(multivariate_normal(m, c).logpdf(x))
            for w, m, c in zip(self.weights_, self.means_, self.covariances_, strict=True)
        ]
        return np.asarray(logsumexp(parts, axis=0) - np.log(self.scale_).sum())

    def save(self, path: Writes) -> None:
        """Write the fitted model as one safetensors file, over what was there."""
        save(self, path, ("centre_", "scale_", "weights_", "means_", "covariances_"))

    @classmethod
    def load(cls, path: Writes) -> Self:
        """A fitted model from a file that ``save`` wrote.

        Raises:
            ValueError: it is no such file.
        """
        return load(cls, path)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


class Kernels(BaseEstimator):  # type: ignore[misc]
    """A Gaussian of one width around every row: a kernel density estimate.

    Args:
        bandwidth: the width, in standard deviations of a column; Scott's (1992) when None.

    Attributes:
        centre_: the mean of every column.
        scale_: its standard deviation, 1 where that is 0.
        bandwidth_: the width.
        rows_: the rows that were learnt from, on that scale.
        n_features_in_: the number of columns.
    """

    def __init__(self, bandwidth: float | None = None) -> None:
        self.bandwidth = bandwidth

    @fits
    def fit(self, X: ArrayLike, y: Any = None) -> Self:  # noqa: N803
        """Learn a density from rows of numbers ``(n, columns)``; ``y`` is not looked at.

        Raises:
            ValueError: these are no finite numbers, or the bandwidth is not above 0.
        """
        if self.bandwidth is not None and not self.bandwidth > 0:
            raise ValueError(f"a bandwidth is above 0, not {self.bandwidth}")
        raw = rows_of(self, X)
        self.centre_, self.scale_ = scales(raw)
        self.rows_ = (raw - self.centre_) / self.scale_
        n, columns = raw.shape
        self.bandwidth_ = np.array(self.bandwidth or n ** (-1 / (columns + 4)))
        return self

    def sample(self, n: int = 1_000, *, seed: int = 0) -> Floats:
        """``n`` new rows; of a thousand, the first are those of ten."""
        check_is_fitted(self)
        rng = random_streams(seed, "kernels")
        which = rng["which"].integers(len(self.rows_), size=n)
        far = rng["far"].standard_normal((n, self.n_features_in_))
        return np.asarray(self.centre_ + self.scale_ * (self.rows_[which] + self.bandwidth_ * far))

    def score_samples(self, X: ArrayLike) -> Floats:  # noqa: N803
        """The logarithm of the density of every row ``(n,)``, in the data's units."""
        from sklearn.neighbors import KernelDensity

        check_is_fitted(self)
        raw = rows_of(self, X, reset=False)
        model = KernelDensity(bandwidth=float(self.bandwidth_)).fit(self.rows_)
        found = model.score_samples((raw - self.centre_) / self.scale_)
        return np.asarray(found - np.log(self.scale_).sum())

    def save(self, path: Writes) -> None:
        """Write the fitted model as one safetensors file, over what was there."""
        save(self, path, ("centre_", "scale_", "bandwidth_", "rows_"))

    @classmethod
    def load(cls, path: Writes) -> Self:
        """A fitted model from a file that ``save`` wrote.

        Raises:
            ValueError: it is no such file.
        """
        return load(cls, path)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def scales(raw: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation of every column; of a constant one 1."""
    deviation = raw.std(0)
    return raw.mean(0), np.where(deviation > 0, deviation, 1.0)


def random_streams(seed: int, of: str) -> dict[str, np.random.Generator]:
    """Two streams, so that the first rows do not depend on how many there are."""
    return {what: np.random.default_rng(noise.key(seed, of, what)) for what in ("which", "far")}


def save(model: Any, path: Writes, names: tuple[str, ...]) -> None:
    """Write a fitted model."""
    check_is_fitted(model)
    metadata = {"estimator": type(model).__name__, "arguments": model.get_params()}
    save_arrays(path, metadata, {name: getattr(model, name) for name in names})


def load(cls: type[Model], path: Writes) -> Model:
    """A fitted model of a class.

    Raises:
        ValueError: the file holds none.
    """
    metadata, arrays = load_arrays(path)
    if metadata.get("estimator") != cls.__name__:
        raise ValueError(f"{path} holds no {cls.__name__}")
    model = cls(**metadata["arguments"])
    for name, array in arrays.items():
        setattr(model, name, array)
    vars(model)["n_features_in_"] = len(arrays["centre_"])
    return model
