"""Faults of translations: outputs that have too little, or too much, to do with their inputs."""

from __future__ import annotations

import numpy as np

from ptarmigan.doctor import thresholds as at
from ptarmigan.doctor.faults import Fault, Finding, certainty, plain, times_below
from ptarmigan.doctor.signs import Signs
from ptarmigan.doctor.trends import growing
from ptarmigan.tasks.translate.hidden import GROWS, VISIBLE


def one_for_all(signs: Signs) -> Finding | None:
    """A translation whose output is the same whatever the input is, and whatever the latent is."""
    holds = (signs("input_sensitivity") <= at.INSENSITIVE) & (signs("diversity") <= 2 * at.INSENSITIVE)
    step = signs.since(holds, signs.lasting, unless=growing(signs, "input_sensitivity"))
    if step is None:
        return None
    evidence = {n: signs.latest(n) for n in ("input_sensitivity", "follows", "diversity")}
    return Finding(
        Fault.ONE_FOR_ALL,
        step,
        "",
        plain(evidence),
        certainty(times_below(at.INSENSITIVE, evidence["input_sensitivity"])),
    )


def ignored(signs: Signs) -> Finding | None:
    """A translation whose outputs differ, but have nothing to do with their inputs."""
    # as far from a half on the other side it would follow in reverse
    little = (np.abs(signs("follows") - 0.5) <= at.FOLLOWS) | (signs("input_sensitivity") <= at.INSENSITIVE)
    varied = signs("diversity") > 2 * at.INSENSITIVE
    step = signs.since(little & varied, signs.lasting, unless=growing(signs, "follows"))
    if step is None:
        return None
    evidence = {n: signs.latest(n) for n in ("follows", "input_sensitivity")}
    return Finding(
        Fault.IGNORED,
        step,
        "",
        plain(evidence),
        certainty(times_below(at.FOLLOWS, abs(evidence["follows"] - 0.5))),
    )


def unchanged(signs: Signs) -> Finding | None:
    """A translation whose outputs are their inputs."""
    changed = signs("changed")
    step = signs.since(changed <= at.UNCHANGED, signs.lasting, unless=growing(signs, "changed"))
    if step is None:
        return None
    evidence = {n: signs.latest(n) for n in ("changed", "averaged/frechet")}
    return Finding(
        Fault.UNCHANGED, step, "", plain(evidence), certainty(times_below(at.UNCHANGED, changed[-1]))
    )


def hidden(signs: Signs) -> Finding | None:
    """A way back that reads from outputs what nobody sees in them."""
    clean, spoilt = signs("cycle"), signs("cycle_noise")
    step = signs.since((spoilt >= VISIBLE) & (spoilt >= GROWS * clean), signs.lasting)
    if step is None:
        return None
    evidence = {"cycle": clean[-1], "cycle_noise": spoilt[-1]}
    size = spoilt[-1] / max(GROWS * clean[-1], 1e-9)
    return Finding(Fault.HIDDEN, step, "", plain(evidence), certainty(float(size)))
