"""Cost and score of every recipe of the zoo, as it comes, after the same short time on the same data.

    python benchmarks/zoo.py play
    python benchmarks/zoo.py write        puts the scores into the recipes' docstrings

Images are scikit-learn's digits (8×8; for the Fréchet distance 1,000 samples against the digits held out),
points the ring, translations digits from their edges, tables iris, series sines; one thread each, minutes of
the processor; scored as ``ptarmigan score`` does. What a recipe's own paper calls for is far longer: this
says what half a minute buys, that every one of them learns, and what a step costs. Of detectors it says how
well they make what is normal; how well they find what is not, ``anomaly.py`` does.
"""

from __future__ import annotations

import re
import time
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np
import torch
import tyro
from clocked import clocked
from record import record, recorded

from ptarmigan import zoo
from ptarmigan.evaluation import score as judge
from ptarmigan.metrics.request import Request
from ptarmigan.trained import kind_of
from ptarmigan.training.options import build, defaults
from ptarmigan.training.run import Run

DATA = {"translate": "digits from their edges", "series": "sines"}
"""The default data in words, where its name does not say it."""
PAIRED, UNPAIRED = ("l1", "perceptual", "frechet"), ("edges", "domain", "frechet")
MEASURES = {
    "image": ("frechet", "precision", "density", "classes"),
    "toy": ("modes", "frechet", "precision"),
    "table": ("shapes", "trends"),
    "series": ("sliced", "autocorrelation", "spectrum"),
    "anomaly": ("sliced",),
}
"""What is measured; of translations, what fits their data."""

OPTIONS: dict[str, dict[str, Any]] = {"image.began": {"latent": 8, "gamma": 0.7}}
"""Where the docstring gives another command for digits than the defaults."""


def play(
    recipes: tuple[str, ...] = (),
    minutes: float = 0.5,
    samples: int = 1_000,
    workers: int = 2,
    seed: int = 0,
    missing: bool = False,
) -> None:
    """Run and record.

    Args:
        recipes: which ones; all when none are named.
        minutes: of the processor, for each.
        samples: that are scored.
        workers: runs at a time.
        seed: names every random choice.
        missing: those alone that have no score yet.
    """
    there = recorded("zoo") if missing else {}
    names = [name for name in recipes or zoo.names() if name not in there]
    with ProcessPoolExecutor(workers) as pool:
        for row in pool.map(one, [(name, minutes, samples, seed) for name in names]):
            print(row, flush=True)
            record("zoo", {key: value for key, value in row.items() if key != "recipe"}, part=row["recipe"])


def kind(name: str) -> str:
    """What a recipe makes."""
    return name.split(".")[0]


def one(task: tuple[str, float, int, int]) -> dict[str, Any]:
    """One recipe."""
    name, minutes, samples, seed = task
    torch.set_num_threads(1)
    options = {**OPTIONS.get(name, {}), "seed": seed}
    run = build(zoo.recipe(name), options)
    (mark,) = clocked(run, [minutes], clock=time.process_time)
    labels = run.samples.source.labels
    frequencies = None if labels is None else np.bincount(labels).tolist()
    trained = kind_of(mark.game)(mark.game, run.space, {"recipe": name, "frequencies": frequencies})
    found = judge.evaluate_run(run, trained, samples, seed, Request(metrics=measures(name, run)))
    return {
        "recipe": name,
        "data": DATA.get(kind(name), defaults(zoo.recipe(name)).get("data")),
        "options": OPTIONS.get(name, {}),
        "minutes": minutes,
        "steps": mark.step,
        "milliseconds a step": round(60_000 * minutes / mark.step, 1),
        "parameters": sum(p.numel() for p in run.game.parameters()),
        "scores": found["scores"],
    }


def measures(name: str, run: Run) -> tuple[str, ...]:
    """What of a run is measured."""
    if run.samples.condition is not None:
        return PAIRED if run.samples.condition.paired else UNPAIRED
    return MEASURES[kind(name)]


def write() -> None:
    """Put every recipe's first score into its docstring."""
    for name, row in recorded("zoo").items():
        path = zoo.path(name)
        text = path.read_text()
        path.write_text(re.sub(r"\nCost and score:[^\"]*", f"\n{words(row)}\n", text, count=1))


def words(row: dict[str, Any]) -> str:
    """What a docstring says of a recipe's cost and score."""
    score, entry = next(iter(row["scores"].items()))
    value = "no finite number" if entry["value"] is None else f"{entry['value']:.3g}"
    beside = {"real samples": entry["floor"]} if entry["floor"] else entry["baselines"]
    found = f"{score} {value} ({', '.join(f'{who}: {what:.3g}' for who, what in beside.items())})"
    spent = f"after {row['steps']:,} steps, {60 * row['minutes']:g} s of one core, on {row['data']}"
    return f"Cost and score: {spent}:\n{found}; benchmarks/results/zoo.json"


if __name__ == "__main__":
    tyro.extras.subcommand_cli_from_dict({"play": play, "write": write})
