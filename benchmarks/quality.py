"""Quality for the time: Fréchet distance against the test set after minutes of training on this machine.

    python benchmarks/quality.py --data mnist --entries default --seeds 0 1 2

10,000 samples of the averaged weights against the 10,000 test images, in the features of a small classifier
trained on the training images (fixed seed, cached); class balance and the classifier's confidence beside it.
The clock counts training alone. Every entry is named with its options below: as published, and at the best
of a search over width and rate, of the same size for each.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

import numpy as np
import tyro
from clocked import clocked
from record import record

from ptarmigan import zoo
from ptarmigan.api import DEFAULT
from ptarmigan.metrics.score import default_metrics
from ptarmigan.options import build
from ptarmigan.sampling import generate, some_classes
from ptarmigan.settings import pick_device, pick_precision

SAMPLES = 10_000


@dataclass(frozen=True)
class Entry:
    """A recipe with options."""

    recipe: str
    options: dict[str, Any] = field(default_factory=dict)


ENTRIES = {
    "default": Entry(DEFAULT),
    "dcgan-published": Entry("image.dcgan"),
    "dcgan-tuned": Entry("image.dcgan", {"width": 32, "lr": 5e-4, "half_life": 4_400.0}),
    "sngan-published": Entry("image.sngan"),
    "wgan_gp-published": Entry("image.wgan_gp"),
}


def main(
    data: str = "mnist",
    entries: tuple[str, ...] = ("default", "dcgan-tuned", "dcgan-published"),
    seeds: tuple[int, ...] = (0, 1, 2),
    minutes: tuple[float, ...] = (2.0, 5.0, 10.0),
) -> None:
    """Run and record.

    Args:
        data: mnist or fashion-mnist.
        entries: names from ``ENTRIES``.
        seeds: one run each.
        minutes: when to score.
    """
    for name in entries:
        rows = [row for seed in seeds for row in one(ENTRIES[name], data, seed, minutes)]
        summary = {
            f"{m:g} min": {
                "mean": round(fmean(r["frechet"] for r in rows if r["minutes"] == m), 3),
                "worst": round(max(r["frechet"] for r in rows if r["minutes"] == m), 3),
            }
            for m in minutes
        }
        print(name, data, summary, flush=True)
        entry = ENTRIES[name]
        record(
            "quality",
            {"recipe": entry.recipe, "options": entry.options, "summary": summary, "runs": rows},
            part=f"{name} on {data}",
        )


def one(entry: Entry, data: str, seed: int, minutes: tuple[float, ...]) -> list[dict[str, Any]]:
    """One run, scored at every mark."""
    run = build(zoo.recipe(entry.recipe), {"data": data, "seed": seed, **entry.options})
    metrics = default_metrics(run.samples, SAMPLES)
    labels = run.samples.source.labels
    frequencies = None if labels is None else np.bincount(labels)
    precision = pick_precision("auto", pick_device("auto"), images=True)
    rows = []
    for mark in clocked(run, minutes):
        classes = some_classes(frequencies, SAMPLES, seed)
        raw = np.concatenate(
            list(generate(mark.game, run.space, SAMPLES, seed=seed, classes=classes, precision=precision))
        )
        scores = {metric.name: metric(raw) for metric in metrics}
        first = metrics[0]
        row = {
            "seed": seed,
            "minutes": mark.minutes,
            "steps": mark.step,
            "frechet": scores[first.name],
            "floor": first.floor,
            "protocol": first.protocol,
            **scores,
        }
        print(entry.recipe, data, {k: v for k, v in row.items() if k != "protocol"}, flush=True)
        rows.append(row)
    return rows


if __name__ == "__main__":
    tyro.cli(main)
