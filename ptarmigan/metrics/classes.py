"""What a classifier of the real data says of samples: which classes they are, and how surely."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.metrics.modes import kl

Probabilities = NDArray[np.float64]


def class_balance(fake: Probabilities, real: Probabilities) -> float:
    """KL(classes of the fake samples ‖ classes of the real ones) in nats; zero where these are equal.

    A sample counts for its most probable class. Half a sample is added to every class of both, so that one
    that is missing on one side makes the number large and not infinite.

    Args:
        fake: probabilities, of shape (n, classes).
        real: probabilities from the same classifier, of shape (m, classes).

    Raises:
        ValueError: a set is empty, or they have different numbers of classes.
    """
    if fake.shape[1:] != real.shape[1:]:
        raise ValueError(f"no class balance between {fake.shape[1]} and {real.shape[1]} classes")
    return kl(_histogram(fake), _histogram(real))


def confidence(fake: Probabilities) -> float:
    """The mean probability of the most probable class, from 1/classes to 1."""
    return float(_checked(fake).max(axis=1).mean())


def classifier_score(fake: Probabilities) -> float:
    """How many classes are made and told: exp E KL(p(class | sample) ‖ p(class)), from 1 to their number.

    The formula of the Inception Score (Salimans et al. 2016, arXiv 1606.03498) without splits, in the
    classes of another classifier: never to be compared with a published Inception Score.
    """
    p = _checked(fake)
    marginal = p.mean(axis=0)
    logs = np.log(np.maximum(p, np.finfo(np.float64).tiny))
    return float(
        np.exp(np.sum(p * (logs - np.log(np.maximum(marginal, np.finfo(np.float64).tiny))), axis=1).mean())
    )


def _histogram(probabilities: Probabilities) -> NDArray[Any]:
    p = _checked(probabilities)
    counts = np.bincount(p.argmax(axis=1), minlength=p.shape[1]) + 0.5
    share: NDArray[np.float64] = counts / counts.sum()
    return share


def _checked(probabilities: Probabilities) -> Probabilities:
    if probabilities.ndim != 2 or len(probabilities) == 0:
        raise ValueError(f"class metrics need probabilities (samples, classes), not {probabilities.shape}")
    return np.asarray(probabilities, np.float64)
