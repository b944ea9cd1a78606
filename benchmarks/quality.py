"""Quality for the time: Fréchet distance against the test set after minutes of training on two CPU cores.

    python benchmarks/quality.py pace                                   on a quiet machine, both cores
    python benchmarks/quality.py search                                 tunes on MNIST, seed 100, two minutes
    python benchmarks/quality.py play --data mnist --minutes 2 5 10     seeds 0, 1, 2; any machine, any load

10,000 samples of the averaged weights against the 10,000 test images, in the features of a small classifier
trained on the training images (fixed seed, cached); class balance and the classifier's confidence beside it.
Minutes are counted in steps: as many as fit into them at the recorded pace, so that runs may share a machine
and be spread over days. Every recipe is played as published and as tuned, at the best of one small search
over width and rate. Schedules end at the last mark. What is there already is not played again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from statistics import fmean
from typing import Any

import numpy as np
import tyro
from clocked import Mark, pace, played
from record import commit, machine, record, recorded

from ptarmigan import zoo
from ptarmigan.metrics.request import Request
from ptarmigan.modalities.image.source import Images
from ptarmigan.modalities.registry import modality_of
from ptarmigan.tasks.generate import generate, some_classes
from ptarmigan.training.options import build, defaults, flat
from ptarmigan.training.run import Run
from ptarmigan.training.settings import pick_device, pick_precision

SAMPLES = 10_000
RECIPES = ("image.r1gan", "image.dcgan", "image.sngan", "image.wgan_gp")
WIDTHS, RATES = (16, 32), (2e-4, 5e-4, 1e-3, 2e-3)
GIVEN = {*flat({"data": Images()}), "seed", "steps"}  # by the benchmark itself
TUNED_ON, TUNED_FOR, TUNED_SEED = "mnist", 2.0, 100


@dataclass(frozen=True)
class Entry:
    """A recipe with options."""

    name: str
    recipe: str
    options: dict[str, Any] = field(default_factory=dict)

    def run(self, data: str, seed: int) -> Run:
        """On a set of images."""
        return build(zoo.recipe(self.recipe), {"data": data, "seed": seed, **self.options})

    def settings(self) -> dict[str, Any]:
        """What it is played with, defaults too: where one changes, what was recorded is of something else."""
        every = {**defaults(zoo.recipe(self.recipe)), **self.options}
        return {name: value for name, value in every.items() if name not in GIVEN}


def candidates(recipe: str) -> list[Entry]:
    """What the search tries."""
    return [
        Entry(f"{recipe} width {width} rate {lr:g}", recipe, {"width": width, "lr": lr})
        for width, lr in product(WIDTHS, RATES)
    ]


def entries() -> dict[str, Entry]:
    """As published, and as tuned where the search was made."""
    published = [Entry(f"{recipe} as published", recipe) for recipe in RECIPES[1:]]
    found = recorded("search")
    best = [
        Entry(f"{recipe} as tuned", recipe, found[recipe]["best"]) for recipe in RECIPES if recipe in found
    ]
    every = [Entry("the default", RECIPES[0]), *best, *published]
    return {entry.name: entry for entry in every}


def paces(seconds: float = 3.0, rounds: int = 3) -> None:
    """Record how long a step of everything takes, alternating.

    Args:
        seconds: for each, each time.
        rounds: how often.
    """
    every = [Entry(f"{r} as published", r) for r in RECIPES] + [
        Entry(f"{r} width {w}", r, {"width": w}) for r, w in product(RECIPES, WIDTHS)
    ]
    taken: dict[str, list[float]] = {entry.name: [] for entry in every}
    for _ in range(rounds):
        for entry in every:
            taken[entry.name].append(round(pace(entry.run(TUNED_ON, 0), seconds), 2))
            print(entry.name, taken[entry.name], flush=True)
    record("pace", {name: {"milliseconds": min(times), "all": times} for name, times in taken.items()})


def milliseconds(entry: Entry) -> float:
    """How long a step of it takes, as recorded: rates cost nothing, widths do."""
    found = recorded("pace")["all"]
    width = entry.options.get("width")
    name = f"{entry.recipe} as published" if width is None else f"{entry.recipe} width {width}"
    return float(found[name]["milliseconds"])


def search(recipes: tuple[str, ...] = RECIPES) -> None:
    """Try every width and rate that was not tried yet, and record which is best.

    Args:
        recipes: of which.
    """
    for recipe in recipes:
        tried = recorded("search").get(recipe, {}).get("tried", [])
        for entry in candidates(recipe):
            if any(entry.options.items() <= row.items() for row in tried):
                continue
            (row,) = scored(entry, TUNED_ON, TUNED_SEED, (TUNED_FOR,))
            tried.append({**entry.options, "frechet": row["frechet"], "steps": row["steps"]})
            best = min(tried, key=lambda row: row["frechet"])
            figures = {"best": {"width": best["width"], "lr": best["lr"]}, "tried": tried}
            record("search", figures, part=recipe)


def play(
    data: str = "mnist",
    names: tuple[str, ...] = (),
    seeds: tuple[int, ...] = (0, 1, 2),
    minutes: tuple[float, ...] = (2.0, 5.0, 10.0, 30.0),
    apart: bool = False,
) -> None:
    """Play and record what is not there yet.

    Args:
        data: mnist or fashion-mnist.
        names: of entries; all when none are given.
        seeds: one run each.
        minutes: when to score.
        apart: a run of its own for every mark, so that schedules end there; else one run, scored on its way.
    """
    for seed in seeds:
        for name in names or tuple(entries()):
            for marks in [(m,) for m in minutes] if apart else [minutes]:
                keep(entries()[name], data, seed, marks)


def keep(entry: Entry, data: str, seed: int, marks: tuple[float, ...]) -> None:
    """Play one run and add it to what is recorded, unless it is there."""
    part = f"{entry.name} on {data}"
    old = recorded("quality").get(part, {})
    rows = old.get("runs", []) if old.get("options") == entry.settings() else []
    if any(row["seed"] == seed and row["minutes"] == marks[-1] == row["of"] for row in rows):
        return
    rows += list(scored(entry, data, seed, marks))
    times = sorted({(row["minutes"], row["of"]) for row in rows})
    summary = {}
    for time, of in times:
        values = [row["frechet"] for row in rows if (row["minutes"], row["of"]) == (time, of)]
        summary[f"{time:g} of {of:g} min"] = {
            "mean": round(fmean(values), 3),
            "worst": round(max(values), 3),
            "seeds": len(values),
        }
    print(part, summary, flush=True)
    figures = {"recipe": entry.recipe, "options": entry.settings(), "summary": summary, "runs": rows}
    record("quality", figures, part=part)


def scored(entry: Entry, data: str, seed: int, marks: tuple[float, ...]) -> Iterator[dict[str, Any]]:
    """One run, scored at every mark."""
    run = entry.run(data, seed)
    metrics = modality_of(run.space).evaluator(run.samples, Request(n=SAMPLES)).metrics
    for mark in played(run, marks, milliseconds(entry)):
        raw = samples(run, mark, seed)
        scores = {metric.name: metric(raw) for metric in metrics}
        row = {
            "seed": seed,
            "minutes": mark.minutes,
            "of": marks[-1],
            "steps": mark.step,
            "frechet": scores[metrics[0].name],
            "floor": metrics[0].floor,
            "protocol": metrics[0].protocol,
            **scores,
            "commit": commit(),
            "machine": machine(),
        }
        print(entry.name, data, {k: v for k, v in row.items() if k != "protocol"}, flush=True)
        yield row


def samples(run: Run, mark: Mark, seed: int) -> Any:
    """What is scored."""
    labels = run.samples.source.labels
    classes = some_classes(None if labels is None else np.bincount(labels), SAMPLES, seed)
    precision = pick_precision("auto", pick_device("auto"), half=True)
    chunks = generate(mark.game, run.space, SAMPLES, seed=seed, classes=classes, precision=precision)
    return np.concatenate(list(chunks))


if __name__ == "__main__":
    tyro.extras.subcommand_cli_from_dict({"pace": paces, "search": search, "play": play})
