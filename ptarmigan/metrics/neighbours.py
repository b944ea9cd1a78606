"""Fidelity, coverage and memorisation, told from which samples are each other's nearest neighbours.

A set's manifold is the union of balls around its samples, each of which reaches to the sample's k-th nearest
neighbour in the set. All numbers depend on k, on the features, and on how many samples there are: only equal
protocols compare. The errors are those of a mean over the samples that are asked about, with the balls given.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.metrics.estimate import Estimate, mean_of
from ptarmigan.metrics.search import Distances, nearest, radii, within
from ptarmigan.metrics.vectors import against

PRECISION_K = 3
DENSITY_K = 5


def precision_recall(
    real: NDArray[Any], fake: NDArray[Any], k: int = PRECISION_K, reach: Distances | None = None
) -> tuple[Estimate, Estimate]:
    """The share of fake samples on the real manifold, and of real samples on the fake one, from 0 to 1.

    Kynkäänniemi et al. 2019, "Improved precision and recall metric for assessing generative models", arXiv
    1904.06991: fidelity and variety apart. The published protocol has 50,000 samples of both and k = 3. One
    outlier's ball is large, so ``density_coverage`` says the same more robustly.

    Args:
        real: features, of shape (n, d).
        fake: features, of shape (m, d); best as many as real ones, as more samples have smaller balls.
        k: whose distance is a ball's radius.
        reach: the radii of the real balls, where they are known already.

    Raises:
        ValueError: a set has not more than k samples or some that are not finite, the dimensions differ, or
            the real samples are all the same.
    """
    real, fake = against(real, fake, least=k + 1)
    of_real = radii(real, k) if reach is None else reach
    in_real, in_fake = within(fake, real, of_real, radii(fake, k)[:, None])
    return mean_of(in_real[0] > 0), mean_of(in_fake[1] > 0)


def density_coverage(
    real: NDArray[Any], fake: NDArray[Any], k: int = DENSITY_K, reach: Distances | None = None
) -> tuple[Estimate, Estimate]:
    """How densely fake samples lie on the real manifold, and the share of real samples with one near.

    Naeem et al. 2020, "Reliable fidelity and diversity metrics for generative models", arXiv 2002.09797. The
    density is the number of real balls around a fake sample over k: its expectation is 1 for more real
    samples, and it can be more. The coverage is the share of real balls that hold a fake sample, from 0 to 1.

    Args:
        real: features, of shape (n, d).
        fake: features, of shape (m, d).
        k: whose distance is a ball's radius.
        reach: the radii of the real balls, where they are known already.

    Raises:
        ValueError: a set has not more than k samples or some that are not finite, the dimensions differ, or
            the real samples are all the same.
    """
    real, fake = against(real, fake, least=k + 1)
    ((around, held),) = within(fake, real, radii(real, k) if reach is None else reach)
    return mean_of(around / k), mean_of(held > 0)


def authenticity(train: NDArray[Any], fake: NDArray[Any]) -> Estimate:
    """The share of fake samples that are no copies of a training sample, from 0 to 1.

    Alaa et al. 2022, "How faithful is your synthetic data?", arXiv 2102.08921: a fake sample is authentic if
    it is farther from its nearest training sample than that is from its own nearest other one. Real samples
    that were not trained on do not score 1 either (Gaussian ones 0.4 in two dimensions and 0.8 in fifty): a
    generator memorises when it scores less than a held-out split does.

    Args:
        train: features of the training samples, of shape (n, d).
        fake: features, of shape (m, d).

    Raises:
        ValueError: a set has fewer than two samples or some that are not finite, the dimensions differ, or
            the training samples are all the same.
    """
    train, fake = against(train, fake, least=2)
    places, distances = nearest(train, fake)
    asked, which = np.unique(places[:, 0], return_inverse=True)
    among_themselves = nearest(train, train[asked], 2)[1][:, 1]
    return mean_of(distances[:, 0] > among_themselves[which])
