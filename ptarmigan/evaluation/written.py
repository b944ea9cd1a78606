"""Scores as plain data, as files keep them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from ptarmigan.media.files import write
from ptarmigan.metrics.panel import Evaluation, Metric, Score
from ptarmigan.training import run_folder as folders

FILE = "scores.json"


def written(evaluation: Evaluation) -> dict[str, Any]:
    """All scores of a set of samples."""
    return {
        "samples": evaluation.samples,
        "features": {"name": evaluation.features, "hash": evaluation.hash},
        "scores": {score.scale.name: scored(score) for score in evaluation.scores},
        "warnings": list(evaluation.warnings),
    }


def scored(score: Score) -> dict[str, Any]:
    """A score as files keep it: the value and its error, what others score, and how it was measured.

    A number that is not finite is None.
    """
    return {
        "value": finite(score.value.value),
        "error": finite(score.value.error),
        "interval": [finite(end) for end in score.value.interval],
        "unit": score.scale.unit,
        "floor": None if score.real is None else finite(score.real),
        "baselines": {name: finite(value) for name, value in score.baselines.items()},
        "beaten by": list(score.beaten_by),
        "direction": direction(score.scale.lower_is_better),
        "protocol": score.protocol,
    }


def entry(metric: Metric, value: float) -> dict[str, Any]:
    """A score of training, alike: without errors and baselines, which would take too long there."""
    return {
        "value": finite(value),
        "unit": metric.unit,
        "floor": finite(metric.real),
        "direction": direction(metric.lower_is_better),
        "protocol": metric.protocol,
    }


def direction(lower: bool) -> str:
    """Which way is better, in words."""
    return "lower is better" if lower else "higher is better"


def keep(folder: Path, found: dict[str, Any]) -> dict[str, Any]:
    """Write scores into a run's ``scores.json``, with the run's name, and give them back."""
    whole = {"run": str(folder), **found}
    write(folder / FILE, folders.pretty(whole))
    return whole


def finite(value: float) -> float | None:
    """A number that JSON has, or None."""
    return float(value) if math.isfinite(value) else None
