"""Faults of samples: they copy, they are at the ends of their range, or they vary too little."""

from __future__ import annotations

import numpy as np

from ptarmigan.doctor import thresholds as at
from ptarmigan.doctor.faults import Fault, Finding, certainty, plain, times_below
from ptarmigan.doctor.signs import Signs
from ptarmigan.doctor.trends import growing


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
            Fault.COLLAPSE,
            complete,
            "complete",
            plain(evidence),
            certainty(times_below(at.SINGLE, variety[-1])),
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
    """Classes whose samples are all alike, of a conditional generator."""
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
        Fault.COLLAPSE,
        step,
        detail,
        plain(evidence),
        certainty(times_below(at.ALIKE, min(evidence.values()))),
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
        Fault.COLLAPSE, step, "partial", plain(evidence), certainty(times_below(at.POOR, vendi[-1]))
    )
