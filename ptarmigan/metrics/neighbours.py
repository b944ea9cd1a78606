"""Fidelity, coverage and memorisation, by nearest neighbours.

A set's manifold is the union of balls around its samples, whose radii are the distances to the k-th nearest
neighbour in the set. All numbers depend on k, on the features, and on the number of samples: only numbers of
equal protocols are comparable. The errors are those of a mean over the samples, with the balls given.
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
    1904.06991: fidelity and diversity. The published protocol has 50,000 samples of both and k = 3. The ball
    of an outlier is large, so ``density_coverage`` is more robust.

    Args:
        real: features, of shape (n, d).
        fake: features, of shape (m, d); m should equal n, as more samples have smaller balls.
        k: the radius of a ball is the distance to the k-th nearest neighbour.
        reach: the radii of the real balls, if already computed.

    Raises:
        ValueError: a set has at most k samples or some that are not finite, the dimensions differ, or
            the real samples are all the same.
    """
    real, fake = against(real, fake, least=k + 1)
    of_real = radii(real, k) if reach is None else reach
    in_real, in_fake = within(fake, real, of_real, radii(fake, k)[:, None])
    return mean_of(in_real[0] > 0), mean_of(in_fake[1] > 0)


def density_coverage(
    real: NDArray[Any], fake: NDArray[Any], k: int = DENSITY_K, reach: Distances | None = None
) -> tuple[Estimate, Estimate]:
    """The density of fake samples on the real manifold, and the share of real samples that they cover.

    Naeem et al. 2020, "Reliable fidelity and diversity metrics for generative models", arXiv 2002.09797. The
    density is the number of real balls around a fake sample over k: its expectation is 1 for real samples,
    and it can be more. The coverage is the share of real balls that contain a fake sample, from 0 to 1.

    Args:
        real: features, of shape (n, d).
        fake: features, of shape (m, d).
        k: the radius of a ball is the distance to the k-th nearest neighbour.
        reach: the radii of the real balls, if already computed.

    Raises:
        ValueError: a set has at most k samples or some that are not finite, the dimensions differ, or
            the real samples are all the same.
    """
    real, fake = against(real, fake, least=k + 1)
    ((around, held),) = within(fake, real, radii(real, k) if reach is None else reach)
    return mean_of(around / k), mean_of(held > 0)


def authenticity(train: NDArray[Any], fake: NDArray[Any]) -> Estimate:
    """The share of fake samples that are not copies of a training sample, from 0 to 1.

    Alaa et al. 2022, "How faithful is your synthetic data?", arXiv 2102.08921: a fake sample is authentic if
    it is farther from its nearest training sample than that is from its nearest other training sample.
    Held-out real samples do not score 1 either (Gaussian ones 0.4 in two dimensions and 0.8 in fifty): a
    generator memorises when it scores less than they do.

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
