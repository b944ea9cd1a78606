"""What is true of a run, from its outcome alone: whether it is sick, what of, and since when.

The rules were fixed before any doctor was asked. A run is held against a healthy one of the same length on
the same data; one whose outcome is neither bad nor good says nothing, and is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean

from outcome import Look

SICK, WELL = 2.0, 1.5
"""Quality over the healthy run's: above the first a run is sick, below the second it is well."""
FINE = 0.1
"""A mixture's distance up to which uneven modes are all that is wrong."""
COVERS, LEAVES_OUT = 0.95, 0.8
"""The share of modes or classes that a healthy run covers at least, and a sick one at most."""
SHARP, BLURRED = 0.6, 0.4
"""The share of good samples of a mixture, over the healthy run's."""
COPIED = 0.5
"""Samples are copies when they are nearer to training samples, by this factor, than held-out ones are."""
OBEYS = 0.5
"""The share of a conditional run's samples that are what was asked for, at least."""
LAST = 4
"""Looks at the end that count as how it ended."""

NOTHING = 1.5
"""Quality over that of samples that are all in the middle, when they are far out instead."""
TURNING = 0.35
"""Total variation of the shares of modes or classes between neighbouring looks, of samples that wander."""
STILL = 0.02
"""How far samples move between looks when they stand still."""
COMING = 0.8
"""Quality over what it was a quarter of the run before, when a run was still improving."""
ENDS = 0.1
"""Pixels at the ends of their range, beyond those of real images, when outputs are saturated."""


def end(looks: Sequence[Look], name: str) -> float:
    """The mean over the last looks at the averaged weights."""
    return fmean(look["averaged"][name] for look in looks[-LAST:])


def ratio(looks: Sequence[Look], healthy: Sequence[Look]) -> float:
    """How many times worse the quality is than the healthy run's."""
    fine = FINE if "good" in looks[-1]["averaged"] else 0.0
    return end(looks, "quality") / max(end(healthy, "quality"), fine)


def ill(looks: Sequence[Look], healthy: Sequence[Look]) -> bool | None:
    """Whether the outcome is bad; None where it is neither bad nor good."""
    mixture, obeyed = "good" in looks[-1]["averaged"], looks[-1]["averaged"].get("class_accuracy")
    worse = ratio(looks, healthy)
    sharp = end(looks, "good") / end(healthy, "good") if mixture else 1.0
    covered, copied = end(looks, "covered"), end(looks, "authentic") < COPIED
    obeys = obeyed is None or obeyed >= OBEYS
    if worse > SICK or covered < LEAVES_OUT or sharp < BLURRED or copied or not obeys:
        return True
    return None if worse > WELL or covered < COVERS or sharp < SHARP else False


def seen(looks: Sequence[Look], healthy: Sequence[Look], words: str) -> set[str]:
    """The faults that the outcome of a sick run shows by itself, by the doctor's names.

    Args:
        looks: at its samples.
        healthy: those at the healthy run; its first samples are all in the middle.
        words: why it stopped, if that was early.
    """
    if words:
        return {"divergence"}
    late = looks[len(looks) // 2 :]
    quality = [look["averaged"]["quality"] for look in looks]
    moved = fmean(look["current"]["moved"] for look in late)
    last, before = end(looks, "quality"), fmean(quality[-LAST - len(looks) // 4 : -len(looks) // 4])
    found = set()
    if max(quality[len(quality) // 2 :]) > NOTHING * healthy[0]["averaged"]["quality"]:
        found.add("divergence")
    if fmean(variation(a, b) for a, b in pairwise(late)) > TURNING:
        found.add("oscillation")
    if moved < STILL and last > COMING * before:
        found.add("stalled")
    elif end(looks, "covered") < LEAVES_OUT:
        found.add("mode collapse")
    if looks[-1]["averaged"].get("ends", 0.0) > ENDS:
        found.add("saturated outputs")
    return found or ({"underfitting"} if last < COMING * before else set())


def variation(a: Look, b: Look) -> float:
    """How far the shares of modes or classes are apart, from 0 to 1."""
    return 0.5 * sum(abs(x - y) for x, y in zip(a["current"]["shares"], b["current"]["shares"], strict=True))


def onset(looks: Sequence[Look], healthy: Sequence[Look]) -> int | None:
    """The first step from which on the run is worse than the healthy one was when it was as far.

    None where it never is.
    """
    first = None
    for i, look in enumerate(looks):
        as_far = healthy[round(i * (len(healthy) - 1) / max(1, len(looks) - 1))]
        mine, theirs = look["averaged"], as_far["averaged"]
        bad = (
            mine["quality"] > SICK * max(theirs["quality"], FINE if "good" in mine else 0.0)
            or mine["covered"] < min(LEAVES_OUT, theirs["covered"])
            or mine.get("good", 1.0) < BLURRED * theirs.get("good", 0.0)
            or mine["authentic"] < min(COPIED, theirs["authentic"])
        )
        first = (look["step"] if first is None else first) if bad else None
    return first
