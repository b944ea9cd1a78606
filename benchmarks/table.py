"""Tables: simulated ones under their own likelihood, and Adult, beside trivial tables and the ctgan package.

    python benchmarks/table.py simulated [--recipes ctgan] [--seeds 5] [--steps N]
    python benchmarks/table.py adult [--recipes ctgan] [--seeds 5] [--steps N] [--ctgan]

``simulated``: 10,000 rows of the grid (25 Gaussians) and of the ring (8), variance 0.05, as SDGym has them
(Xu et al. 2019, arXiv 1907.00503): the mean log-density of as many synthetic rows under a mixture fitted to
10,000 test rows, and of the test rows under one fitted to the synthetic. Published, of the real rows: -3.06,
-3.06 and -1.70, -1.70; CTGAN: -5.63, -3.69 and -3.43, -2.19; TVAE: -2.86, -11.26 and -1.68, -1.79. Aim:
within 0.35 of the real rows'.
``adult``: 23,000 rows to train on, 9,561 to test: F1 for incomes above 50K of classifiers that learnt from
synthetic rows (published: real rows 0.669, TVAE 0.626, CTGAN 0.601; aim 0.63), column shapes and pair
trends, seconds and memory of the fit. ``--ctgan`` adds the package, which is to be installed for it, as it
comes.
"""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import numpy as np
import pandas as pd
import tyro
from record import record

from ptarmigan import TableGAN
from ptarmigan.data.mixture import Mixture
from ptarmigan.metrics.likelihood import likelihoods
from ptarmigan.modalities.point.source import mixture
from ptarmigan.modalities.table.efficacy import efficacy
from ptarmigan.modalities.table.measures import column_shapes, pair_trends
from ptarmigan.modalities.table.source import Table, read_frame

DATA = Path(os.environ.get("PTARMIGAN_DATA", Path(__file__).parents[2] / "shared" / "data"))
DEVIATION = 0.05**0.5
ROWS, TRAIN = 10_000, 23_000
REAL, ALONE, AGAIN = "real rows", "independent columns", "bootstrap"

Maker = Callable[[pd.DataFrame, int], pd.DataFrame]
"""Rows to learn from and a seed to as many synthetic rows."""


def simulated(
    recipes: tuple[str, ...] = ("ctgan",), seeds: int = 5, steps: int | None = None, rows: int = ROWS
) -> None:
    """Likelihoods on the grid and the ring."""
    figures: dict[str, Any] = {}
    for name in ("grid", "ring"):
        known = mixture(name)
        assert known is not None
        known = Mixture(known.centres, DEVIATION)
        for maker in (REAL, *recipes):
            found = [likelihood(known, maker, seed, steps, rows) for seed in range(seeds)]
            figures.setdefault(name, {})[maker] = summary(found)
            print(name, maker, figures[name][maker])
    record("table", figures, part="simulated", note=f"{seeds} seeds, {rows:,} rows")


def likelihood(known: Mixture, maker: str, seed: int, steps: int | None, rows: int) -> dict[str, float]:
    """Both likelihoods of one synthetic table."""
    rng = np.random.default_rng(seed)
    train, test, fresh = (pd.DataFrame(known.draw(rows, rng), columns=["x", "y"]) for _ in range(3))
    made = fresh if maker == REAL else of_recipe(maker, steps)(train, seed)
    return likelihoods(made.to_numpy(), test.to_numpy(), len(known.centres))._asdict()


def adult(
    recipes: tuple[str, ...] = ("ctgan",), seeds: int = 5, steps: int | None = None, ctgan: bool = False
) -> None:
    """Efficacy, shapes and trends on Adult."""
    makers = [REAL, ALONE, AGAIN, *recipes, *(["package"] if ctgan else [])]
    figures = {}
    for maker in makers:
        found = []
        for seed in range(seeds):  # a process each, so that the memory is its own
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
                found.append(pool.submit(one_adult, maker, seed, steps).result())
        figures[maker] = summary(found)
        print(maker, figures[maker])
    beside = " beside the ctgan package" if ctgan else ""
    record(
        "table",
        figures,
        part=f"adult{beside}",
        note=f"{seeds} seeds; memory is the peak of the process, in MiB",
    )


def one_adult(maker: str, seed: int, steps: int | None) -> dict[str, float]:
    """All figures of one synthetic Adult."""
    frame = read_frame(DATA / "table" / "adult.csv.gz")
    order = np.random.default_rng(seed).permutation(len(frame))
    train, test = frame.iloc[order[:TRAIN]], frame.iloc[order[TRAIN:]]
    makers = {
        REAL: lambda rows, seed: rows,
        ALONE: lambda rows, seed: pd.DataFrame(
            {name: rows[name].sample(frac=1, random_state=seed + i).to_numpy() for i, name in enumerate(rows)}
        ),
        AGAIN: lambda rows, seed: rows.sample(frac=1, replace=True, random_state=seed),
        "package": of_package,
    }
    began, start = time.monotonic(), time.process_time()
    made = makers.get(maker, of_recipe(maker, steps))(train, seed)
    spent = {
        "seconds": time.monotonic() - began,
        "processor seconds": time.process_time() - start,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    samples = Table(pd.concat([train, made.astype(train.dtypes)])).open(batch=1)
    raw = samples.source.read(np.arange(len(samples)))
    real, fake = raw[: len(train)], raw[len(train) :]
    scores = efficacy(made, test, "income", ">50K")
    return {
        "F1": scores["mean"],
        "column shapes": column_shapes(samples.space.columns, real, fake),
        "pair trends": pair_trends(samples.space.columns, real, fake),
        **spent,
    }


def of_recipe(name: str, steps: int | None) -> Maker:
    """Rows by a recipe of the zoo."""

    def make(rows: pd.DataFrame, seed: int) -> pd.DataFrame:
        return TableGAN(name, steps=steps, random_state=seed).fit(rows).sample(len(rows), seed=seed)

    return make


def of_package(rows: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Rows by the ctgan package at its defaults."""
    from ctgan import CTGAN

    model = CTGAN()
    model.set_random_state(seed)
    model.fit(rows, [name for name in rows if rows[name].dtype.kind not in "if"])
    return model.sample(len(rows))


def summary(found: list[dict[str, float]]) -> dict[str, list[float]]:
    """Mean and deviation of every figure."""
    names = found[0]
    spread = {name: stdev([f[name] for f in found]) if len(found) > 1 else 0.0 for name in names}
    return {name: [round(fmean(f[name] for f in found), 4), round(spread[name], 4)] for name in names}


if __name__ == "__main__":
    tyro.extras.subcommand_cli_from_dict({"simulated": simulated, "adult": adult})
