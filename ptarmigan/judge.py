"""The scores of a trained run, against real samples that it was not trained on where there are any."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

from ptarmigan import folder as folders
from ptarmigan import zoo
from ptarmigan.checkpoint import write
from ptarmigan.metrics.score import Metric
from ptarmigan.options import build
from ptarmigan.settings import Settings
from ptarmigan.studio import Studio
from ptarmigan.trained import load

FILE = "scores.json"


def score_run(
    folder: Path, *, n: int = 10_000, seed: int = 0, best: bool = False, device: str = "auto"
) -> dict[str, Any]:
    """Score ``n`` samples of a run, and keep the scores in its ``scores.json``.

    Args:
        folder: the run's folder.
        n: how many samples are scored.
        seed: names the samples.
        best: the weights with the best score during training, not the last.
        device: where to make the samples.

    Returns:
        ``{"run", "step", "samples", "seed", "scores"}``; ``scores`` has an ``entry`` for every metric.

    Raises:
        ValueError: the folder holds no finished run, or ``n`` is not positive.
        FileNotFoundError: the data of the run is not to be had.
    """
    description = folders.load(folder)
    trained = load(folder, best=best, device=device)
    run = build(zoo.recipe(description["recipe"]), description["options"])
    settings = dataclasses.replace(Settings(**description["settings"]), score_samples=n)
    metrics = Studio(run, folder, settings, trained.precision).metrics
    raw = trained.sample(n, seed=seed)
    scores = {metric.name: entry(metric, metric(raw)) for metric in metrics}
    return keep(folder, {"step": trained.description["step"], "samples": n, "seed": seed, "scores": scores})


def keep(folder: Path, found: dict[str, Any]) -> dict[str, Any]:
    """Write scores into a run's ``scores.json``, with the run's name, and give them back."""
    named = {"run": str(folder), **found}
    write(folder / FILE, folders.pretty(named))
    return named


def entry(metric: Metric, value: float) -> dict[str, Any]:
    """A score as files keep it: the value, what real samples score, which way is better, how it was measured.

    A number that is not finite is None.
    """
    return {
        "value": finite(value),
        "unit": metric.unit,
        "floor": finite(metric.floor),
        "direction": "lower is better" if metric.lower_is_better else "higher is better",
        "protocol": metric.protocol,
    }


def finite(value: float) -> float | None:
    """A number that JSON has, or None."""
    return float(value) if math.isfinite(value) else None
