"""What anybody can make without a GAN: a score that is no better than theirs is no score.

A mixture of Gaussians knows the data's first two moments and a few clusters, and no sample; a noisy copy
knows every sample and nothing else. Both are functions of the training samples alone, in their own units.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.core.noise import key
from ptarmigan.data.permutation import permute
from ptarmigan.data.samples import Source
from ptarmigan.metrics.features import CHUNK, chunks
from ptarmigan.metrics.raw import Raw, as_source, shrunk

FITTED = 10_000
"""Training samples that are looked at, at most."""
GAUSSIANS = 10
DIMENSIONS = 64
EXPLAINED = 0.95
"""A mixture lives on the principal components that explain this share of the variance, at most so many."""
SIDE = 64
"""Principal components of larger images are found on images averaged down to this many pixels."""
SHARE = 0.1
"""Noise on a copy, as a share of the data's standard deviation."""
ROUNDS = 100
"""Of expectation and maximisation, at most."""

MIXTURE = f"mixture of up to {GAUSSIANS} Gaussians in up to {DIMENSIONS} dimensions"
COPY = f"training samples with noise of {SHARE:g} deviations"
"""The two in words, for a protocol."""

Floats = NDArray[np.float32]
Numbers = NDArray[np.float64]


def gaussian_mixture(train: Raw | Source, n: int, seed: int = 0) -> Raw:
    """``n`` samples of a mixture of Gaussians that was fitted to the training samples.

    Ten Gaussians with full covariances, fitted by expectation maximisation to at most 10,000 samples: to the
    values themselves where a sample has at most 64 of them, otherwise to the principal components that
    explain 95 % of the variance, but at most 64 (and one for ten samples; and a Gaussian for four samples a
    dimension, where there are few). A drawn sample is the least-squares image of its components in the
    values, rounded and clipped to what the training samples hold. The components of images larger than 64
    pixels are found on averaged-down images, and drawn at full size all the same: the mixture is no more
    blurred than one of small images. Richardson and Weiss 2018 (arXiv 1805.12462) show how far such a model
    goes.

    Takes the memory of 10,000 images of 64 × 64 colour pixels as float32, twice, and of 130 samples.

    Args:
        train: raw training samples, of shape (m, ...), or a source of them.
        n: how many to make.
        seed: the random seed.

    Returns:
        Raw samples of the shape, dtype and range of the training samples, of shape (n, ...).

    Raises:
        ValueError: there are fewer than 2 training samples, all are the same, one is not finite, or ``n`` is
            not positive.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    source, chosen, form = _looked_at(train, n, seed)
    state = key(seed, "gaussian mixture") % 2**32
    codes = _codes(source, chosen, form, state)
    dimensions = codes.shape[1]
    gaussians = min(GAUSSIANS, max(1, len(codes) // (4 * dimensions)))
    model = GaussianMixture(gaussians, max_iter=ROUNDS, random_state=state)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a rough fit is a baseline too
        model.fit(codes)
    drawn = model.sample(n)[0]
    drawn = drawn[np.random.default_rng(state).permutation(n)]  # they come one Gaussian after another
    drawn -= codes.mean(axis=0)
    mean, basis = _regressed(source, chosen, form, codes)
    out = np.empty((n, *form.shape), form.dtype)
    for start in range(0, n, CHUNK):
        values = mean + drawn[start : start + CHUNK].astype(np.float32) @ basis
        out[start : start + CHUNK] = form.settle(values.reshape(-1, *form.shape) + form.origin)
    return out


def noisy_copy(train: Raw | Source, n: int, seed: int = 0, share: float = SHARE) -> Raw:
    """``n`` training samples with Gaussian noise on every value; none is drawn twice while there are enough.

    The noise is a tenth of the standard deviation of the values of a channel (the last axis: a colour, a
    column of points) over samples and places. Columns have units of their own, so each has noise of its own;
    pixels share one, so the noise is white and does not spare those that are always black. A tenth is seen,
    and hides nothing of the sample: a generator that scores worse is further from the data than that.

    Args:
        train: raw training samples, of shape (m, ...), or a source of them.
        n: how many to make.
        seed: the random seed: the first of many are the same as the first of few.
        share: standard deviation of the noise, as a share of the channel's.

    Returns:
        Raw samples of the shape, dtype and range of the training samples, of shape (n, ...).

    Raises:
        ValueError: there are fewer than 2 training samples, all are the same, one is not finite, ``n`` is not
            positive, or ``share`` is negative.
    """
    if not (math.isfinite(share) and share >= 0):
        raise ValueError(f"noise of {share} deviations cannot be added: it is 0 or more")
    source, _, form = _looked_at(train, n, seed)
    copied = permute(np.arange(n) % len(source), len(source), seed, "noisy copy")
    out = np.empty((n, *form.shape), form.dtype)
    for start, raw in zip(range(0, n, CHUNK), chunks(source, copied), strict=True):
        rng = np.random.default_rng(key(seed, "noise on a copy", start))
        noise = share * form.deviation * rng.standard_normal(raw.shape, np.float32)
        out[start : start + CHUNK] = form.settle(raw + noise)
    return out


@dataclass(frozen=True, eq=False)
class _Form:
    """Shape and dtype of a training sample; range and standard deviation of every channel.

    ``origin`` lies among a channel's values: what is left of them without it is exact enough in float32.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    origin: Numbers
    low: Numbers
    high: Numbers
    deviation: Numbers

    def settle(self, values: NDArray[Any]) -> Raw:
        """Values of the shape of samples as samples: rounded where these are, within their range."""
        if not np.issubdtype(self.dtype, np.floating):
            values = np.rint(values)
        out: Raw = np.clip(values, self.low, self.high).astype(self.dtype)
        return out


def _looked_at(train: Raw | Source, n: int, seed: int) -> tuple[Source, NDArray[np.int64], _Form]:
    """The training samples, which of them are looked at, and what they are like."""
    source = as_source(train)
    if n < 1:
        raise ValueError(f"cannot make {n} samples: ask for at least one")
    if len(source) < 2:
        raise ValueError(f"a baseline needs at least 2 training samples, and there are {len(source)}")
    chosen = np.sort(permute(np.arange(min(FITTED, len(source))), len(source), seed, "baselines"))
    return source, chosen, _form(source, chosen)


def _form(source: Source, chosen: NDArray[np.int64]) -> _Form:
    first = source.read(chosen[:1])
    shape, places = first.shape[1:], tuple(range(first.ndim - 1))
    origin = first.mean(axis=places, dtype=np.float64)
    low, high = np.full_like(origin, np.inf), np.full_like(origin, -np.inf)
    total, squares, count = np.zeros_like(origin), np.zeros_like(origin), 0
    for raw in chunks(source, chosen):
        if not np.isfinite(raw).all():
            raise ValueError("some training samples are not finite: no baseline can be made of them")
        low, high = np.minimum(low, raw.min(axis=places)), np.maximum(high, raw.max(axis=places))
        apart = raw - origin
        total, squares = total + apart.sum(axis=places), squares + (apart**2).sum(axis=places)
        count += raw.size // origin.size
    if (low == high).all():
        raise ValueError("all training samples are the same, in every value: no baseline can be made of them")
    deviation = np.sqrt(np.maximum(squares / count - (total / count) ** 2, 0))
    return _Form(shape, first.dtype, origin, low, high, deviation)


def _codes(source: Source, chosen: NDArray[np.int64], form: _Form, state: int) -> Numbers:
    """The samples as a mixture can take them, of shape (samples, dimensions)."""
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


def _regressed(
    source: Source, chosen: NDArray[np.int64], form: _Form, codes: Numbers
) -> tuple[Floats, Floats]:
    """Mean (values,) and basis (dimensions, values) by which codes tell the values best, less the origin."""
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
