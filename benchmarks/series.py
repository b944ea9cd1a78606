"""Series GANs on TimeGAN's stocks: both published scores, what order in time decides, and trivial sets.

    python benchmarks/series.py [--entries doppelganger rcgan timegan] [--seeds 5] [--steps 2000]

3,662 windows of 24 days with six channels each, from ``series/google_stock.csv``; as many are made.
Published scores of TimeGAN: discriminative 0.102, predictive 0.038. Aim: better than both, an autocorrelation
error below half of the Gaussian's and of the shuffled set's, and 15 minutes of CPU for a fit. ``real`` holds
the real windows against themselves: the floor. ``HMM`` is a hidden Markov model of 10 states.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import fmean, stdev

import numpy as np
import torch
import tyro
from numpy.typing import NDArray
from record import record

from ptarmigan import SeriesGAN
from ptarmigan.estimators.hmm import HiddenMarkov
from ptarmigan.modalities.series import measures as scores
from ptarmigan.modalities.series.source import Series

DATA = Path(os.environ.get("PTARMIGAN_DATA", Path(__file__).parents[2] / "shared" / "data")) / "series"
LENGTH, STATES, ROUNDS = 24, 10, 20
RECIPES: dict[str, dict[str, int]] = {
    "doppelganger": {"steps": 10_000, "chunk": LENGTH, "latent": 100},
    "rcgan": {"steps": 10_000},
    "timegan": {"steps": 6_000},
}
"""Options of the recipes; steps are what fits into the time."""

Floats = NDArray[np.float64]
Maker = Callable[[Floats, int], Floats]
"""Real windows and a seed to as many others."""


def main(
    entries: tuple[str, ...] = ("real", "Gaussian", "shuffled", "HMM", *RECIPES),
    seeds: int = 5,
    steps: int | None = None,
    threads: int = 1,
) -> None:
    """Scores of recipes, of trivial sets, and of a hidden Markov model.

    Args:
        entries: which ones.
        seeds: how many.
        steps: of every recipe's training; as many as fit into the time when None.
        threads: of torch.
    """
    torch.set_num_threads(threads)
    real, _ = Series(str(DATA / "google_stock.csv"), length=LENGTH).read()
    makers: dict[str, Maker] = {
        "real": lambda windows, seed: windows,
        "Gaussian": lambda windows, seed: scores.gaussian(windows, len(windows), seed),
        "shuffled": scores.shuffled,
        "HMM": hidden,
        **{name: learnt(name, steps) for name in RECIPES},
    }
    for name in entries:
        rows = [measured(real, makers[name], seed) for seed in range(seeds)]
        found = {key: [row[key] for row in rows] for key in rows[0]}
        summary = {
            key: {"mean": fmean(values), "deviation": stdev(values) if seeds > 1 else None}
            for key, values in found.items()
        }
        print(name, {key: round(value["mean"], 4) for key, value in summary.items()}, flush=True)
        record("series", {"seeds": seeds, "steps": steps, **summary}, part=name)


def hidden(windows: Floats, seed: int) -> Floats:
    """What a hidden Markov model makes of windows."""
    model = HiddenMarkov(STATES, length=LENGTH, rounds=ROUNDS, random_state=seed).fit(windows)
    return np.asarray(model.sample(len(windows), seed=seed))


def learnt(recipe: str, steps: int | None) -> Maker:
    """What a recipe makes of windows."""
    options = RECIPES[recipe] | ({} if steps is None else {"steps": steps})

    def make(windows: Floats, seed: int) -> Floats:
        model = SeriesGAN(recipe, length=LENGTH, options=options, device="cpu", random_state=seed)
        return np.asarray(model.fit(windows).sample(len(windows), seed=seed))

    return make


def measured(real: Floats, maker: Maker, seed: int) -> dict[str, float]:
    """Every score of what a maker makes, and its CPU time."""
    then = time.process_time()
    fake = maker(real, seed)
    spent = time.process_time() - then
    return {
        "discriminative": scores.discriminative_score(real, fake, seed=seed),
        "predictive": scores.predictive_score(real, fake, seed=seed),
        "autocorrelation": scores.autocorrelation_error(real, fake),
        "cross-correlation": scores.cross_correlation_error(real, fake),
        "spectrum": scores.spectrum_distance(real, fake),
        "cpu_seconds": spent,
    }


if __name__ == "__main__":
    tyro.cli(main)
