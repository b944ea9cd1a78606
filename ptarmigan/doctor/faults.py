"""What can be wrong with a run, by the names that people have for it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum

SMALLEST = 1e-9
"""In place of 0, where something is divided by."""


class Fault(StrEnum):
    """A fault; ``HEALTHY`` is none."""

    DATA = "bad data"
    DIVERGENCE = "divergence"
    OVERFITTING = "discriminator overfitting"
    MEMORISATION = "memorisation"
    SATURATION = "saturated outputs"
    OSCILLATION = "oscillation"
    COLLAPSE = "mode collapse"
    TOO_STRONG = "discriminator too strong"
    TOO_WEAK = "discriminator too weak"
    ONE_FOR_ALL = "one output for all"
    IGNORED = "input ignored"
    UNCHANGED = "output equals the input"
    HIDDEN = "hidden information in a cycle"
    STALLED = "stalled"
    UNDERFITTING = "underfitting"
    HEALTHY = "healthy"


@dataclass(frozen=True)
class Finding:
    """A fault that was found.

    Attributes:
        fault: which.
        step: where it began; 0 where it was there from the start.
        detail: of which kind, in words; empty where there is but one.
        evidence: the numbers that say so, by what they are.
        certainty: from 0 to 1: how far beyond their thresholds they are.
    """

    fault: Fault
    step: int
    detail: str = ""
    evidence: dict[str, float] = field(default_factory=dict)
    certainty: float = 1.0

    @property
    def headline(self) -> str:
        """The fault in a line."""
        kind = f" ({self.detail})" if self.detail else ""
        since = f"since step {self.step:,}" if self.step else "from the start"
        return f"{self.fault.value}{kind} {since}"


def certainty(beyond: float) -> float:
    """From how many times its threshold something is to a number from 0.5 to 1."""
    if not math.isfinite(beyond):
        return 1.0
    return round(float(1 - 0.5 / max(beyond, 1.0)), 3)


def times_below(limit: float, value: float) -> float:
    """How many times smaller than its threshold something is, which may be nothing at all."""
    return limit / max(value, SMALLEST)


def plain(evidence: dict[str, float]) -> dict[str, float]:
    """The numbers there are."""
    return {name: float(f"{float(value):.4g}") for name, value in evidence.items() if math.isfinite(value)}
