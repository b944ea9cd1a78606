"""Faults of the discriminator: it overfits, or is too strong or too weak for the generator."""

from __future__ import annotations

import numpy as np

from ptarmigan.doctor import thresholds as at
from ptarmigan.doctor.faults import Fault, Finding, certainty, plain
from ptarmigan.doctor.signs import Signs
from ptarmigan.doctor.trends import bad, coming


def overfitting(signs: Signs) -> Finding | None:
    """A discriminator that tells training samples from held-out ones."""
    known = signs("known")
    step = signs.since(known >= at.KNOWS)
    if step is None:
        return None
    evidence = {n: signs.latest(n) for n in ("known", "told", "told_held_out")}
    return Finding(Fault.OVERFITTING, step, "", evidence, certainty((known[-1] - 0.5) / (at.KNOWS - 0.5)))


def too_strong(signs: Signs) -> Finding | None:
    """All samples are told apart, and that makes them no better."""
    told = np.fmin(signs("told"), signs("told_held_out"))
    step = signs.since((told >= at.TELLS) & bad(signs), signs.lasting, unless=coming(signs))
    if step is None:
        return None
    evidence = {n: signs.latest(n) for n in ("told", "slope", "grad/generator", "averaged/frechet")}
    return Finding(Fault.TOO_STRONG, step, "", plain(evidence), certainty(told[-1] / at.TELLS))


def too_weak(signs: Signs) -> Finding | None:
    """Samples are bad, and the discriminator does not see it, or hardly says so."""
    told, slope = signs("told"), signs("slope")
    says_little = (told <= at.GUESSES) | (slope <= at.GENTLE)
    passing = coming(signs) & (slope > at.FLAT)
    step = signs.since(says_little & bad(signs), signs.lasting, unless=passing)
    if step is None:
        return None
    evidence = {n: signs.latest(n) for n in ("told", "slope", "averaged/frechet", "averaged/near")}
    return Finding(Fault.TOO_WEAK, step, "", plain(evidence), certainty(at.FLAT / max(slope[-1], 1e-9)))
