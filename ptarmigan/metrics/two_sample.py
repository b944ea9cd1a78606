"""Classifier two-sample tests: the accuracy of telling real from generated samples, ½ where they are alike.

Lopez-Paz and Oquab 2017, "Revisiting classifier two-sample tests", arXiv 1610.06545. Both tests here take as
many real as generated samples, so that ½ is the accuracy of guessing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.core.noise import key
from ptarmigan.core.process import ignored
from ptarmigan.metrics.estimate import Estimate
from ptarmigan.metrics.search import nearest
from ptarmigan.metrics.vectors import against

FEWEST = 20
"""Samples of each kind that a test needs."""
FOLDS = 5
ROUNDS = 200
"""Iterations of the solver, at most."""
SHUFFLES = 999
"""Permutations of the labels in the neighbour test: the smallest p-value is 0.002."""

Right = NDArray[np.bool_]


@dataclass(frozen=True)
class ClassifierTest:
    """How well a classifier tells real from generated samples.

    Attributes:
        accuracy: on samples that it was not trained on; ½ where they are alike, 1 where all are right.
        p_value: the probability of an accuracy as high if both have one distribution.
    """

    accuracy: Estimate
    p_value: float


@dataclass(frozen=True)
class NeighbourTest:
    """Whether the nearest neighbours of samples are of their own kind.

    Attributes:
        accuracy: the share of samples for which it is; ½ where both are alike, 1 where they are separate.
        real: the same for the real samples alone.
        fake: the same for the generated ones alone.
        p_value: the probability of an accuracy as far from ½ if both have one distribution.
    """

    accuracy: Estimate
    real: Estimate
    fake: Estimate
    p_value: float


def logistic() -> Any:
    """A logistic regression: it detects differences of means, and no interactions."""
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=ROUNDS)


def classifier_test(
    real: NDArray[Any], fake: NDArray[Any], seed: int = 0, learner: Callable[[], Any] = logistic
) -> ClassifierTest:
    """The accuracy of a classifier of real and generated samples, by cross-validation in five folds.

    The five classifiers share most of their samples, so their accuracies vary together: variances are those
    of independent tests times 1 + 5 · ¼ (Nadeau and Bengio 2003, "Inference for the generalization error"),
    and the p-value, of a normal distribution about ½, is conservative.

    Args:
        real: features of real samples, of shape (n, d); they are standardised together with the others.
        fake: features of as many generated ones, of shape (n, d).
        seed: the random seed of the folds, which depend on the order of the samples.
        learner: makes a scikit-learn classifier.

    Raises:
        ValueError: there are fewer than 20 of a kind, more of one than of the other, they have different
            dimensions, some number is not finite, or all real ones are the same.
    """
    from scipy.stats import norm
    from sklearn.exceptions import ConvergenceWarning

    joined, is_real = _joined(real, fake)
    x, n = _standardised(joined), len(joined) // 2
    rng = np.random.default_rng(key(seed, "folds", n))
    fold = np.concatenate([rng.permutation(np.arange(n) % FOLDS) for _ in range(2)])
    right = np.empty(2 * n, bool)
    for held_out in range(FOLDS):
        test = fold == held_out
        model = learner()
        with ignored(ConvergenceWarning):  # a rough classifier is a fair one
            model.fit(x[~test], is_real[~test])
        right[test] = model.predict(x[test]) == is_real[test]
    accuracy, together = float(right.mean()), math.sqrt(1 + FOLDS / (FOLDS - 1))
    error = together * math.sqrt(accuracy * (1 - accuracy) / len(right))
    by_chance = together * math.sqrt(1 / 4 / len(right))
    return ClassifierTest(Estimate(accuracy, error), float(norm.sf((accuracy - 1 / 2) / by_chance)))


def neighbour_test(real: NDArray[Any], fake: NDArray[Any], seed: int = 0) -> NeighbourTest:
    """The leave-one-out accuracy of the nearest neighbour, and on which side it errs.

    Xu et al. 2018, "An empirical study on evaluation metrics of generative adversarial networks", arXiv
    1806.07755. Both shares are ½ where samples are alike. Both near 1: bad samples, separate from the real
    ones. Real low and fake high: mode collapse, as generated samples crowd among the real ones. Both below ½:
    each generated sample is close to one of these real ones, as copies are where they are the training
    samples.

    The p-value is that of a two-sided permutation test with 999 permutations of the labels (Schilling 1986,
    "Multivariate two-sample tests based on nearest neighbors"). Equal distances are decided at random. The
    errors take into account that two samples which are each other's neighbours are both right or both wrong.

    Args:
        real: features of real samples, of shape (n, d).
        fake: features of as many generated ones, of shape (n, d).
        seed: the random seed of the permutations and of equal distances.

    Raises:
        ValueError: as ``classifier_test``.
    """
    x, is_real = _joined(real, fake)
    rng = np.random.default_rng(key(seed, "neighbours", len(x)))
    order = rng.permutation(len(x))
    x, is_real = x[order], is_real[order]
    found = nearest(x, x, 2)[0]
    itself = np.arange(len(x))
    neighbour = np.where(found[:, 0] == itself, found[:, 1], found[:, 0])
    right = is_real == is_real[neighbour]
    mutual = neighbour[neighbour] == itself
    accuracy = float(right.mean())
    shuffled = np.array([_agreement(rng.permutation(is_real), neighbour) for _ in range(SHUFFLES)])
    above, below = (1 + np.sum(shuffled >= accuracy), 1 + np.sum(shuffled <= accuracy))
    return NeighbourTest(
        accuracy=_share(right, neighbour, mutual, itself >= 0),
        real=_share(right, neighbour, mutual, is_real),
        fake=_share(right, neighbour, mutual, ~is_real),
        p_value=min(1.0, 2 * float(min(above, below)) / (1 + SHUFFLES)),
    )


def _joined(real: NDArray[Any], fake: NDArray[Any]) -> tuple[NDArray[Any], Right]:
    """All samples, the real ones first, and which are real."""
    real, fake = against(real, fake, least=FEWEST)
    if len(real) != len(fake):
        raise ValueError(
            f"a two-sample test takes as many real as generated samples, not {len(real):,} and {len(fake):,}"
        )
    return np.concatenate([real, fake]), np.arange(2 * len(real)) < len(real)


def _standardised(x: NDArray[Any]) -> NDArray[np.float32]:
    """Every feature with mean 0 and standard deviation 1; one that is constant is 0."""
    centre, unit = x.mean(axis=0, dtype=np.float64), x.std(axis=0, dtype=np.float64)
    out: NDArray[np.float32] = ((x - centre) / np.where(unit > 0, unit, 1)).astype(np.float32)
    return out


def _agreement(labels: Right, neighbour: NDArray[np.int64]) -> float:
    return float((labels == labels[neighbour]).mean())


def _share(right: Right, neighbour: NDArray[np.int64], mutual: Right, among: Right) -> Estimate:
    """The share of ``among`` that are right, with an error that counts mutual neighbours as one."""
    share = float(right[among].mean())
    off = np.where(among, right - share, 0.0)
    variance = np.sum(off**2) + np.sum(np.where(mutual, off * off[neighbour], 0.0))
    return Estimate(share, math.sqrt(max(0.0, float(variance))) / int(among.sum()))
