"""Detectors of anomalies on real sets, beside an isolation forest, a PCA and PyOD's GANs.

    python benchmarks/anomaly.py sets [--recipes ganomaly] [--names thyroid cardio] [--seeds 5] [--pyod ALAD]
    python benchmarks/anomaly.py kdd [--recipes alad]
    python benchmarks/anomaly.py arrhythmia [--recipes alad]

``sets``: the area under the ROC curve on eight sets of ADBench and ODDS. Five seeds decide the split as well:
70 % of the rows to train on, 30 % to ask about, stratified. Detectors are fitted twice: to all rows that
are to train on, unlabelled, and to the normal ones among them. ``--pyod ALAD AnoGAN SO_GAAL`` adds those of
PyOD, which is to be installed for it, as they come; its AnoGAN searches for row after row, which takes an
hour on the largest set.
``kdd``: KDD-99 10 % as ALAD (Zenati et al. 2018, arXiv 1812.02288) and DAGMM have it: connections that are
normal are the rare ones, and so the anomalies; half of the rows, without anomalies, to train on; of the other
half the 20 % with the highest scores are called anomalies. Published F1: ALAD 0.950, EGBAD 0.937, isolation
forest 0.929, AnoGAN 0.887. Aim: 0.94.
``arrhythmia``: ten random halves, the normal rows of one to train on, the 15 % with the highest scores of the
other called anomalies. Published F1: isolation forest 0.530, ALAD 0.515. Aim: 0.50.
"""

from __future__ import annotations

import csv
import gzip
import io
import os
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import numpy as np
import torch
import tyro
from numpy.typing import NDArray
from record import record
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.metrics import precision_recall_fscore_support, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from ptarmigan import AnomalyGAN

DATA = Path(os.environ.get("PTARMIGAN_DATA", Path(__file__).parents[2] / "shared" / "data")) / "anomaly"
SETS = {
    "breastw": "4_breastw",
    "cardio": "6_cardio",
    "mnist": "24_mnist",
    "pendigits": "28_pendigits",
    "satellite": "30_satellite",
    "shuttle": "32_shuttle",
    "thyroid": "38_thyroid",
    "arrhythmia": "arrhythmia",
}
FITTED = ("all rows", "normal rows")
RECIPES = ("ganomaly", "bigan", "fanogan", "alad")
CATEGORIES = (1, 2, 3, 6, 11, 20, 21)
"""Columns of KDD-99 that are one-hot, which makes 121: protocol, service, flag, and four that are 0 or 1."""
KDD_RARE, ARRHYTHMIA_RARE = 20, 15
"""Per cent of the rows asked about that are called anomalies."""

Rows = NDArray[np.float64]
Truth = NDArray[np.int64]
Scorer = Callable[[Rows, Rows, int], Rows]
"""Rows to fit to, rows to ask about and a seed to the abnormality of the latter."""


def sets(
    recipes: tuple[str, ...] = RECIPES,
    names: tuple[str, ...] = tuple(SETS),
    seeds: int = 5,
    pyod: tuple[str, ...] = (),
    steps: int | None = None,
    fitted: tuple[str, ...] = FITTED,
) -> None:
    """Areas under the ROC curve.

    Args:
        recipes: which ones.
        names: of the sets.
        seeds: how many.
        pyod: detectors of PyOD, too.
        steps: of every recipe; its own when None.
        fitted: to which rows.
    """
    scorers = {**classical(), **gans(recipes, steps), **(pyods(pyod) if pyod else {})}
    for kind in fitted:
        table: dict[str, dict[str, Any]] = {}
        for name in names:
            table[name] = {}
            for label, scorer in scorers.items():
                rows = [on_set(name, scorer, seed, kind == FITTED[1]) for seed in range(seeds)]
                table[name][label] = summary(rows)
                print(kind, name, label, table[name][label], flush=True)
        means = {label: round(fmean(table[n][label]["auroc"] for n in names), 4) for label in scorers}
        print(kind, means)
        part = f"sets, fitted to {kind}" + ("" if tuple(names) == tuple(SETS) else f": {' '.join(names)}")
        record("anomaly", {"seeds": seeds, "means": means, "sets": table}, part=part)


def kdd(recipes: tuple[str, ...] = RECIPES, seeds: int = 3, steps: int | None = None) -> None:
    """KDD-99 as ALAD has it.

    Args:
        recipes: which ones.
        seeds: how many.
        steps: of every recipe; its own when None.
    """
    rows, truth = kdd_rows()
    halves(rows, truth, {**classical(), **gans(recipes, steps)}, seeds, KDD_RARE, "KDD-99")


def arrhythmia(recipes: tuple[str, ...] = RECIPES, seeds: int = 10, steps: int | None = None) -> None:
    """Arrhythmia, fitted to normal rows.

    Args:
        recipes: which ones.
        seeds: how many.
        steps: of every recipe; its own when None.
    """
    rows, truth = loaded("arrhythmia")
    halves(rows, truth, {**classical(), **gans(recipes, steps)}, seeds, ARRHYTHMIA_RARE, "arrhythmia")


def halves(rows: Rows, truth: Truth, scorers: dict[str, Scorer], seeds: int, rare: int, part: str) -> None:
    """Precision, recall and F1 on random halves; the highest ``rare`` per cent of scores are anomalies."""
    found = {}
    for label, scorer in scorers.items():
        runs = [on_half(rows, truth, scorer, seed, rare) for seed in range(seeds)]
        found[label] = summary(runs)
        print(part, label, found[label], flush=True)
    record("anomaly", {"seeds": seeds, "detectors": found}, part=part)


def on_half(rows: Rows, truth: Truth, scorer: Scorer, seed: int, rare: int) -> dict[str, float]:
    order = np.random.default_rng(seed).permutation(len(rows))
    train, asked = np.split(order, [len(rows) // 2])
    then = time.process_time()
    scores = scorer(rows[train][truth[train] == 0], rows[asked], seed)
    spent = time.process_time() - then
    called = scores >= np.percentile(scores, 100 - rare)
    precision, recall, f1, _ = precision_recall_fscore_support(truth[asked], called, average="binary")
    area = roc_auc_score(truth[asked], scores)
    return {"precision": precision, "recall": recall, "f1": f1, "auroc": area, "cpu_seconds": spent}


def on_set(name: str, scorer: Scorer, seed: int, normal: bool) -> dict[str, float]:
    rows, truth = loaded(name)
    train, asked, known, answers = train_test_split(
        rows, truth, test_size=0.3, stratify=truth, random_state=seed
    )
    then = time.process_time()
    scores = scorer(train[known == 0] if normal else train, asked, seed)
    return {"auroc": roc_auc_score(answers, scores), "cpu_seconds": time.process_time() - then}


def summary(runs: list[dict[str, float]]) -> dict[str, float]:
    """Means, and deviations of what is not a time."""
    means = {key: round(fmean(run[key] for run in runs), 4) for key in runs[0]}
    spread = {
        f"{key} deviation": round(stdev(run[key] for run in runs), 4)
        for key in runs[0]
        if len(runs) > 1 and key != "cpu_seconds"
    }
    return means | spread


def gans(recipes: tuple[str, ...], steps: int | None) -> dict[str, Scorer]:
    """The zoo's, as they come."""

    def scorer(recipe: str) -> Scorer:
        def score(normal: Rows, asked: Rows, seed: int) -> Rows:
            return -AnomalyGAN(recipe, steps=steps, random_state=seed).fit(normal).score_samples(asked)

        return score

    return {recipe: scorer(recipe) for recipe in recipes}


def classical() -> dict[str, Scorer]:
    """Without a network."""

    def forest(normal: Rows, asked: Rows, seed: int) -> Rows:
        return -IsolationForest(random_state=seed).fit(normal).score_samples(asked)

    def pca(normal: Rows, asked: Rows, seed: int) -> Rows:
        scaler = StandardScaler().fit(normal)
        x, y = scaler.transform(normal), scaler.transform(asked)
        found = PCA(0.9, svd_solver="full").fit(x)
        return np.square(y - found.inverse_transform(found.transform(y))).sum(1)

    return {"isolation forest": forest, "PCA": pca}


def pyods(names: tuple[str, ...]) -> dict[str, Scorer]:
    """PyOD's GANs of these names as they come, on standardised rows."""
    from pyod.models.alad import ALAD
    from pyod.models.anogan import AnoGAN
    from pyod.models.so_gaal import SO_GAAL

    def scorer(kind: type) -> Scorer:
        def score(normal: Rows, asked: Rows, seed: int) -> Rows:
            torch.manual_seed(seed)
            np.random.seed(seed)
            scaler = StandardScaler().fit(normal)
            with redirect_stdout(io.StringIO()):  # SO_GAAL prints every epoch
                model = kind().fit(scaler.transform(normal))
            return model.decision_function(scaler.transform(asked))

        return score

    kinds = {kind.__name__: kind for kind in (ALAD, AnoGAN, SO_GAAL)}
    return {f"PyOD {name}": scorer(kinds[name]) for name in names}


def loaded(name: str) -> tuple[Rows, Truth]:
    """A set's rows, and which of them are anomalies."""
    with np.load(DATA / f"{SETS[name]}.npz") as archive:
        return archive["X"].astype(np.float64), archive["y"].astype(np.int64)


def kdd_rows() -> tuple[Rows, Truth]:
    """494,021 connections as 121 numbers; normal ones are the anomalies."""
    with gzip.open(DATA / "kddcup99_10_percent.csv.gz", "rt", newline="") as file:
        cells = np.array(list(csv.reader(file)), dtype=object)
    words = list(CATEGORIES)
    numbers = [i for i in range(cells.shape[1] - 1) if i not in CATEGORIES]
    one_hot = OneHotEncoder(sparse_output=False).fit_transform(cells[:, words])
    truth = np.char.startswith(cells[:, -1].astype(str), "normal").astype(np.int64)
    return np.hstack([cells[:, numbers].astype(np.float64), one_hot]), truth


if __name__ == "__main__":
    torch.set_num_threads(1)
    tyro.extras.subcommand_cli_from_dict({"sets": sets, "kdd": kdd, "arrhythmia": arrhythmia})
