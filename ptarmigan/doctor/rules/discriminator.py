"""Faults of the discriminator: it overfits, or is too strong or too weak for the generator."""

from __future__ import annotations

import numpy as np

from ptarmigan.doctor import thresholds as at
from ptarmigan.doctor.faults import Fault, Finding, certainty, plain, times_below
from ptarmigan.doctor.signs import Signs
from ptarmigan.doctor.trends import bad, coming


def overfitting(signs: Signs) -> Finding | None:
    """A discriminator that separates training samples from held-out ones."""
    membership = signs("membership_auc")
    step = signs.since(membership >= at.MEMBERSHIP_AUC)
    if step is None:
        return None
    evidence = {n: signs.latest(n) for n in ("membership_auc", "auc", "auc_held_out")}
    return Finding(
        Fault.OVERFITTING, step, "", evidence, certainty((membership[-1] - 0.5) / (at.MEMBERSHIP_AUC - 0.5))
    )


def too_strong(signs: Signs) -> Finding | None:
    """Real and generated samples are separated almost surely, and samples do not improve."""
    auc = np.fmin(signs("auc"), signs("auc_held_out"))
    step = signs.since((auc >= at.STRONG_AUC) & bad(signs), signs.lasting, unless=coming(signs))
    if step is None:
        return None
    evidence = {n: signs.latest(n) for n in ("auc", "gradient_norm", "grad/generator", "averaged/frechet")}
    return Finding(Fault.TOO_STRONG, step, "", plain(evidence), certainty(auc[-1] / at.STRONG_AUC))


def too_weak(signs: Signs) -> Finding | None:
    """Samples are bad, and the discriminator hardly separates them, or hardly has a gradient."""
    auc, gradient = signs("auc"), signs("gradient_norm")
    weak = (auc <= at.WEAK_AUC) | (gradient <= at.WEAK_GRADIENT)
    passing = coming(signs) & (gradient > at.NO_GRADIENT)
    step = signs.since(weak & bad(signs), signs.lasting, unless=passing)
    if step is None:
        return None
    evidence = {
        n: signs.latest(n) for n in ("auc", "gradient_norm", "averaged/frechet", "averaged/precision")
    }
    return Finding(
        Fault.TOO_WEAK, step, "", plain(evidence), certainty(times_below(at.NO_GRADIENT, gradient[-1]))
    )
