"""Faults of training: numbers out of hand, samples that stand still or go to and fro, a run too short."""

from __future__ import annotations

import numpy as np

from ptarmigan.doctor import thresholds as at
from ptarmigan.doctor.faults import Fault, Finding, certainty, plain, times_below
from ptarmigan.doctor.signs import Signs, latest
from ptarmigan.doctor.trends import bad, coming, wandering


def divergence(signs: Signs) -> Finding | None:
    """Numbers out of hand: not finite, or so large that they mean nothing, and no good samples since."""
    history = signs.history
    back = [step for step, words in history.events if words.startswith("went back")]
    stopped = [step for step, words in history.events if words.startswith("stopped") and "finite" in words]
    if stopped or len(back) > 1:
        return Finding(Fault.DIVERGENCE, min(back + stopped), "not finite", {"rollbacks": float(len(back))})
    skipped = [(step, share) for step, share in history.skipped[-at.LASTING :] if share >= at.SKIPPED]
    if len(skipped) == at.LASTING:
        return Finding(Fault.DIVERGENCE, skipped[0][0], "not finite", {"skipped": skipped[-1][1]})
    if not len(signs):
        return None
    finite = signs.since(signs("finite") < at.FINITE, 2)
    if finite is not None:
        return Finding(
            Fault.DIVERGENCE, finite, "samples that are not finite", {"finite": signs.latest("finite")}
        )
    gap = np.abs(signs("score_real") - signs("score_fake"))
    spread = np.fmax(signs("spread_real"), gap)
    steep = np.fmax.reduce(
        [signs(f"grad/{name}") for name in players(signs)] or [np.full(len(signs), np.nan)]
    )
    exploded = np.flatnonzero((spread >= at.EXPLODED) | (steep >= at.STEEPEST))
    if len(exploded) >= at.LASTING and bad(signs)[-1]:
        evidence = {"spread of scores": float(np.nanmax(spread)), "gradient": float(np.nanmax(steep))}
        size = max(evidence["spread of scores"] / at.EXPLODED, evidence["gradient"] / at.STEEPEST)
        return Finding(Fault.DIVERGENCE, first(signs, int(exploded[0])), "", evidence, certainty(size))
    return None


def stalled(signs: Signs) -> Finding | None:
    """Bad samples that do not move any more, long before the end."""
    still = signs("movement") <= at.STILL
    step = signs.since(still & bad(signs), 2 * at.LASTING)
    if step is None or step > (1 - at.STALLED_BEFORE) * signs.history.steps:
        return None
    evidence = {"movement": signs.latest("movement"), "averaged/frechet": signs.latest("averaged/frechet")}
    return Finding(Fault.STALLED, step, "", evidence, certainty(times_below(at.STILL, evidence["movement"])))


def oscillation(signs: Signs) -> Finding | None:
    """Samples that keep going from one place to another."""
    movement, change = signs("movement"), wandering(signs)
    jumping = (movement >= at.JUMPING) & (signs("diversity") > at.SAME)
    restless = (change >= at.WANDERING) | jumping
    passing = coming(signs) & (not signs.history.over)
    step = signs.since(restless & bad(signs), signs.lasting, unless=passing)
    if step is None:
        return None
    size = np.nanmax([movement[-1] / at.JUMPING, change[-1] / at.WANDERING])
    evidence = {"movement": movement[-1], "wandering": change[-1]} | {
        f"turn/{name}": signs.latest(f"turn/{name}", 2 * at.LASTING) for name in players(signs)
    }
    return Finding(Fault.OSCILLATION, step, "", plain(evidence), certainty(float(size)))


def underfitting(signs: Signs) -> Finding | None:
    """The run is over and its samples are bad: it was too short, or the generator too small."""
    history = signs.history
    if not history.over:
        return None
    scores = next(iter(history.scores.values()), [])
    before = [value for step, value in scores if step <= 0.75 * history.step]
    fell = 1 - latest(scores) / before[-1] if before and before[-1] > 0 else 0.0
    evidence = {
        n: signs.latest(n) for n in ("averaged/frechet", "averaged/two_sample_accuracy", "averaged/precision")
    }
    if not len(signs) or not bad(signs)[-1]:
        return None
    detail = "still becoming better" if fell >= at.STILL_BETTER else ""
    return Finding(Fault.UNDERFITTING, history.step, detail, plain(evidence | {"score fell by": fell}))


def players(signs: Signs) -> list[str]:
    """The names of the players."""
    return [name.removeprefix("weight/") for name in signs.history.vitals if name.startswith("weight/")]


def first(signs: Signs, probe: int) -> int:
    """The step of a probe, or 0 for the first ones."""
    return 0 if probe < at.WINDOW else int(signs.steps[probe - at.WINDOW // 2])
