"""The Gaussians that the numbers of a column are near."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ptarmigan.core.process import ignored
from ptarmigan.modalities.table.column import REACH, Floats, Mode

MODES = 10
LEAST = 0.005
"""Gaussians of a column, at most, and the weight above which one is kept (CTGAN: arXiv 1907.00503)."""
FITTED = 4_096
"""Numbers that Gaussians are fitted to, at most: evenly spread over the sorted column."""
SPIKE, SPIKES, REPEATED = 0.05, 10, 10
"""Of what is left, the share above which a number is a mode of its own; how many, and in how many rows."""
TINY = 1e-30
"""The standard deviation of a single number, at least."""
STRAY = 1e5
"""In units of what the middle nine tenths of the numbers span: further out, one is no part of a Gaussian."""


def modes_of(numbers: Floats) -> tuple[Mode, ...]:
    """Weight, mean and standard deviation of what numbers are near.

    That is the Gaussians that a variational mixture finds, as in CTGAN. Beside it, numbers that many rows
    share are modes of no width, since a scaled number is never hit exactly; and what no Gaussian reaches, at
    either end, is within reach of one more.
    """
    repeated = spikes(numbers)
    rest = numbers[~np.isin(numbers, repeated)]
    found = [(float((numbers == s).mean()), float(s), 0.0) for s in repeated]
    if len(rest):
        wide = gaussians(rest[~strays(rest)])
        for end in beyond(rest, wide):
            half = max(float(np.ptp(end)) / 2, 1e-9 * float(np.abs(end).max()), TINY)
            wide = (*wide, (len(end) / len(rest), float(end.min()) + half, half / REACH))
        found += [(w * len(rest) / len(numbers), mean, deviation) for w, mean, deviation in wide]
    return tuple(found)


def spikes(numbers: Floats) -> Floats:
    """Numbers that a share of more than ``SPIKE`` has, of the rows without a more frequent one."""
    values, counts = np.unique(numbers, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:SPIKES]
    left = len(numbers) - np.cumsum(counts[order]) + counts[order]
    frequent = (counts[order] > SPIKE * left) & (counts[order] >= REPEATED)
    return np.asarray(values[order[np.logical_and.accumulate(frequent)]])


def gaussians(numbers: Floats) -> tuple[Mode, ...]:
    """The Gaussians that numbers come from, as a variational mixture finds."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import BayesianGaussianMixture

    places = np.linspace(0, len(numbers) - 1, min(FITTED, len(numbers))).round().astype(np.int64)
    some = np.sort(numbers)[places]
    centre, scale = float(some.mean()), float(some.std())
    distinct = len(np.unique(some))
    if distinct == 1:
        return ((1.0, centre, max(1e-9 * abs(centre), TINY)),)
    mixture = BayesianGaussianMixture(
        n_components=min(MODES, distinct),
        covariance_type="diag",
        weight_concentration_prior_type="dirichlet_process",
        weight_concentration_prior=0.001,
        random_state=0,
    )
    with ignored(ConvergenceWarning):  # it need not converge to be of use
        mixture.fit((some[:, None] - centre) / scale)
    found = zip(mixture.weights_, mixture.means_.ravel(), mixture.covariances_.ravel(), strict=True)
    return tuple(
        (float(w), centre + scale * float(mean), scale * float(variance) ** 0.5)
        for w, mean, variance in found
        if w > LEAST
    )


def beyond(numbers: Floats, modes: tuple[Mode, ...]) -> list[Floats]:
    """The numbers that no mode reaches: below the lowest mean, above the highest, and between them."""
    _, mean, deviation = np.array(modes).T
    far = numbers[(np.abs(numbers[:, None] - mean) > REACH * deviation).all(1)]
    low, high = far < mean.min(), far > mean.max()
    return [part for part in (far[low], far[high], far[~low & ~high]) if len(part)]


def strays(numbers: Floats) -> NDArray[np.bool_]:
    """Which numbers are so far out, as -1e9 for what was not measured is, that no Gaussian has them too."""
    low, middle, high = np.quantile(numbers, (0.05, 0.5, 0.95))
    return np.asarray((np.abs(numbers - middle) > STRAY * (high - low)) & (high > low))
