"""The Fréchet distance between two sets of features, from their means and covariances."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.core.errors import Notice
from ptarmigan.metrics.vectors import blocks, checked

Matrix = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Moments:
    """The number of samples, their mean ``(d,)`` and their scatter ``(d, d)``, all in float64.

    The scatter is the sum of the outer products of the differences from the mean. Moments of parts are added
    with ``+``, in any order, and equal those of the whole up to rounding (Chan, Golub and LeVeque 1983,
    "Algorithms for computing the sample variance").
    """

    n: int
    mean: Matrix
    scatter: Matrix

    @staticmethod
    def of(features: NDArray[Any]) -> Moments:
        """The moments of ``features``, of shape (n, d) and any real type.

        Raises:
            ValueError: there are no samples, or some number is not finite.
        """
        from scipy.linalg.blas import dsyrk

        x = checked(features)
        n, d = x.shape
        mean = x.mean(axis=0, dtype=np.float64)
        upper = np.zeros((d, d), order="F")
        for block in blocks(x):
            upper = dsyrk(1.0, (block - mean).T, 1.0, upper, overwrite_c=True)
        return Moments(n, mean, upper + np.triu(upper, 1).T)

    @staticmethod
    def stream(chunks: Iterable[NDArray[Any]]) -> Moments:
        """The moments of all ``chunks`` together, with one of them in memory at a time.

        Raises:
            ValueError: there is no chunk, or some number is not finite.
        """
        total: Moments | None = None
        for chunk in chunks:
            part = Moments.of(chunk)
            total = part if total is None else total + part
        if total is None:
            raise ValueError("moments need at least one sample")
        return total

    def __add__(self, other: Moments) -> Moments:
        if self.dimensions != other.dimensions:
            raise ValueError(
                f"moments of {self.dimensions} and of {other.dimensions} features cannot be added"
            )
        n = self.n + other.n
        between = other.mean - self.mean
        shift = np.outer(between, between) * (self.n * other.n / n)
        return Moments(n, self.mean + between * (other.n / n), self.scatter + other.scatter + shift)

    @property
    def dimensions(self) -> int:
        """The number of features."""
        return len(self.mean)

    @property
    def covariance(self) -> Matrix:
        """The unbiased covariance, of shape (d, d); of one sample it is zero."""
        return self.scatter / max(1, self.n - 1)


def frechet(a: Moments, b: Moments, *, warn: bool = True) -> float:
    """The squared Fréchet distance between Gaussians with the moments ``a`` and ``b``, in squared features.

    |mean a - mean b|² + tr(A + B - 2 (A B)^½) of Dowson and Landau 1982; in the features of an Inception
    network it is the FID of Heusel et al. 2017, arXiv 1706.08500. The trace of the root is the sum of the
    roots of the eigenvalues of A B, which are those of the symmetric L' B L with A = L L', so no general
    matrix square root is taken. It is exact for singular covariances too.

    Args:
        a: moments of one set.
        b: moments of the other.
        warn: whether to warn of fewer samples than features, with which the distance is biased upwards.

    Raises:
        ValueError: the sets have different numbers of features.
    """
    if a.dimensions != b.dimensions:
        raise ValueError(f"no distance between sets of {a.dimensions} and of {b.dimensions} features")
    caveat = too_few(min(a.n, b.n), a.dimensions)
    if caveat and warn:
        warnings.warn(caveat, Notice, stacklevel=2)
    if a.n > b.n:  # the roots of what is zero would be seen as noise: the factor is that of the smaller rank
        a, b = b, a
    first, second = a.covariance, b.covariance
    distance = float(np.sum((a.mean - b.mean) ** 2))
    spread = float(np.trace(first) + np.trace(second))
    # rounding can make the difference slightly negative
    return max(0.0, distance + spread - 2 * _trace_of_root(first, second))


def too_few(n: int, dimensions: int) -> str:
    """A caveat for a Fréchet distance of ``n`` samples, where they are few for the number of features."""
    if n > dimensions:
        return ""
    return (
        f"{n:,} samples are few for {dimensions:,} features: the Fréchet distance is biased upwards and noisy"
    )


def _trace_of_root(a: Matrix, b: Matrix) -> float:
    """tr((A B)^½) of two covariances, by a pivoted Cholesky factor of A, which may be singular."""
    from scipy.linalg.blas import dtrmm
    from scipy.linalg.lapack import dpstrf

    # A, with rows and columns in the order of the pivots, is L L' with ``rank`` columns
    factor, pivots, rank, _ = dpstrf(a, lower=True)
    order = pivots - 1
    product = dtrmm(1.0, factor, b[order][:, order], side=True, lower=True)
    product = dtrmm(1.0, factor, product, lower=True, trans_a=True)
    values = np.linalg.eigvalsh(product[:rank, :rank])
    return float(np.sqrt(np.maximum(values, 0)).sum())
