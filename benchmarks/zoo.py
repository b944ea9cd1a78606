"""Cost and score of every recipe of the zoo, as it comes, after the same short time on the same data.

    python benchmarks/zoo.py play
    python benchmarks/zoo.py write        puts the scores into the recipes' docstrings

Images are scikit-learn's digits (8×8; for the Fréchet distance 1,000 samples against the digits held out),
points the ring; one thread each, minutes of the processor; scored as ``ptarmigan score`` does. What a
recipe's own paper calls for is far longer: this says what half a minute buys, that every one of them learns,
and what a step costs.
"""

from __future__ import annotations

import json
import re
import time
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np
import torch
import tyro
from clocked import clocked
from record import RESULTS, record

from ptarmigan import judge, zoo
from ptarmigan.data.samples import ArraySource
from ptarmigan.options import build, defaults
from ptarmigan.sampling import generate, some_classes

MEASURES = ("modes", "frechet", "precision", "density", "classes")

OPTIONS: dict[str, dict[str, Any]] = {"image.began": {"latent": 8, "gamma": 0.7}}
"""Where the docstring gives another command for digits than the defaults."""


def play(minutes: float = 0.5, samples: int = 1_000, workers: int = 2, seed: int = 0) -> None:
    """Run and record.

    Args:
        minutes: of the processor, for each.
        samples: that are scored.
        workers: runs at a time.
        seed: names every random choice.
    """
    with ProcessPoolExecutor(workers) as pool:
        rows = list(pool.map(one, [(name, minutes, samples, seed) for name in zoo.names()]))
    for row in rows:
        print(row)
    record("zoo", {row.pop("recipe"): row for row in rows})


def one(task: tuple[str, float, int, int]) -> dict[str, Any]:
    """One recipe."""
    name, minutes, samples, seed = task
    torch.set_num_threads(1)
    options = {**OPTIONS.get(name, {}), "seed": seed}
    run = build(zoo.recipe(name), options)
    panel = judge.panel_of(run.samples, samples, MEASURES, "auto", None, lambda words: None)
    (mark,) = clocked(run, [minutes], clock=time.process_time)
    labels = run.samples.source.labels
    frequencies = None if labels is None else np.bincount(labels)
    classes = some_classes(frequencies, samples, seed)
    raw = np.concatenate(list(generate(mark.game, run.space, samples, seed=seed, classes=classes)))
    verdict = panel.judge(ArraySource(raw))
    return {
        "recipe": name,
        "data": defaults(zoo.recipe(name))["data"],
        "options": OPTIONS.get(name, {}),
        "minutes": minutes,
        "steps": mark.step,
        "milliseconds a step": round(60_000 * minutes / mark.step, 1),
        "parameters": sum(p.numel() for p in run.game.parameters()),
        "scores": {score.scale.name: judge.scored(score) for score in verdict.scores},
    }


def write() -> None:
    """Put every recipe's first score into its docstring."""
    for name, row in json.loads((RESULTS / "zoo.json").read_text())["all"]["figures"].items():
        path = zoo.path(name)
        text = path.read_text()
        path.write_text(re.sub(r"\nCost and score:[^\"]*", f"\n{words(row)}\n", text, count=1))


def words(row: dict[str, Any]) -> str:
    """What a docstring says of a recipe's cost and score."""
    score, entry = next(iter(row["scores"].items()))
    value = "no finite number" if entry["value"] is None else f"{entry['value']:.3g}"
    found = f"{score} {value} (real samples: {entry['floor']:.3g})"
    spent = f"after {row['steps']:,} steps, {60 * row['minutes']:g} s of one core, on {row['data']}"
    return f"Cost and score: {spent}:\n{found}; benchmarks/results/zoo.json"


if __name__ == "__main__":
    tyro.extras.subcommand_cli_from_dict({"play": play, "write": write})
