"""Trivial generators, as baselines: a GAN should score better.

A mixture of Gaussians has the data's first two moments and a few clusters, but no training sample; a noisy
copy has every training sample and nothing new. Both are functions of the training samples alone, in their own
units.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.core.noise import key
from ptarmigan.core.process import ignored
from ptarmigan.data.permutation import permute
from ptarmigan.data.samples import Source
from ptarmigan.metrics.features import CHUNK, chunks
from ptarmigan.metrics.raw import Raw, as_source, shrunk

FITTED = 10_000
"""Training samples that are fitted to, at most."""
GAUSSIANS = 10
DIMENSIONS = 64
EXPLAINED = 0.95
"""A mixture is fitted to the principal components that explain this share of the variance, at most
``DIMENSIONS``."""
SIDE = 64
"""Principal components of larger images are computed on images downsampled to this many pixels a side."""
SHARE = 0.1
"""Noise on a copy, as a share of the data's standard deviation."""
ROUNDS = 100
"""Iterations of expectation maximisation, at most."""

MIXTURE = f"mixture of up to {GAUSSIANS} Gaussians in up to {DIMENSIONS} dimensions"
COPY = f"training samples with noise of {SHARE:g} deviations"
"""The two in words, for a protocol."""

Floats = NDArray[np.float32]
Numbers = NDArray[np.float64]


def gaussian_mixture(train: Raw | Source, n: int, seed: int = 0) -> Raw:
    """``n`` samples of a mixture of Gaussians fitted to the training samples.

    Ten Gaussians with full covariances, fitted by expectation maximisation to at most 10,000 samples: to the
    values themselves where a sample has at most 64 of them, otherwise to the principal components that
    explain 95 % of the variance, but at most 64 (where there are few samples, at most one for ten samples,
    and one Gaussian for four samples a dimension). A sample is mapped from components to values by least
    squares, rounded and clipped to the range of the training samples. The components of images larger than
    64 pixels are computed on downsampled images, while samples have the full size: they are no more blurred
    than small ones. Richardson and Weiss 2018 (arXiv 1805.12462) show how good such a model can be.

    Takes the memory of 10,000 images of 64 × 64 colour pixels as float32, twice, and of 130 samples.

    Args:
        train: raw training samples, of shape (m, ...), or a source of them.
        n: how many to generate.
        seed: the random seed.

    Returns:
        Raw samples of the shape, dtype and range of the training samples, of shape (n, ...).

    Raises:
        ValueError: there are fewer than 2 training samples, all are the same, one is not finite, or ``n`` is
            not positive.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    source, chosen, form = _prepare(train, n, seed)
    state = key(seed, "gaussian mixture") % 2**32
    codes = _codes(source, chosen, form, state)
    dimensions = codes.shape[1]
    gaussians = min(GAUSSIANS, max(1, len(codes) // (4 * dimensions)))
    model = GaussianMixture(gaussians, max_iter=ROUNDS, random_state=state)
    with ignored(ConvergenceWarning):  # a rough fit is a baseline too
        model.fit(codes)
    samples = model.sample(n)[0]
    samples = samples[np.random.default_rng(state).permutation(n)]  # they come one Gaussian after another
    samples -= codes.mean(axis=0)
    mean, basis = _regress(source, chosen, form, codes)
    out = np.empty((n, *form.shape), form.dtype)
    for start in range(0, n, CHUNK):
        values = mean + samples[start : start + CHUNK].astype(np.float32) @ basis
        out[start : start + CHUNK] = form.to_samples(values.reshape(-1, *form.shape) + form.origin)
    return out


def noisy_copy(train: Raw | Source, n: int, seed: int = 0, share: float = SHARE) -> Raw:
    """``n`` training samples with Gaussian noise on every value; without repeats while there are enough.

    The standard deviation of the noise is a tenth of that of the values of a channel (the last axis: a
    colour, a column) over samples and positions. So columns have noise in their own units, and all pixels of
    a channel have the same, also those that are always black. A tenth is visible and leaves the sample
    recognisable: a generator that scores worse is further from the data than that.

    Args:
        train: raw training samples, of shape (m, ...), or a source of them.
        n: how many to generate.
        seed: the random seed; the first samples do not depend on ``n``.
        share: standard deviation of the noise, as a share of the channel's.

    Returns:
        Raw samples of the shape, dtype and range of the training samples, of shape (n, ...).

    Raises:
        ValueError: there are fewer than 2 training samples, all are the same, one is not finite, ``n`` is not
            positive, or ``share`` is negative.
    """
    if not (math.isfinite(share) and share >= 0):
        raise ValueError(f"noise of {share} standard deviations cannot be added: it is 0 or more")
    source, _, form = _prepare(train, n, seed)
    copied = permute(np.arange(n) % len(source), len(source), seed, "noisy copy")
    out = np.empty((n, *form.shape), form.dtype)
    for start, raw in zip(range(0, n, CHUNK), chunks(source, copied), strict=True):
        rng = np.random.default_rng(key(seed, "noise on a copy", start))
        noise = share * form.deviation * rng.standard_normal(raw.shape, np.float32)
        out[start : start + CHUNK] = form.to_samples(raw + noise)
    return out


@dataclass(frozen=True, eq=False)
class _Statistics:
    """Shape and dtype of a training sample; range and standard deviation of every channel.

    ``origin`` is one of a channel's values: differences from it are exact enough in float32.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    origin: Numbers
    low: Numbers
    high: Numbers
    deviation: Numbers

    def to_samples(self, values: NDArray[Any]) -> Raw:
        """Values as samples: clipped to their range, and rounded where their dtype is an integer."""
        if not np.issubdtype(self.dtype, np.floating):
            values = np.rint(values)
        out: Raw = np.clip(values, self.low, self.high).astype(self.dtype)
        return out


def _prepare(train: Raw | Source, n: int, seed: int) -> tuple[Source, NDArray[np.int64], _Statistics]:
    """The training samples, the indices of those that are fitted to, and their statistics."""
    source = as_source(train)
    if n < 1:
        raise ValueError(f"cannot make {n} samples: ask for at least one")
    if len(source) < 2:
        raise ValueError(f"a baseline needs at least 2 training samples, and there are {len(source)}")
    chosen = np.sort(permute(np.arange(min(FITTED, len(source))), len(source), seed, "baselines"))
    return source, chosen, _statistics(source, chosen)


def _statistics(source: Source, chosen: NDArray[np.int64]) -> _Statistics:
    first = source.read(chosen[:1])
    shape, places = first.shape[1:], tuple(range(first.ndim - 1))
    origin = first.mean(axis=places, dtype=np.float64)
    low, high = np.full_like(origin, np.inf), np.full_like(origin, -np.inf)
    total, squares, count = np.zeros_like(origin), np.zeros_like(origin), 0
    for raw in chunks(source, chosen):
        if not np.isfinite(raw).all():
            raise ValueError("some training samples are not finite: no baseline can be fitted to them")
        low, high = np.minimum(low, raw.min(axis=places)), np.maximum(high, raw.max(axis=places))
        centred = raw - origin
        total, squares = total + centred.sum(axis=places), squares + (centred**2).sum(axis=places)
        count += raw.size // origin.size
    if (low == high).all():
        raise ValueError(
            "all training samples are the same, in every value: no baseline can be fitted to them"
        )
    deviation = np.sqrt(np.maximum(squares / count - (total / count) ** 2, 0))
    return _Statistics(shape, first.dtype, origin, low, high, deviation)


def _codes(source: Source, chosen: NDArray[np.int64], form: _Statistics, state: int) -> Numbers:
    """The values or principal components that a mixture is fitted to, of shape (samples, dimensions)."""
    from sklearn.decomposition import PCA

    unit = np.where(form.deviation > 0, form.deviation, 1)
    flat = np.concatenate([_flat((shrunk(raw, SIDE) - form.origin) / unit) for raw in chunks(source, chosen)])
    if flat.shape[1] <= DIMENSIONS:
        return flat.astype(np.float64)
    most = min(DIMENSIONS, max(1, len(flat) // 10))
    found = PCA(most, copy=False, svd_solver="randomized", random_state=state)
    codes: Numbers = found.fit_transform(flat)
    enough = int(np.searchsorted(np.cumsum(found.explained_variance_ratio_), EXPLAINED)) + 1
    return codes[:, :enough].astype(np.float64)


def _regress(
    source: Source, chosen: NDArray[np.int64], form: _Statistics, codes: Numbers
) -> tuple[Floats, Floats]:
    """Mean (values,) and basis (dimensions, values) of the least-squares map from codes to values."""
    inverse = np.linalg.pinv(codes - codes.mean(axis=0)).astype(np.float32)  # (dimensions, samples)
    values = math.prod(form.shape)
    total, basis = np.zeros(values), np.zeros((codes.shape[1], values), np.float32)
    for start, raw in zip(range(0, len(chosen), CHUNK), chunks(source, chosen), strict=True):
        flat = _flat(raw - form.origin)
        total += flat.sum(axis=0, dtype=np.float64)
        basis += inverse[:, start : start + CHUNK] @ flat
    return (total / len(chosen)).astype(np.float32), basis


def _flat(values: NDArray[Any]) -> Floats:
    return np.asarray(values, np.float32).reshape(len(values), -1)
