"""Scores as plain data, for files."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from ptarmigan.media.files import write
from ptarmigan.metrics.panel import Evaluation, Metric, Score
from ptarmigan.training import run_folder as folders

FILE = "scores.json"


def plain_evaluation(evaluation: Evaluation) -> dict[str, Any]:
    """All scores of a set of samples as plain data."""
    return {
        "samples": evaluation.samples,
        "features": {"name": evaluation.features, "hash": evaluation.hash},
        "scores": {score.scale.name: plain_score(score) for score in evaluation.scores},
        "warnings": list(evaluation.warnings),
    }


def plain_score(score: Score) -> dict[str, Any]:
    """A score as plain data: value, error, real reference, baselines and protocol.

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
    """A score of training as plain data: without errors and baselines, which would take too long."""
    return {
        "value": finite(value),
        "unit": metric.unit,
        "floor": finite(metric.real),
        "direction": direction(metric.lower_is_better),
        "protocol": metric.protocol,
    }


def direction(lower: bool) -> str:
    """The direction of a score, in words."""
    return "lower is better" if lower else "higher is better"


def write_scores(folder: Path, found: dict[str, Any]) -> dict[str, Any]:
    """Write scores into a run's ``scores.json``, and return them with the run's name."""
    whole = {"run": str(folder), **found}
    write(folder / FILE, folders.pretty(whole))
    return whole


def finite(value: float) -> float | None:
    """A finite number, or None."""
    return float(value) if math.isfinite(value) else None
