"""The diagnosis: from what a run logged to what is wrong with it, and since when."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from ptarmigan.doctor.faults import Finding
from ptarmigan.doctor.history import History
from ptarmigan.doctor.rules.data import bad_data
from ptarmigan.doctor.rules.discriminator import overfitting, too_strong, too_weak
from ptarmigan.doctor.rules.samples import collapse, memorisation, saturation
from ptarmigan.doctor.rules.training import divergence, oscillation, stalled, underfitting
from ptarmigan.doctor.rules.translation import hidden, ignored, one_for_all, unchanged
from ptarmigan.doctor.signs import Signs
from ptarmigan.doctor.trends import bad

Rule: TypeAlias = Callable[[Signs], Finding | None]

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


def diagnose(history: History) -> list[Finding]:
    """What is wrong with a run, causes before consequences; nothing where it is healthy.

    A pure function of the history, so it can be repeated while a run goes on.
    """
    signs = Signs(history)
    found = [finding for rule in RULES if (finding := rule(signs)) is not None]
    if not found and (short := underfitting(signs)) is not None:
        return [short]
    return found


def well(history: History) -> list[int]:
    """The steps at which samples were not bad."""
    signs = Signs(history)
    return [int(step) for step in signs.steps[~bad(signs)]] if len(signs) else []
