"""Cheap gains of the engine, each alone against today's ``image.r1gan``, for the same minutes of one core.

    python benchmarks/gains.py --data mnist --minutes 2 --seeds 0 1 2
    python benchmarks/gains.py --data fashion-mnist --minutes 5 --seeds 0 1

Fréchet distance of 10,000 samples of the EMA weights to the test set, as ``quality.py`` has it. Minutes are
of the processor, on one thread, so other work beside it changes little; schedules end with them. A gain is
one where every seed is better than the same seed of what it is held against, or the mean difference is below
zero by more than two of its errors. What is there already, with the same minutes, is not trained again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from math import sqrt
from statistics import fmean, stdev
from typing import Any

import torch
import tyro
from clocked import clocked
from quality import SAMPLES, samples
from record import commit, record, recorded

from ptarmigan import zoo
from ptarmigan.core.penalties import ApproximateR1, ApproximateR2
from ptarmigan.metrics.request import Request
from ptarmigan.modalities.registry import modality_of
from ptarmigan.training.options import build, defaults
from ptarmigan.training.run import Run

RECIPE = "image.r1gan"
TODAY = "today"
SHARE = 0.25
"""Of the batch on which penalties are computed: Lin et al. 2025, arXiv 2511.22475."""


def as_it_is(run: Run) -> None:
    """No edit."""


def on_a_share(run: Run) -> None:
    """Approximate penalties on a part of the batch."""
    gamma = defaults(zoo.recipe(RECIPE))["gamma"]
    run.game.penalties = (ApproximateR1(gamma, share=SHARE), ApproximateR2(gamma, share=SHARE))


@dataclass(frozen=True)
class Row:
    """One way to train: options of the recipe, an edit of the run, and which row it is held against."""

    options: dict[str, Any] = field(default_factory=dict)
    edit: Callable[[Run], None] = as_it_is
    against: str = TODAY


APPROXIMATE: dict[str, Any] = {"gradient": "approximate"}
AUGMENTED: dict[str, Any] = {"augment": "diffaugment"}
RELATIVE: dict[str, Any] = {"loss": "relativistic"}
ROWS = {
    TODAY: Row(),
    "joint": Row({"joint": True}),
    "approximate": Row(APPROXIMATE),
    "approximate, every second step": Row(APPROXIMATE | {"lazy": 2}),
    "approximate, every step": Row(APPROXIMATE | {"lazy": 1}),
    "approximate on a quarter, every step": Row(APPROXIMATE | {"lazy": 1}, on_a_share),
    "approximate on a quarter, every step, joint": Row(APPROXIMATE | {"lazy": 1, "joint": True}, on_a_share),
    "relativistic": Row(RELATIVE),
    "diffaugment": Row(AUGMENTED),
    "diffaugment, alike": Row(AUGMENTED | {"alike": True}, against="diffaugment"),
    "relativistic, diffaugment": Row(RELATIVE | AUGMENTED),
    "relativistic, diffaugment, alike": Row(
        RELATIVE | AUGMENTED | {"alike": True}, against="relativistic, diffaugment"
    ),
}


def main(
    data: str = "mnist",
    minutes: float = 2.0,
    seeds: tuple[int, ...] = (0, 1, 2),
    rows: tuple[str, ...] = (),
    scored: int = SAMPLES,
) -> None:
    """Train what is not there yet, and record.

    Args:
        data: mnist or fashion-mnist.
        minutes: of the processor, for each.
        seeds: one run each.
        rows: which ones; all when none are named.
        scored: samples.
    """
    torch.set_num_threads(1)
    part = f"{data}, {minutes:g} minutes"
    for seed in seeds:
        for name in rows or tuple(ROWS):
            runs = recorded("gains").get(part, {}).get("runs", [])
            if any((run["row"], run["seed"]) == (name, seed) for run in runs):
                continue
            runs = [*runs, one(name, data, minutes, seed, scored)]
            print(runs[-1], flush=True)
            record("gains", {"summary": summary(runs), "runs": runs}, part=part)


def one(name: str, data: str, minutes: float, seed: int, scored: int) -> dict[str, Any]:
    """One run and its score."""
    row = ROWS[name]
    run = build(zoo.recipe(RECIPE), {"data": data, "seed": seed, **row.options})
    row.edit(run)
    metric = modality_of(run.space).evaluator(run.samples, Request(n=scored)).metrics[0]
    (mark,) = clocked(run, [minutes], clock=time.process_time)
    score = metric(samples(run, mark, seed)[:scored])
    return {"row": name, "seed": seed, "steps": mark.step, "score": round(score, 4), "commit": commit()}


def summary(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """The mean of every row, and its difference to the row it is held against, over the seeds of both."""
    scores = {name: {run["seed"]: run["score"] for run in runs if run["row"] == name} for name in ROWS}
    found = {}
    for name, mine in scores.items():
        theirs = scores[ROWS[name].against]
        pairs = [mine[seed] - theirs[seed] for seed in mine.keys() & theirs.keys()]
        if not mine:
            continue
        found[name] = {"mean": round(fmean(mine.values()), 4), "worst": max(mine.values())}
        if name != ROWS[name].against and pairs:
            found[name] |= {"against": ROWS[name].against, **compared(pairs)}
    return found


def compared(pairs: list[float]) -> dict[str, Any]:
    """The mean difference of the same seeds, its error, and whether that is a gain (lower is better)."""
    mean = fmean(pairs)
    error = stdev(pairs) / sqrt(len(pairs)) if len(pairs) > 1 else float("inf")
    gain = len(pairs) > 1 and (max(pairs) < 0 or mean < -2 * error)
    return {"difference": round(mean, 4), "error": round(error, 4) if len(pairs) > 1 else None, "gain": gain}


if __name__ == "__main__":
    tyro.cli(main)
