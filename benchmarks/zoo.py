"""Cost and score of every recipe of the zoo, as it comes, after the same short time on the same data.

    python benchmarks/zoo.py play
    python benchmarks/zoo.py write        puts the scores into the recipes' docstrings

Images are scikit-learn's digits (8×8; for the Fréchet distance 1,000 samples against the digits held out),
points the ring, translations digits from their edges; one thread each, minutes of the processor; scored as
``ptarmigan score`` does. What a recipe's own paper calls for is far longer: this says what half a minute
buys, that every one of them learns, and what a step costs.
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
from ptarmigan.game import Game
from ptarmigan.games.translation import Translation
from ptarmigan.options import build, defaults
from ptarmigan.run import Run
from ptarmigan.sampling import generate, some_classes

DATA = {"translate": "digits from their edges"}
"""The default data in words, where its name does not say it."""
PAIRED, UNPAIRED = ("l1", "perceptual", "frechet"), ("edges", "domain", "frechet")
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
    (mark,) = clocked(run, [minutes], clock=time.process_time)
    judged = of_translations if isinstance(mark.game, Translation) else of_samples
    return {
        "recipe": name,
        "data": DATA.get(name.split(".")[0], defaults(zoo.recipe(name)).get("data")),
        "options": OPTIONS.get(name, {}),
        "minutes": minutes,
        "steps": mark.step,
        "milliseconds a step": round(60_000 * minutes / mark.step, 1),
        "parameters": sum(p.numel() for p in run.game.parameters()),
        "scores": judged(run, mark.game, samples, seed),
    }


def of_samples(run: Run, game: Game, n: int, seed: int) -> dict[str, Any]:
    """The scores of what is made of noise."""
    panel = judge.panel_of(run.samples, n, MEASURES, "auto", None, silent)
    labels = run.samples.source.labels
    frequencies = None if labels is None else np.bincount(labels)
    classes = some_classes(frequencies, n, seed)
    raw = np.concatenate(list(generate(game, run.space, n, seed=seed, classes=classes)))
    return {score.scale.name: judge.scored(score) for score in panel.judge(ArraySource(raw)).scores}


def of_translations(run: Run, game: Game, n: int, seed: int) -> dict[str, Any]:
    """The scores of what is made of inputs."""
    features = judge.looked_at("auto", run.samples, None, silent)
    keys = PAIRED if run.samples.inputs.paired else UNPAIRED
    return judge.translated(run, game, None, n, seed, keys, features, silent)["scores"]


def silent(words: str) -> None:
    """Says nothing."""


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
    beside = {"real samples": entry["floor"]} if entry["floor"] else entry["baselines"]
    found = f"{score} {value} ({', '.join(f'{who}: {what:.3g}' for who, what in beside.items())})"
    spent = f"after {row['steps']:,} steps, {60 * row['minutes']:g} s of one core, on {row['data']}"
    return f"Cost and score: {spent}:\n{found}; benchmarks/results/zoo.json"


if __name__ == "__main__":
    tyro.extras.subcommand_cli_from_dict({"play": play, "write": write})
