"""The diagnosis: from what a run logged to what is wrong with it, and since when."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from ptarmigan.doctor import thresholds as at
from ptarmigan.doctor.faults import Fault, Finding
from ptarmigan.doctor.history import History
from ptarmigan.doctor.signs import Holds, Signs, latest
from ptarmigan.tasks.translate.cycle import GROWS, VISIBLE

Rule: TypeAlias = Callable[[Signs], Finding | None]


def diagnose(history: History) -> list[Finding]:
    """What is wrong with a run, causes before consequences; nothing where it is healthy.

    A pure function of the history, so that of a run which goes on it can be asked again and again.
    """
    signs = Signs(history)
    found = [finding for rule in RULES if (finding := rule(signs)) is not None]
    if not found and (short := underfitting(signs)) is not None:
        return [short]
    return found


def bad_data(signs: Signs) -> Finding | None:
    """Data that teach nothing, or teach it wrong; or outputs that cannot reach it."""
    fact = signs.fact
    conditional = signs.latest("conditional") > 0.5
    chance = fact("chance", 0.0)
    agreement = (fact("agreement", 1.0) - chance) / max(1 - chance, 1e-9)
    largest, smallest = fact("most_class", 1.0), fact("least_class", 1.0)
    problems = {
        "samples that hold one number throughout": (fact("constant_samples", 0.0), at.CONSTANT),
        "channels that never change": (fact("constant_channels", 0.0), 1.0),
        "samples that repeat": (fact("duplicates", 0.0), at.REPEATED),
        "a small part of the range": (at.NARROW / max(fact("std", 1.0), 1e-9), 1.0),
    }
    if conditional:
        problems["labels that say nothing"] = at.AGREEING / max(agreement, 1e-9), 1.0
        problems["labels that are wrong"] = fact("mislabelled", 0.0), at.MISLABELLED
        problems["classes of very different sizes"] = largest / max(smallest, 0.5), at.IMBALANCED
    bad = [(name, value, limit) for name, (value, limit) in problems.items() if value >= limit]
    if bad:
        name, value, limit = max(bad, key=lambda problem: problem[1] / problem[2])
        shown = (
            "samples",
            "std",
            "duplicates",
            "mislabelled",
            "agreement",
            "constant_samples",
            "constant_channels",
        )
        evidence = {n: signs.history.data[n] for n in shown if n in signs.history.data}
        return Finding(Fault.DATA, 0, name, evidence, certainty(value / limit))
    unreached, pinned = signs("unreached"), signs("pinned")
    bound = steady(signs, "low") & steady(signs, "high")
    step = signs.since(
        (unreached >= at.UNREACHED) & (pinned >= at.UNREACHED) & bound & (signs("diversity") > at.ALIKE)
    )
    if step is None:
        return None
    evidence = {"unreached": unreached[-1], "pinned": pinned[-1]}
    return Finding(
        Fault.DATA,
        step,
        "outputs that do not reach it",
        plain(evidence),
        certainty(unreached[-1] / at.UNREACHED),
    )


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


def one_for_all(signs: Signs) -> Finding | None:
    """A translation whose output is the same whatever the input is, and whatever the latent is."""
    holds = (signs("heed") <= at.HEEDS) & (signs("diversity") <= 2 * at.HEEDS)
    step = signs.since(holds, signs.lasting, unless=growing(signs, "heed"))
    if step is None:
        return None
    evidence = {n: signs.latest(n) for n in ("heed", "follows", "diversity")}
    return Finding(
        Fault.ONE_FOR_ALL, step, "", plain(evidence), certainty(at.HEEDS / max(evidence["heed"], 1e-9))
    )


def ignored(signs: Signs) -> Finding | None:
    """A translation whose outputs differ, but have nothing to do with their inputs."""
    # as far from a half on the other side it would follow in reverse
    little = (np.abs(signs("follows") - 0.5) <= at.FOLLOWS) | (signs("heed") <= at.HEEDS)
    varied = signs("diversity") > 2 * at.HEEDS
    step = signs.since(little & varied, signs.lasting, unless=growing(signs, "follows"))
    if step is None:
        return None
    evidence = {n: signs.latest(n) for n in ("follows", "heed")}
    return Finding(
        Fault.IGNORED,
        step,
        "",
        plain(evidence),
        certainty(at.FOLLOWS / max(abs(evidence["follows"] - 0.5), 1e-9)),
    )


def unchanged(signs: Signs) -> Finding | None:
    """A translation whose outputs are their inputs."""
    changed = signs("changed")
    step = signs.since(changed <= at.UNCHANGED, signs.lasting, unless=growing(signs, "changed"))
    if step is None:
        return None
    evidence = {n: signs.latest(n) for n in ("changed", "averaged/frechet")}
    return Finding(
        Fault.UNCHANGED, step, "", plain(evidence), certainty(at.UNCHANGED / max(changed[-1], 1e-9))
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


def stalled(signs: Signs) -> Finding | None:
    """Bad samples that do not move any more, long before the end."""
    still = signs("movement") <= at.STILL
    step = signs.since(still & bad(signs), 2 * at.LASTING)
    if step is None or step > (1 - at.STALLED_BEFORE) * signs.history.steps:
        return None
    evidence = {"movement": signs.latest("movement"), "averaged/frechet": signs.latest("averaged/frechet")}
    return Finding(Fault.STALLED, step, "", evidence, certainty(at.STILL / max(evidence["movement"], 1e-9)))


def overfitting(signs: Signs) -> Finding | None:
    """A discriminator that tells training samples from held-out ones."""
    known = signs("known")
    step = signs.since(known >= at.KNOWS)
    if step is None:
        return None
    evidence = {n: signs.latest(n) for n in ("known", "told", "told_held_out")}
    return Finding(Fault.OVERFITTING, step, "", evidence, certainty((known[-1] - 0.5) / (at.KNOWS - 0.5)))


def memorisation(signs: Signs) -> Finding | None:
    """Samples that are copies of training samples."""
    if signs.fact("paired", 0.0):
        return None  # an output is to be near its target, and that is a training sample
    limit = signs.fact("real/copies", at.CHANCE_COPIES) + at.COPIES
    copies = signs("averaged/copies")
    step = signs.since((copies >= limit) & (signs("averaged/diversity") > at.ALIKE))
    if step is None:
        return None
    evidence = {"averaged/copies": copies[-1], "averaged/distance": signs.latest("averaged/distance")}
    return Finding(Fault.MEMORISATION, step, "", plain(evidence), certainty(copies[-1] / limit))


def oscillation(signs: Signs) -> Finding | None:
    """Samples that keep going from one place to another."""
    movement, wandering = signs("movement"), signs.wandering()
    jumping = (movement >= at.JUMPING) & (signs("diversity") > at.SAME)
    restless = (wandering >= at.WANDERING) | jumping
    passing = coming(signs) & (not signs.history.over)
    step = signs.since(restless & bad(signs), signs.lasting, unless=passing)
    if step is None:
        return None
    size = np.nanmax([movement[-1] / at.JUMPING, wandering[-1] / at.WANDERING])
    evidence = {"movement": movement[-1], "wandering": wandering[-1]} | {
        f"turn/{name}": signs.latest(f"turn/{name}", 2 * at.LASTING) for name in players(signs)
    }
    return Finding(Fault.OSCILLATION, step, "", plain(evidence), certainty(float(size)))


def collapse(signs: Signs) -> Finding | None:
    """Samples that are all the same, that leave out classes or modes, or that vary too little."""
    variety = signs("vendi") * signs.fact("variety", 10.0)
    diversity = signs("diversity")
    alike = (variety <= at.SINGLE) | (diversity <= at.SAME)
    complete = signs.since(alike, unless=growing(signs, "diversity"))
    evidence = {
        n: signs.latest(n) for n in ("vendi", "diversity", "coverage", "duplicates", "averaged/vendi")
    }
    if complete is not None:
        return Finding(
            Fault.COLLAPSE, complete, "complete", plain(evidence), certainty(at.SINGLE / variety[-1])
        )
    return left_out(signs) or class_collapse(signs) or partial(signs)


def left_out(signs: Signs) -> Finding | None:
    """Classes or modes that hardly any sample belongs to."""
    if not len(signs):
        return None
    due = {int(n.removeprefix("share/")): v for n, v in signs.history.data.items() if n.startswith("share/")}
    shares = signs.pooled("averaged/share/")
    missing = [g for g, share in shares.items() if share < at.LEFT_OUT * due.get(g, 1 / max(1, len(shares)))]
    if not missing:
        return None
    each = [signs(f"averaged/share/{g}") for g in missing]
    gone = np.all(
        [share < at.LEFT_OUT * due.get(g, 1 / len(shares)) for g, share in zip(missing, each, strict=True)], 0
    )
    step = signs.since(gone, signs.lasting, unless=growing(signs, "averaged/vendi"))
    if step is None:
        return None
    word = "classes" if "classes" in signs.history.data else "modes"
    evidence = {f"share/{g}": shares[g] for g in missing} | {
        "averaged/coverage": signs.latest("averaged/coverage")
    }
    detail = f"partial: {word} {', '.join(map(str, missing))} of {len(shares)}"
    return Finding(Fault.COLLAPSE, step, detail, plain(evidence), certainty(1 + len(missing) / len(shares)))


def class_collapse(signs: Signs) -> Finding | None:
    """Classes whose samples are all alike, where the classes are asked for."""
    if not len(signs) or not signs.latest("conditional") > 0.5:
        return None
    variety = signs.pooled("averaged/class/")
    alike = [g for g, value in variety.items() if value < at.ALIKE]
    if not alike:
        return None
    holds = np.all([signs(f"averaged/class/{g}") < at.ALIKE for g in alike], 0)
    step = signs.since(holds, signs.lasting, unless=growing(signs, "averaged/diversity"))
    if step is None:
        return None
    detail = f"in classes {', '.join(map(str, alike))} of {len(variety)}"
    evidence = {f"class/{g}": variety[g] for g in alike}
    return Finding(
        Fault.COLLAPSE, step, detail, plain(evidence), certainty(at.ALIKE / min(evidence.values()))
    )


def partial(signs: Signs) -> Finding | None:
    """Too little variety, or too few clusters of the data."""
    vendi, coverage = signs("averaged/vendi"), signs("averaged/coverage")
    poor = (vendi < at.POOR) & (signs("vendi") < at.POOR) | (
        coverage < at.COVERED * signs.fact("real/coverage", 1.0)
    )
    step = signs.since(poor, signs.lasting, unless=growing(signs, "averaged/vendi"))
    if step is None:
        return None
    evidence = {"averaged/vendi": vendi[-1], "averaged/coverage": coverage[-1]}
    return Finding(
        Fault.COLLAPSE, step, "partial", plain(evidence), certainty(at.POOR / max(vendi[-1], 1e-9))
    )


def saturation(signs: Signs) -> Finding | None:
    """Outputs at the ends of their range, where real samples are not."""
    if "edge" not in signs.history.data:
        return None
    limit = signs.fact("edge", 0.0) + at.AT_ENDS
    edge = signs("edge")
    step = signs.since(edge >= limit)
    if step is None:
        return None
    evidence = {"edge": edge[-1], "of real samples": signs.fact("edge", 0.0)}
    return Finding(Fault.SATURATION, step, "", plain(evidence), certainty(edge[-1] / limit))


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


def underfitting(signs: Signs) -> Finding | None:
    """The run is over and its samples are bad: it was too short, or the generator too small."""
    history = signs.history
    if not history.over:
        return None
    scores = next(iter(history.scores.values()), [])
    before = [value for step, value in scores if step <= 0.75 * history.step]
    fell = 1 - latest(scores) / before[-1] if before and before[-1] > 0 else 0.0
    evidence = {n: signs.latest(n) for n in ("averaged/frechet", "averaged/apart", "averaged/near")}
    if not len(signs) or not bad(signs)[-1]:
        return None
    detail = "still becoming better" if fell >= at.STILL_BETTER else ""
    return Finding(Fault.UNDERFITTING, history.step, detail, plain(evidence | {"score fell by": fell}))


def well(history: History) -> list[int]:
    """The steps at which samples were not bad."""
    signs = Signs(history)
    return [int(step) for step in signs.steps[~bad(signs)]] if len(signs) else []


def bad(signs: Signs) -> Holds:
    """Where samples of the EMA weights are far from real ones."""
    far = signs("averaged/frechet") - signs.fact("real/frechet", 0.0)
    near = signs("averaged/near") / max(signs.fact("real/near", 1.0), 1e-9)
    return np.asarray((far >= at.FAR) | (near <= at.UNLIKE[bounded(signs)]))


def hopeless(signs: Signs) -> Holds:
    """Where samples are further from real ones than those of any healthy run are as early."""
    far = signs("averaged/frechet") - signs.fact("real/frechet", 0.0)
    done = np.maximum(signs.steps / max(1, signs.history.steps), 1e-9)
    return np.asarray(far >= at.HOPELESS[bounded(signs)] * done**-at.SOON)


def coming(signs: Signs) -> Holds:
    """Where samples of the EMA weights are becoming better, and not much too slowly."""
    return improving(signs) & ~hopeless(signs)


def growing(signs: Signs, name: str) -> Holds:
    """Where variety is still coming, and not much too slowly."""
    return signs.grows(signs(name), at.GROWING) & ~hopeless(signs)


def bounded(signs: Signs) -> bool:
    """Whether the numbers of samples have bounds, as those of images do: what is usual depends on it."""
    return "edge" in signs.history.data


def improving(signs: Signs) -> Holds:
    """Where samples of the EMA weights are becoming better."""
    far = signs("averaged/frechet") - signs.fact("real/frechet", 0.0)
    nearer = signs.falls(np.maximum(far, at.CLOSE[0]), at.IMPROVING)
    return nearer | signs.grows(signs("averaged/near"), at.GROWING, at.CLOSE[1])


def steady(signs: Signs, name: str) -> Holds:
    """Where a number has been the same for some probes, to a small part of the data's range."""
    values = signs(name)
    length = max(signs.fact("high", 1.0) - signs.fact("low", -1.0), 1e-9)
    spread = np.array([np.ptp(values[max(0, i - at.BEFORE) : i + 1]) for i in range(len(values))])
    return np.asarray(spread <= at.BOUND * length)


def players(signs: Signs) -> list[str]:
    """The names of the players."""
    return [name.removeprefix("weight/") for name in signs.history.vitals if name.startswith("weight/")]


def first(signs: Signs, probe: int) -> int:
    """The step of a probe, or 0 for the first ones."""
    return 0 if probe < at.WINDOW else int(signs.steps[probe - at.WINDOW // 2])


def certainty(beyond: float) -> float:
    """From how many times its threshold something is to a number from 0.5 to 1."""
    if not math.isfinite(beyond):
        return 1.0
    return round(float(1 - 0.5 / max(beyond, 1.0)), 3)


def plain(evidence: dict[str, float]) -> dict[str, float]:
    """The numbers there are."""
    return {name: float(f"{float(value):.4g}") for name, value in evidence.items() if math.isfinite(value)}


RULES: tuple[Rule, ...] = (
    bad_data,
    divergence,
    one_for_all,
    ignored,
    unchanged,
    stalled,
    overfitting,
    memorisation,
    too_weak,
    oscillation,
    collapse,
    saturation,
    too_strong,
    hidden,
)
"""Causes before consequences."""
