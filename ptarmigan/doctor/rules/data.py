"""Faults of the data."""

from __future__ import annotations

from ptarmigan.doctor import thresholds as at
from ptarmigan.doctor.faults import Fault, Finding, certainty, plain
from ptarmigan.doctor.signs import Signs
from ptarmigan.doctor.trends import steady

SHOWN = (
    "samples",
    "std",
    "duplicates",
    "mislabelled",
    "agreement",
    "constant_samples",
    "constant_channels",
)
"""Facts that are the evidence against data."""


def bad_data(signs: Signs) -> Finding | None:
    """Data that teach nothing, or teach it wrong; or outputs that cannot reach it."""
    return misleading(signs) or out_of_reach(signs)


def misleading(signs: Signs) -> Finding | None:
    """Data that teach nothing, or teach it wrong."""
    found = [(name, value, limit) for name, (value, limit) in problems(signs).items() if value >= limit]
    if not found:
        return None
    name, value, limit = max(found, key=lambda problem: problem[1] / problem[2])
    evidence = {n: signs.history.data[n] for n in SHOWN if n in signs.history.data}
    return Finding(Fault.DATA, 0, name, evidence, certainty(value / limit))


def problems(signs: Signs) -> dict[str, tuple[float, float]]:
    """What can be wrong with data: how much it is so, and from how much on it is a fault."""
    fact = signs.fact
    found = {
        "samples that hold one number throughout": (fact("constant_samples", 0.0), at.CONSTANT),
        "channels that never change": (fact("constant_channels", 0.0), 1.0),
        "samples that repeat": (fact("duplicates", 0.0), at.REPEATED),
        "a small part of the range": (at.NARROW / max(fact("std", 1.0), 1e-9), 1.0),
    }
    if signs.latest("conditional") > 0.5:
        chance = fact("chance", 0.0)
        agreement = (fact("agreement", 1.0) - chance) / max(1 - chance, 1e-9)
        largest, smallest = fact("most_class", 1.0), fact("least_class", 1.0)
        found["labels that say nothing"] = at.AGREEING / max(agreement, 1e-9), 1.0
        found["labels that are wrong"] = fact("mislabelled", 0.0), at.MISLABELLED
        found["classes of very different sizes"] = largest / max(smallest, 0.5), at.IMBALANCED
    return found


def out_of_reach(signs: Signs) -> Finding | None:
    """Outputs that cannot reach the data."""
    unreached, pinned = signs("unreached"), signs("pinned")
    bound = steady(signs, "low") & steady(signs, "high")
    step = signs.since(
        (unreached >= at.UNREACHED) & (pinned >= at.UNREACHED) & bound & (signs("diversity") > at.ALIKE)
    )
    if step is None:
        return None
    evidence = plain({"unreached": unreached[-1], "pinned": pinned[-1]})
    size = certainty(unreached[-1] / at.UNREACHED)
    return Finding(Fault.DATA, step, "outputs that do not reach it", evidence, size)
