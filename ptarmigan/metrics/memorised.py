"""Memorisation: whether samples are copies of training samples, compared with held-out real samples.

The samples of a generator that learned the distribution are as near to the training samples as held-out real
ones are. Much nearer ones are copies; further ones mean that it has not learned the distribution.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.permutation import permute
from ptarmigan.data.samples import Source
from ptarmigan.metrics.estimate import TIMES, Estimate, bootstrap, mean_of
from ptarmigan.metrics.features import CHUNK, Features, chunks
from ptarmigan.metrics.raw import Raw, as_source, shrunk
from ptarmigan.metrics.search import nearest

SIDE = 32
"""Images are compared pixel by pixel at this many pixels a side at most: larger ones are downsampled."""
SEARCHED = 60_000
BYTES = 1_000_000_000
"""Training samples, and bytes of them, among which nearest neighbours are searched, at most."""
NEIGHBOURS = 10
FALSE = 0.01
"""The false positive rate of near copies: the share of new real samples that may count as such."""
FEWEST = 20

Distances = NDArray[np.float64]


@dataclass(frozen=True)
class Memorised:
    """The result of ``memorised``.

    Attributes:
        exact: the share of samples that equal a training sample in every byte.
        exact_real: the same of held-out real samples, to compare with.
        near: the share of near copies.
        near_real: an upper bound of the same for new real samples: the false positive rate.
        ratio: the median distance from a sample to the nearest training sample, over that of held-out ones:
            1 for a generator that generalises, near 0 for one that copies, above 1 for one that underfits.
        closer: the probability that a sample is closer to the training samples than a held-out one is; ½ for
            a generator that generalises.
        z: its test statistic, in standard errors from ½ (Meehan et al. 2020): far below 0 for copies (-3 is
            beyond chance), far above 0 for a generator that underfits.
        searched: training samples among which the nearest was searched.
    """

    exact: Estimate
    exact_real: Estimate
    near: Estimate
    near_real: float
    ratio: Estimate
    closer: Estimate
    z: float
    searched: int


def memorised(
    fake: Raw, train: Raw | Source, held_out: Raw, features: Features | None = None, seed: int = 0
) -> Memorised:
    """Measure how much of ``fake`` was copied from ``train``, compared with ``held_out``.

    **Near copies** are detected by the distance to the nearest training sample over the mean distance to the
    ten nearest, as in Carlini et al. 2023, "Extracting training data from diffusion models" (arXiv
    2301.13188): a copy is much nearer to one training sample than to the next, whereas a plain or blurred
    sample is near to many. A sample is a near copy where this ratio is below that of all but one in a hundred
    held-out ones. As that threshold is an order statistic, a new real sample is below it with a probability
    of at most ``near_real``, for any data (1 in 100 needs 99 held-out samples; with fewer, the threshold is
    their minimum).

    **The test** is that of Meehan, Chaudhuri and Dasgupta 2020, "A non-parametric test to detect data-copying
    in generative models" (arXiv 2004.05675), without its division into cells: the Mann-Whitney statistic of
    the distances to the nearest training sample, with ties counted by half. It detects a generator that is
    too close to its data as a whole, and not one that copies a few samples, for which there are the near
    copies. In raw pixels it mistakes pale images for copies, as these are near to everything: use features.

    Distances are Euclidean, between raw values (of images at most 32 pixels wide), or between features. Of
    more than 60,000 training samples, or more than a gigabyte of them, a part is searched for near copies;
    for exact copies, all are.

    Args:
        fake: raw generated samples, of shape (n, ...).
        train: raw training samples, of shape (m, ...), or a source of them.
        held_out: raw real samples that were not trained on, of shape (k, ...).
        features: in which samples are compared; the raw values when None.
        seed: the random seed of the training samples that are searched, and of the resamplings for errors.

    Raises:
        ValueError: there are fewer than 20 samples of a kind, they have different shapes, some number is not
            finite, or most held-out samples are training samples too, so that they are no reference.
    """
    source = as_source(train)
    _check(fake, source, held_out)
    searched = min(len(source), SEARCHED, max(FEWEST, BYTES // _features(fake[:1], features).nbytes))
    where = np.sort(permute(np.arange(searched), len(source), seed, "memorised"))
    compared = np.concatenate([_features(raw, features) for raw in chunks(source, where)])
    of_fake, of_real = (_distances(compared, raw, features) for raw in (fake, held_out))
    if np.median(of_real[:, 0]) == 0:
        raise ValueError(
            "most held-out samples are among the training samples: they are no reference for copies"
        )
    threshold, false = _threshold(_singular(of_real))
    below = _singular(of_fake) < threshold
    exact, exact_real = equal(source, fake, held_out)
    closer, z = _test(of_fake[:, 0], of_real[:, 0])
    return Memorised(
        exact=mean_of(exact, seed=seed),
        exact_real=mean_of(exact_real, seed=seed),
        near=mean_of(below, seed=seed),
        near_real=false,
        ratio=_ratio(of_fake[:, 0], of_real[:, 0], seed),
        closer=closer,
        z=z,
        searched=searched,
    )


def _check(fake: Raw, source: Source, held_out: Raw) -> None:
    for name, count in (("generated", len(fake)), ("training", len(source)), ("held-out", len(held_out))):
        if count < FEWEST:
            raise ValueError(f"memorisation needs at least {FEWEST} {name} samples, and there are {count}")
    shape = source.read(np.arange(1)).shape[1:]
    for name, raw in (("generated", fake), ("held-out", held_out)):
        if raw.shape[1:] != shape:
            raise ValueError(f"{name} samples have the shape {raw.shape[1:]} and training samples {shape}")


def _features(raw: Raw, features: Features | None) -> NDArray[Any]:
    """The features of raw samples, or downsampled raw values."""
    compared = shrunk(raw, SIDE) if features is None else features(raw)
    if not np.isfinite(compared).all():
        raise ValueError("some samples, or features of them, are not finite: they have no neighbours")
    return compared


def _distances(compared: NDArray[Any], raw: Raw, features: Features | None) -> Distances:
    """The distances from every sample to its nearest training samples, of shape (samples, neighbours)."""
    parts = [_features(raw[start : start + CHUNK], features) for start in range(0, len(raw), CHUNK)]
    return nearest(compared, np.concatenate(parts), NEIGHBOURS)[1]


def _singular(distances: Distances) -> Distances:
    """The nearest distance over the mean of the ten nearest, from 0 for a copy to 1; 1 where all are 0."""
    mean = distances.mean(axis=1)
    out: Distances = np.divide(distances[:, 0], mean, out=np.ones_like(mean), where=mean > 0)
    return out


def _threshold(real: Distances) -> tuple[float, float]:
    """A threshold, and an upper bound of the probability that a new real sample is below it."""
    rank = max(1, int(FALSE * (len(real) + 1)))
    return float(np.sort(real)[rank - 1]), rank / (len(real) + 1)


def equal(source: Source, *sets: Raw) -> list[NDArray[np.bool_]]:
    """Masks of the samples of each set that equal one of the source in every byte."""
    dtype = source.read(np.arange(1)).dtype
    digests = [_digests(raw.astype(dtype, copy=False)) for raw in sets]
    wanted, known = set().union(*digests), set[bytes]()
    for raw in chunks(source, np.arange(len(source))):
        known |= wanted.intersection(_digests(raw))
    return [np.array([one in known for one in mine]) for mine in digests]


def _digests(raw: Raw) -> list[bytes]:
    return [hashlib.blake2b(np.ascontiguousarray(row).tobytes(), digest_size=16).digest() for row in raw]


def _test(fake: Distances, real: Distances) -> tuple[Estimate, float]:
    """The probability that one of ``fake`` is less than one of ``real``, and Meehan's z."""
    from scipy.stats import rankdata

    n, m = len(fake), len(real)
    ranks = rankdata(np.concatenate([fake, real]))
    # for each one, the share of the others that are greater (DeLong et al. 1988: their variances add)
    above = 1 - (ranks[:n] - rankdata(fake)) / m
    below = (ranks[n:] - rankdata(real)) / n
    closer = float(above.mean())
    error = math.sqrt(above.var(ddof=1) / n + below.var(ddof=1) / m)
    counts = np.unique(ranks, return_counts=True)[1].astype(np.float64)
    ties = float(np.sum(counts**3 - counts)) / ((n + m) * (n + m - 1))
    deviation = math.sqrt((n + m + 1 - ties) / (12 * n * m))
    return Estimate(closer, error), (0.5 - closer) / deviation if deviation > 0 else 0.0


def _ratio(fake: Distances, real: Distances, seed: int) -> Estimate:
    """The ratio of the medians, and its first-order error."""
    top, bottom = _median(fake, seed), _median(real, seed)
    ratio = top.value / bottom.value
    return Estimate(ratio, math.hypot(top.error, ratio * bottom.error) / bottom.value)


def _median(distances: Distances, seed: int) -> Estimate:
    error = bootstrap(lambda i: float(np.median(distances[i])), len(distances), TIMES, seed)
    return Estimate(float(np.median(distances)), error)
