"""Cost and score of every recipe of the zoo, as it comes, after the same short time on the same data.

    python benchmarks/zoo.py

Images are scikit-learn's digits (8×8; for the Fréchet distance 1,000 samples against the digits held out),
points the ring; two runs at a time, one thread each. What a recipe's own paper calls for is far longer: this
says what a minute buys, that every one of them learns, and what a step costs.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np
import torch
import tyro
from record import record

OPTIONS: dict[str, dict[str, Any]] = {"image.began": {"latent": 8, "gamma": 0.7}}
"""Where the docstring gives another command for digits than the defaults."""


def main(minutes: float = 1.0, samples: int = 1_000, workers: int = 2, seed: int = 0) -> None:
    """Run and record.

    Args:
        minutes: of training for each.
        samples: that are scored.
        workers: runs at a time.
        seed: names every random choice.
    """
    from ptarmigan import zoo

    with ProcessPoolExecutor(workers) as pool:
        rows = list(pool.map(one, [(name, minutes, samples, seed) for name in zoo.names()]))
    for row in rows:
        print(row)
    record("zoo", {row.pop("recipe"): row for row in rows})


def one(task: tuple[str, float, int, int]) -> dict[str, Any]:
    """One recipe."""
    from clocked import clocked

    from ptarmigan import zoo
    from ptarmigan.metrics.score import default_metrics
    from ptarmigan.options import build, defaults
    from ptarmigan.sampling import generate, some_classes

    name, minutes, samples, seed = task
    torch.set_num_threads(1)
    options = {**OPTIONS.get(name, {}), "seed": seed}
    run = build(zoo.recipe(name), options)
    metrics = default_metrics(run.samples, samples)
    (mark,) = clocked(run, [minutes])
    labels = run.samples.source.labels
    frequencies = None if labels is None else np.bincount(labels)
    classes = some_classes(frequencies, samples, seed)
    raw = np.concatenate(list(generate(mark.game, run.space, samples, seed=seed, classes=classes)))
    return {
        "recipe": name,
        "data": defaults(zoo.recipe(name))["data"],
        "options": OPTIONS.get(name, {}),
        "minutes": minutes,
        "steps": mark.step,
        "milliseconds a step": round(60_000 * minutes / mark.step, 1),
        "parameters": sum(p.numel() for p in run.game.parameters()),
        "scores": {metric.name: round(metric(raw), 4) for metric in metrics},
        "real samples score": {metric.name: metric.floor for metric in metrics},
    }


if __name__ == "__main__":
    tyro.cli(main)
