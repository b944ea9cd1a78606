"""The squared maximum mean discrepancy (MMD) between two sets, an unbiased estimate.

Gretton et al. 2012, "A kernel two-sample test": the mean of the kernel over pairs of real samples, plus that
over pairs of fake ones, minus twice that over pairs of one of each. It may be below zero, as an unbiased
estimate of zero must. All pairs are used, in blocks, in float64.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ptarmigan.core.noise import key
from ptarmigan.data.permutation import permute
from ptarmigan.metrics.estimate import Estimate
from ptarmigan.metrics.vectors import against, blocks

Matrix = NDArray[np.float64]
Kernel = Callable[[Matrix, Matrix], Matrix]
"""Rows (n, d) and (m, d) to the kernel values of all pairs, (n, m)."""

SUBSETS, SIZE = 100, 1_000
PERMUTATIONS = 200
BANDWIDTH_SAMPLES = 1_000
"""Real samples whose median distance is the bandwidth, at most."""


class Subsets(NamedTuple):
    """The discrepancy over random subsets, as published.

    Attributes:
        mean: over the subsets.
        deviation: the standard deviation between subsets; it is not the standard error of the mean.
    """

    mean: float
    deviation: float


@dataclass(frozen=True)
class Discrepancy:
    """The result of ``mmd``.

    Attributes:
        estimate: the squared discrepancy, about 0 for equal distributions and at most 2.
        p: the p-value, the probability of one as large between sets of one distribution.
        bandwidth: the standard deviation of the Gaussian kernel, in the units of the features.
    """

    estimate: Estimate
    p: float
    bandwidth: float


def kid(real: NDArray[Any], fake: NDArray[Any]) -> Estimate:
    """The Kernel Inception Distance, in any features: lower is better, 0 is as good as real.

    Bińkowski et al. 2018, "Demystifying MMD GANs", arXiv 1801.01401: the squared discrepancy with the kernel
    (x·y / d + 1)³. Published numbers are means over random subsets of the samples (``kid_of_subsets``). This
    is the mean over all subsets: it has the same expectation, so both are comparable, and a smaller error.
    Publications use the 2,048 features of the Inception network, and often print it times 10³.

    Args:
        real: features, of shape (n, d).
        fake: features, of shape (m, d); n and m may differ.

    Returns:
        The value with the standard error of both sets' sampling.

    Raises:
        ValueError: a set has fewer than four samples or some that are not finite, the dimensions differ, the
            real samples are all the same, or the kernel overflows.
    """
    return _kid(*against(real, fake, least=4))


def kid_of_subsets(
    real: NDArray[Any], fake: NDArray[Any], *, subsets: int = SUBSETS, size: int = SIZE, seed: int = 0
) -> Subsets:
    """The Kernel Inception Distance as published: mean and standard deviation over random subsets.

    Every subset is drawn without replacement, and independently of the others.

    Args:
        real: features, of shape (n, d).
        fake: features, of shape (m, d).
        subsets: how many.
        size: real samples in each, and as many fake ones.
        seed: the random seed of the subsets.

    Raises:
        ValueError: as ``kid``, or a set has fewer samples than a subset.
    """
    real, fake = against(real, fake, least=max(4, size))
    values = []
    for which in range(subsets):
        some = (
            x[np.sort(permute(np.arange(size), len(x), "kid", seed, which, name))]
            for x, name in ((real, "real"), (fake, "fake"))
        )
        values.append(_kid(*some).value)
    return Subsets(float(np.mean(values)), float(np.std(values)))


def mmd(
    real: NDArray[Any], fake: NDArray[Any], *, permutations: int = PERMUTATIONS, seed: int = 0
) -> Discrepancy:
    """The squared discrepancy with a Gaussian kernel, and a permutation test of it.

    The kernel is exp(-|x - y|² / 2σ²), with σ the median distance between real samples (at most 1,000, and
    without duplicates), so that it does not depend on the fake samples. The p-value is the share of random
    divisions of all samples, including the true one, with a discrepancy as large.

    Args:
        real: features, of shape (n, d).
        fake: features, of shape (m, d).
        permutations: how many random divisions; p is at least 1 / (permutations + 1).
        seed: the random seed of the divisions and of the samples for σ.

    Raises:
        ValueError: a set has fewer than four samples or some that are not finite, the dimensions differ, the
            real samples are all the same, or the kernel overflows.
    """
    real, fake = against(real, fake, least=4)
    bandwidth = _median_distance(real, seed)
    n, m = len(real), len(fake)
    rng = np.random.default_rng(key(seed, "mmd", n, m))
    divisions = np.zeros((n + m, permutations))
    for division in divisions.T:
        division[rng.permutation(n + m)[:n]] = 1
    sums, squares = _sums(_gaussian(bandwidth), real, fake, divisions)
    estimate = _estimate(sums, squares, n)
    total = sums[:, 0] + sums[:, 1]
    within = np.einsum("ij,ij->j", divisions, sums[:, 2:])
    across = total @ divisions - within
    others = within / (n * (n - 1)) - 2 * across / (n * m)
    others += (total.sum() - within - 2 * across) / (m * (m - 1))
    # a division that happens to be the true one has the same discrepancy, up to rounding
    as_far = np.count_nonzero(others >= estimate.value - 1e-12)
    return Discrepancy(estimate, (1 + as_far) / (1 + permutations), bandwidth)


def _kid(real: NDArray[Any], fake: NDArray[Any]) -> Estimate:
    none = np.empty((len(real) + len(fake), 0))
    return _estimate(*_sums(_cubic, real, fake, none), len(real))


def _cubic(a: Matrix, b: Matrix) -> Matrix:
    product: Matrix = a @ b.T
    product /= a.shape[1]
    product += 1
    return product * product * product


def _gaussian(bandwidth: float) -> Kernel:
    def kernel(a: Matrix, b: Matrix) -> Matrix:
        squared: Matrix = a @ b.T
        squared *= -2
        squared += np.einsum("ij,ij->i", a, a)[:, None]
        squared += np.einsum("ij,ij->i", b, b)
        out: Matrix = np.exp(np.maximum(squared, 0) / (-2 * bandwidth**2))
        return out

    return kernel


def _median_distance(x: NDArray[Any], seed: int) -> float:
    from scipy.spatial.distance import pdist

    some = permute(np.arange(min(BANDWIDTH_SAMPLES, len(x))), len(x), "bandwidth", seed)
    distances = pdist(x[np.sort(some)].astype(np.float64))
    distances = distances[distances > 0]
    if not len(distances):
        raise ValueError(f"{len(some):,} real samples are the same: there is nothing to score against")
    return float(np.median(distances))


def _sums(kernel: Kernel, real: NDArray[Any], fake: NDArray[Any], sides: Matrix) -> tuple[Matrix, Matrix]:
    """The kernel of every sample with all others, summed over each set, and its square over the first two.

    The first two sets are the real and the fake samples; ``sides`` are further ones, of shape (n + m, s): the
    membership of every sample in each. Returns arrays of shape (n + m, 2 + s) and (n + m, 2).
    """
    is_real = np.arange(len(real) + len(fake)) < len(real)
    sides = np.column_stack([is_real, ~is_real, sides])
    sums, squares = np.zeros(sides.shape), np.zeros((len(sides), 2))
    parts = [*blocks(real), *blocks(fake)]
    ends = np.cumsum([len(part) for part in parts])
    places = [slice(end - len(part), end) for part, end in zip(parts, ends, strict=True)]
    with np.errstate(over="ignore", invalid="ignore"):  # the estimate then raises an error
        for first, (i, part) in enumerate(zip(places, parts, strict=True)):
            a = part.astype(np.float64)
            for j, other in zip(places[first:], parts[first:], strict=True):
                values = kernel(a, other.astype(np.float64))
                if i == j:
                    np.fill_diagonal(values, 0)
                squared = values**2
                sums[i] += values @ sides[j]
                squares[i] += squared @ sides[j, :2]
                if i != j:
                    sums[j] += values.T @ sides[i]
                    squares[j] += squared.T @ sides[i, :2]
    return sums, squares


def _estimate(sums: Matrix, squares: Matrix, n: int) -> Estimate:
    """The discrepancy, and its standard error by Hoeffding's decomposition (1948) of a U-statistic.

    The contributions of single samples and of pairs beyond those are uncorrelated, so their variances add up;
    between equal distributions only the second are left.
    """
    m = len(sums) - n
    real, real_fake = sums[:n, 0] / (n - 1), sums[:n, 1] / m
    fake, fake_real = sums[n:, 1] / (m - 1), sums[n:, 0] / n
    value = real.mean() + fake.mean() - 2 * real_fake.mean()
    pairs_real = _beyond(squares[:n, 0].sum() / (n * (n - 1)), real, real)
    pairs_fake = _beyond(squares[n:, 1].sum() / (m * (m - 1)), fake, fake)
    pairs_both = _beyond(squares[:n, 1].sum() / (n * m), real_fake, fake_real)
    # means over few pairs also vary by their pairs, which is added below
    alone_real = max(0.0, float(np.var(real - real_fake, ddof=1)) - pairs_real / (n - 1) - pairs_both / m)
    alone_fake = max(0.0, float(np.var(fake - fake_real, ddof=1)) - pairs_fake / (m - 1) - pairs_both / n)
    variance = 4 * (alone_real / n + alone_fake / m + pairs_both / (n * m))
    variance += 2 * (pairs_real / (n * (n - 1)) + pairs_fake / (m * (m - 1)))
    if not np.isfinite(value + variance):
        raise ValueError("the kernel overflows: some features are too large for it")
    return Estimate(float(value), float(np.sqrt(variance)))


def _beyond(square: float, a: Matrix, b: Matrix) -> float:
    """The variance of a kernel over pairs, minus that of its means over the first and over the second."""
    return max(0.0, float(square - (a**2).mean() - (b**2).mean() + a.mean() * b.mean()))
