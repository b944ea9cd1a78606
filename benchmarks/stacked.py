"""Stacked MNIST: how many of 1,000 modes are found, and how evenly (VEEGAN, PacGAN, table 3).

    PTARMIGAN_DATA=../shared/data python benchmarks/stacked.py --minutes 30 --seeds 0 1 2

26,000 samples of the EMA weights; a classifier of single digits tells every channel (``--metrics stacks`` of
``ptarmigan score``). The reverse KL of a generator that has every mode as often as it should is about 0.019
then. Published: PacGAN 1,000 modes and 0.06 (Lin et al. 2018, arXiv 1712.04086), R3GAN 1,000 and 0.029 (Huang
et al. 2024, arXiv 2501.05441). Aim: 1,000 and at most 0.03 by the default, after 30 minutes of one core;
minutes are of the processor, on one thread.
"""

from __future__ import annotations

import time
from statistics import fmean
from typing import Any

import numpy as np
import torch
import tyro
from clocked import Mark, clocked
from record import commit, record, recorded

from ptarmigan import zoo
from ptarmigan.metrics.features import ClassifierFeatures
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.image.stacked import NAME, Stacked
from ptarmigan.modalities.image.stacked_modes import (
    SAMPLES,
    StackedModes,
    learn_digits,
    predicted_classes,
    stacked_modes,
)
from ptarmigan.tasks.generate import generate
from ptarmigan.training.options import build
from ptarmigan.training.run import Run


def main(
    recipe: str = "image.r1gan",
    minutes: tuple[float, ...] = (5.0, 10.0, 30.0),
    seeds: tuple[int, ...] = (0, 1, 2),
    samples: int = SAMPLES,
) -> None:
    """Train what is not there yet, and record.

    Args:
        recipe: of images of any number of channels.
        minutes: of the processor, when to count.
        seeds: one run each.
        samples: that are counted.
    """
    torch.set_num_threads(1)
    rows = recorded("stacked").get(recipe, {}).get("runs", [])
    for seed in seeds:
        if any((row["seed"], row["of"]) == (seed, minutes[-1]) for row in rows):
            continue
        run = build(zoo.recipe(recipe), {"data": NAME, "seed": seed})
        digits = learn_digits(stacks(run), space(run))
        for mark in clocked(run, minutes, clock=time.process_time):
            found = counted(run, mark, digits, samples, seed)
            row = {"seed": seed, "minutes": mark.minutes, "of": minutes[-1], "steps": mark.step}
            row |= {"modes": found.found.value, "reverse_kl": round(found.reverse_kl.value, 4)}
            rows = [*rows, {**row, "commit": commit()}]
            print(recipe, rows[-1], flush=True)
        record("stacked", {"summary": summary(rows), "runs": rows}, part=recipe)


def counted(run: Run, mark: Mark, digits: ClassifierFeatures, n: int, seed: int) -> StackedModes:
    """The modes of samples, which are looked at as they are made."""
    classes: Any = [
        predicted_classes(raw, digits) for raw in generate(mark.game, run.space, n, seed=seed, classes=None)
    ]
    return stacked_modes(np.concatenate(classes), stacks(run).frequencies)


def stacks(run: Run) -> Stacked:
    """The real stacks."""
    source = run.samples.source
    assert isinstance(source, Stacked)
    return source


def space(run: Run) -> ImageSpace:
    """What they are."""
    assert isinstance(run.space, ImageSpace)
    return run.space


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Means over seeds, and the worst, at every mark."""
    found = {}
    for minutes in sorted({row["minutes"] for row in rows}):
        modes, kl = zip(
            *[(r["modes"], r["reverse_kl"]) for r in rows if r["minutes"] == minutes], strict=True
        )
        found[f"{minutes:g} minutes"] = {
            "modes": fmean(modes),
            "fewest": min(modes),
            "reverse_kl": round(fmean(kl), 4),
            "worst_kl": max(kl),
            "seeds": len(modes),
        }
    return found


if __name__ == "__main__":
    tyro.cli(main)
