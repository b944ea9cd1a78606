"""Choosing samples by calibrated probabilities that they are real: rejection, Metropolis-Hastings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Propose: TypeAlias = Callable[[int], tuple[NDArray[np.generic], Floats]]
"""The number of a batch of proposals to raw samples, and the probabilities that they are real."""
PERCENTILE = 80.0
"""Of F, which becomes γ: at the paper's 80 to 95, one sample in five or fewer is accepted."""
TINY = 1e-14
MOST = 100_000
"""Batches after which it is given up."""


@dataclass(frozen=True, eq=False)
class Chosen:
    """Chosen samples.

    Attributes:
        raw: the samples.
        proposed: how many were generated for them.
    """

    raw: NDArray[np.generic]
    proposed: int


@dataclass(frozen=True)
class Rejection:
    """Discriminator rejection sampling: accept a sample with a probability that grows with p / (1 − p).

    Azadi et al. 2019, "Discriminator rejection sampling", arXiv 1810.06758: with D̃ the logit and D̃_M its
    maximum, F = D̃ − D̃_M − log(1 − exp(D̃ − D̃_M − ε)) − γ, and a sample is accepted with probability σ(F)
    (eq. 8).

    Attributes:
        highest: D̃_M, of the samples of a burn-in.
        gamma: γ, a percentile of F over these.
    """

    highest: float
    gamma: float

    @classmethod
    def after(cls, p: Floats, percentile: float = PERCENTILE) -> Rejection:
        """From the probabilities of the samples of a burn-in."""
        highest = float(logit(p).max())
        return cls(highest, float(np.percentile(raised(logit(p), highest), percentile)))

    def acceptance(self, p: Floats) -> Floats:
        """The probability with which each sample is accepted."""
        scores = np.minimum(logit(p), self.highest)
        return np.exp(-np.logaddexp(0, self.gamma - raised(scores, self.highest)))


def reject(propose: Propose, rule: Rejection, n: int, coin: Callable[[int], Floats]) -> Chosen:
    """The first ``n`` samples that are accepted.

    Args:
        propose: batches of samples.
        rule: decides.
        n: how many.
        coin: uniform numbers for a batch, by its number.

    Raises:
        ValueError: hardly any is accepted.
    """
    kept: list[NDArray[np.generic]] = []
    there = proposed = 0
    for batch in range(MOST):
        raw, p = propose(batch)
        accepted = coin(batch) < rule.acceptance(p)
        places = np.flatnonzero(accepted)[: n - there]
        kept.append(raw[places])
        there += len(places)
        # those after the last one that was needed cost nothing
        proposed += int(places[-1]) + 1 if there == n else len(raw)
        if there == n:
            return Chosen(np.concatenate(kept), proposed)
    raise ValueError(f"of {proposed:,} samples {there} were accepted: the discriminator refuses nearly all")


def metropolis_hastings(
    propose: Propose, start: Floats, steps: int, coin: Callable[[int], Floats]
) -> tuple[NDArray[np.generic], NDArray[np.bool_]]:
    """The end of a Markov chain for every sample of a batch, whose proposals are independent samples.

    Turner et al. 2019, "Metropolis-Hastings generative adversarial networks", arXiv 1811.11357, algorithm 1:
    x' replaces x with probability min(1, (1/D(x) − 1) / (1/D(x') − 1)), and a chain begins at a real sample,
    which is never given out.

    Args:
        propose: batches of samples, one for every chain.
        start: the probabilities of the real samples that chains begin at.
        steps: of every chain; published 640.
        coin: uniform numbers for a batch, by its number.

    Returns:
        The samples, and which of them were ever accepted: a chain that never moved gives its last proposal.
    """
    now, moved = start.astype(np.float64), np.zeros(len(start), bool)
    kept: NDArray[np.generic] | None = None
    for step in range(steps):
        raw, p = propose(step)
        odds = (1 / now - 1) / (1 / p - 1)
        accepted = coin(step) < odds
        kept = raw.copy() if kept is None else kept
        kept[accepted | ~moved] = raw[accepted | ~moved]
        now = np.where(accepted, p, now)
        moved |= accepted
    if kept is None:
        raise ValueError(f"a chain of {steps} steps goes nowhere (--chain)")
    return kept, moved


def raised(scores: Floats, highest: float) -> Floats:
    """F without γ."""
    below = np.minimum(scores - highest, 0.0)
    return below - np.log(1 - np.exp(below - TINY) + TINY)


def logit(p: Floats) -> Floats:
    """The logarithm of the odds."""
    return np.log(p) - np.log1p(-p)
