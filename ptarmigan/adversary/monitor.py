"""What an adversary remembers of a loop, and what it says of it in the doctor's words."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor

from ptarmigan.doctor import thresholds as at
from ptarmigan.doctor.discrimination import above
from ptarmigan.doctor.faults import Fault, Finding, certainty, plain

KEPT = 400
"""Looks that are remembered."""
WORSE = 1.2
"""By how much the loss that was there before rises when the adversary ruins it."""
VANISHING = 0.01
"""Norm of the adversary's gradients at the samples, over that of the other loss, when it says nothing."""
DIFFERENT = 0.05
"""Squared distance of samples to their targets, over the variance of these, when they plainly differ."""

UNTRAINED = "it counted in full before it was trained"
RUINS = "it ruins the other loss"
VANISHES = "its gradient vanishes"

Look: TypeAlias = dict[str, float]


class Monitor:
    """Numbers of a loop at some of its steps.

    Attributes:
        looks: of the latest steps that were looked at, oldest first.
        first: of the first steps that were looked at.
        before: the other loss at the last looks before the adversary began to count.
    """

    def __init__(self) -> None:
        self.looks: deque[Look] = deque(maxlen=KEPT)
        self.first: list[Look] = []
        self.before: deque[float] = deque(maxlen=at.LASTING)

    def note(self, step: int, seen: tuple[Tensor, Tensor], skipped: bool, numbers: Look) -> None:
        """Remember a step."""
        real, fake = (scores.detach().double().cpu().numpy() for scores in seen)
        found = {
            "step": float(step),
            "skipped": float(skipped),
            "auc": above(real, fake),
            "score_real": float(real.mean()),
            "score_fake": float(fake.mean()),
            "spread_real": float(real.std()),
        }
        self.looks.append(found | numbers)
        if len(self.first) < at.LASTING:
            self.first.append(self.looks[-1])
        if numbers.get("weight", 0.0) == 0 and "other" in numbers:
            self.before.append(numbers["other"])

    def of(self, name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
        """A number at every look; not a number where it is not known."""
        return np.array([look.get(name, np.nan) for look in self.looks], np.float64)

    def latest(self, name: str) -> float:
        """Its median over the latest looks."""
        values = self.of(name)[-at.WINDOW :]
        return float(np.nanmedian(values)) if len(values) and not np.isnan(values).all() else float("nan")

    def since(self, holds: np.ndarray[Any, Any], lasting: int = at.LASTING) -> int | None:
        """The step since which something holds without a break; None where it does not, for so many looks."""
        broken = np.flatnonzero(~holds)
        first = int(broken[-1]) + 1 if len(broken) else 0
        return int(self.looks[first]["step"]) if len(holds) - first >= lasting else None

    def state_dict(self) -> dict[str, Any]:
        """What is remembered, as plain numbers."""
        return {"looks": list(self.looks), "first": list(self.first), "before": list(self.before)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Remember it."""
        self.looks, self.first = deque(state["looks"], maxlen=KEPT), list(state["first"])
        self.before = deque(state["before"], maxlen=at.LASTING)


def divergence(seen: Monitor) -> Finding | None:
    """Steps that are skipped, or scores out of hand."""
    skipped = seen.of("skipped") > 0
    step = seen.since(skipped)
    if step is not None:
        return Finding(Fault.DIVERGENCE, step, "not finite", {"skipped": 1.0})
    spread = np.fmax(seen.of("spread_real"), np.abs(seen.of("score_real") - seen.of("score_fake")))
    step = seen.since(spread >= at.EXPLODED)
    if step is None:
        return None
    size = float(np.nanmax(spread))
    return Finding(
        Fault.DIVERGENCE, step, "", plain({"spread of scores": size}), certainty(size / at.EXPLODED)
    )


def untrained(seen: Monitor) -> Finding | None:
    """It counted in full from the first step, when it could not tell samples from real ones yet."""
    if len(seen.first) < at.LASTING or any(look.get("ramp", 0.0) < 1 for look in seen.first):
        return None
    evidence = {"auc": float(np.median([look["auc"] for look in seen.first]))}
    if evidence["auc"] > at.WEAK_AUC:
        return None
    return Finding(Fault.TOO_WEAK, 0, UNTRAINED, plain(evidence), 0.5)


def outweighs(seen: Monitor) -> Finding | None:
    """The other loss has risen since the adversary began to count."""
    other, weight = seen.of("other"), seen.of("weight")
    if not len(seen.before) or np.isnan(other).all():
        return None
    before = float(np.median(seen.before))
    step = seen.since((other > WORSE * before) & (weight > 0))
    if step is None:
        return None
    evidence = {"other loss": seen.latest("other"), "before": before, "share": seen.latest("share")}
    size = evidence["other loss"] / (WORSE * max(before, 1e-12))
    return Finding(Fault.TOO_STRONG, step, RUINS, plain(evidence), certainty(size))


def too_strong(seen: Monitor) -> Finding | None:
    """Real and generated samples are separated almost surely, and the gradient has vanished."""
    auc, share = seen.of("auc"), seen.of("share")
    step = seen.since((auc >= at.STRONG_AUC) & (share <= VANISHING) & (seen.of("weight") > 0))
    if step is None:
        return None
    evidence = {"auc": seen.latest("auc"), "share": seen.latest("share")}
    return Finding(
        Fault.TOO_STRONG, step, VANISHES, plain(evidence), certainty(VANISHING / max(evidence["share"], 1e-9))
    )


def too_weak(seen: Monitor) -> Finding | None:
    """Generated samples plainly differ from their targets, and are not told from real ones."""
    step = seen.since((seen.of("auc") <= at.WEAK_AUC) & (seen.of("difference") >= DIFFERENT), at.PATIENCE)
    if step is None:
        return None
    evidence = {"auc": seen.latest("auc"), "difference": seen.latest("difference")}
    return Finding(
        Fault.TOO_WEAK, step, "", plain(evidence), certainty(at.WEAK_AUC / max(evidence["auc"], 1e-9))
    )


def overfitting(seen: Monitor, held_out: Tensor | None, real: Tensor | None) -> Finding | None:
    """Training samples score above held-out ones."""
    if held_out is None or real is None:
        return None
    auc = above(real.double().cpu().numpy(), held_out.double().cpu().numpy())
    if auc < at.MEMBERSHIP_AUC:
        return None
    step = int(seen.looks[-1]["step"]) if seen.looks else 0
    return Finding(
        Fault.OVERFITTING,
        step,
        "",
        plain({"membership_auc": auc}),
        certainty((auc - 0.5) / (at.MEMBERSHIP_AUC - 0.5)),
    )


RULES: tuple[Callable[[Monitor], Finding | None], ...] = (
    divergence,
    untrained,
    outweighs,
    too_strong,
    too_weak,
)
"""Causes before consequences."""

REMEDIES = {
    (Fault.DIVERGENCE, "not finite"): "lower rates of both sides, a gradient penalty, bf16 instead of fp16",
    (Fault.DIVERGENCE, ""): "a stronger gradient penalty (penalties=), a lower lr",
    (Fault.TOO_WEAK, UNTRAINED): "let it learn first: warmup= and ramp= of some hundred steps",
    (Fault.TOO_WEAK, ""): "a wider discriminator (width=), a higher lr, a smaller gradient penalty",
    (Fault.TOO_STRONG, RUINS): "a smaller weight=, a longer ramp=, or layer= with a smaller limit=",
    (Fault.TOO_STRONG, VANISHES): "a stronger gradient penalty (penalties=), a lower lr, loss='hinge'",
    (Fault.OVERFITTING, ""): "more data, augmentation of both sides, a stronger penalty, a smaller width=",
}


@dataclass(frozen=True)
class Advice:
    """What is wrong with the adversary in a loop, and what helps there.

    Attributes:
        finding: the fault, since which step, and the numbers that say so.
        helps: which arguments of the adversary to change, and how.
    """

    finding: Finding
    helps: str

    def __str__(self) -> str:
        return f"{self.finding.headline}: try {self.helps}"


def advice(seen: Monitor, held_out: Tensor | None = None, real: Tensor | None = None) -> list[Advice]:
    """What is wrong, causes before consequences; nothing where all is well.

    Args:
        seen: what was remembered.
        held_out: scores of held-out samples, ``(n,)``.
        real: scores of training samples, ``(n,)``.
    """
    found = [rule(seen) for rule in RULES] + [overfitting(seen, held_out, real)]
    return [Advice(one, REMEDIES[one.fault, one.detail]) for one in found if one is not None]


def relative_distance(fake: Tensor, real: Tensor) -> float:
    """The squared distance of samples to targets of the same shape, over the variance of these."""
    if fake.shape != real.shape:
        return float("nan")
    with torch.no_grad():
        variance = float(real.float().var())
        return float((fake - real).float().square().mean()) / max(variance, 1e-12)
