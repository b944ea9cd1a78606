"""Measures of samples by a classifier of the real data: their classes, and how confident it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.permutation import Indices, permute
from ptarmigan.metrics.estimate import Estimate, mean_of
from ptarmigan.metrics.modes import kl

Probabilities = NDArray[np.float64]

SPLITS = 10
TINY = np.finfo(np.float64).tiny
SUM = 1e-3
"""The tolerance of the sum of a sample's probabilities, for a softmax in half precision."""


class Share(NamedTuple):
    """The shares of a class in two sets of samples.

    Attributes:
        name: of the class.
        fake: the share of the fake samples, from 0 to 1.
        real: the share of the real ones.
    """

    name: str
    fake: float
    real: float


def class_balance(fake: Probabilities, real: Probabilities) -> float:
    """KL(classes of the fake samples ‖ classes of the real ones) in nats; zero where these are equal.

    A sample counts for its most probable class. Half a sample is added to every class of both, so that with
    a missing class the number is large but finite.

    Args:
        fake: probabilities, of shape (n, classes).
        real: probabilities from the same classifier, of shape (m, classes).

    Raises:
        ValueError: a set is empty or is no probabilities, or they have different numbers of classes.
    """
    shares = (counts / counts.sum() for counts in (c + 0.5 for c in _counts(fake, real)))
    return kl(*shares)


def class_shares(fake: Probabilities, real: Probabilities, names: Sequence[str]) -> tuple[Share, ...]:
    """The share of every class in the fake and in the real samples, by their most probable classes.

    Args:
        fake: probabilities, of shape (n, classes).
        real: probabilities from the same classifier, of shape (m, classes).
        names: of the classes.

    Raises:
        ValueError: as ``class_balance``, or the names are not as many as the classes.
    """
    of_fake, of_real = (counts / counts.sum() for counts in _counts(fake, real))
    _fit(names, len(of_fake))
    return tuple(Share(*row) for row in zip(names, of_fake.tolist(), of_real.tolist(), strict=True))


def missing_classes(shares: Sequence[Share]) -> tuple[str, ...]:
    """The names of the classes with real samples and no fake one.

    Among n samples, a class with the share p is missing by chance with probability (1 - p)^n.
    """
    return tuple(share.name for share in shares if share.fake == 0 < share.real)


def confidence(fake: Probabilities) -> float:
    """The mean probability of the most probable class, from 1/classes to 1."""
    return float(_checked(fake).max(axis=1).mean())


def classifier_score(fake: Probabilities) -> float:
    """The confidence and diversity exp E KL(p(class | sample) ‖ p(class)), from 1 to the number of classes.

    The formula of the Inception Score (Salimans et al. 2016, arXiv 1606.03498) without splits, in the
    classes of another classifier: never to be compared with a published Inception Score.
    """
    p = _checked(fake)
    marginal = p.mean(axis=0)
    surprise = np.log(np.maximum(p, TINY)) - np.log(np.maximum(marginal, TINY))
    return float(np.exp(np.sum(p * surprise, axis=1).mean()))


def inception_score(probabilities: Probabilities, *, splits: int = SPLITS) -> Estimate:
    """The Inception Score: the mean of ``classifier_score`` over equal parts of the samples.

    Salimans et al. 2016, "Improved techniques for training GANs", arXiv 1606.03498: of 50,000 samples in 10
    parts, in the 1,008 outputs of the Inception network of 2015; in other classes it is another number. The
    error is as published the standard deviation between the parts, √parts times that of their mean. Small
    parts score lower, so only equal numbers of samples and parts compare. Samples are divided by a fixed
    shuffle: the parts of a list that is sorted by class would have a class each.

    Args:
        probabilities: of shape (n, classes).
        splits: how many parts.

    Raises:
        ValueError: there are fewer samples than parts, or these are no probabilities.
    """
    p = _checked(probabilities)
    if not 1 <= splits <= len(p):
        raise ValueError(f"{len(p)} samples cannot be scored in {splits} parts")
    order = permute(np.arange(len(p)), len(p), "inception score")
    scores = [classifier_score(p[part]) for part in np.array_split(order, splits)]
    return Estimate(float(np.mean(scores)), float(np.std(scores)))


def conditional_agreement(probabilities: Probabilities, intended: Indices) -> Estimate:
    """The share of samples that are classified as the class they were generated for, from 0 to 1.

    "GAN-test" of Shmelkov, Schmid and Alahari 2018, "How good is my GAN?", arXiv 1807.09499: the accuracy, on
    generated samples, of a classifier that was trained on real ones. It is high for a generator with one
    sample for every class; the reverse detects that, a classifier trained on generated samples: their
    "GAN-train", or the Classification Accuracy Score of Ravuri and Vinyals 2019 (arXiv 1905.10887). On real
    samples it is the classifier's accuracy; a higher score is no better.

    Args:
        probabilities: of shape (n, classes).
        intended: the class of every sample's condition, of shape (n,).

    Raises:
        ValueError: these are no probabilities, or no class for every sample.
    """
    return mean_of(_agreed(probabilities, intended))


def agreement_by_class(
    probabilities: Probabilities, intended: Indices, names: Sequence[str]
) -> dict[str, Estimate]:
    """``conditional_agreement`` for every class, by name: which ones a conditional generator confuses.

    Raises:
        ValueError: as ``conditional_agreement``, or the names are not as many as the classes.
    """
    agreed = _agreed(probabilities, intended)
    _fit(names, probabilities.shape[1])
    return {names[c]: mean_of(agreed[intended == c]) for c in np.unique(intended)}


def _agreed(probabilities: Probabilities, intended: Indices) -> NDArray[np.bool_]:
    p = _checked(probabilities)
    if intended.shape != p.shape[:1]:
        raise ValueError(f"classes of shape {intended.shape} do not fit {len(p)} samples: each has one")
    unknown = intended[(intended < 0) | (intended >= p.shape[1])]
    if len(unknown):
        raise ValueError(f"there is no class {unknown[0]}: the classifier has {p.shape[1]} classes, from 0")
    agreed: NDArray[np.bool_] = p.argmax(axis=1) == intended
    return agreed


def _counts(fake: Probabilities, real: Probabilities) -> list[NDArray[np.int64]]:
    """The counts of most probable classes in both sets."""
    p, q = _checked(fake), _checked(real)
    if p.shape[1] != q.shape[1]:
        raise ValueError(f"no class balance between {p.shape[1]} and {q.shape[1]} classes")
    return [np.bincount(x.argmax(axis=1), minlength=x.shape[1]) for x in (p, q)]


def _fit(names: Sequence[str], classes: int) -> None:
    if len(names) != classes:
        raise ValueError(f"{len(names)} names do not fit {classes} classes")


def _checked(probabilities: Probabilities) -> Probabilities:
    if probabilities.ndim != 2 or 0 in probabilities.shape:
        raise ValueError(f"class metrics need probabilities (samples, classes), not {probabilities.shape}")
    p: NDArray[Any] = np.asarray(probabilities, np.float64)
    wrong = int((~((p >= 0).all(axis=1) & (np.abs(p.sum(axis=1) - 1) <= SUM))).sum())  # NaN too
    if wrong:
        raise ValueError(
            f"{wrong} of {len(p)} rows are no probabilities, which are positive and sum to 1: scores need a "
            "softmax first"
        )
    return p
