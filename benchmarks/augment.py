"""A class that is 1 % of the training set: what making more of it by a GAN gains over other ways.

    python benchmarks/augment.py play adult [--seeds 0 1 2 3 4] [--steps 2000] [--ratio 0.05]
    python benchmarks/augment.py play fashion [--seeds 0 1 2 3 4]
    python benchmarks/augment.py total

``play`` writes a file for each seed in runs/augment, and leaves out those that are there, so it can be played
piece by piece; ``total`` records what there is. The area under precision and recall (average precision) is of
real samples that nothing was learnt from, weighed so that the rare class is 1 % of them, too.
``adult``: 17,000 rows with incomes up to 50K and 172 above; the classifier is gradient-boosted trees.
``fashion``: 10,000 images of Fashion-MNIST, 100 of them of one class, seed 0 of T-shirts, seed 1 of trousers
and so on; the classifier is a small convolutional network, asked about the 10,000 images of the test set.
Aim: the GAN is better than SMOTE and random oversampling by more than the 95 % interval of the difference.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
import tyro
from numpy.typing import NDArray
from record import record

from ptarmigan import GANOverSampler
from ptarmigan.estimators.oversampler import up_to
from ptarmigan.evaluation.oversampling.trial import GAN, MEASURES, Trial, class_scores, predict
from ptarmigan.evaluation.oversampling.trial import methods as compared
from ptarmigan.modalities.image.labelled import ImageClassifier
from ptarmigan.modalities.image.source import Images
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.labelled import DownstreamClassifier
from ptarmigan.modalities.table.labelled import RowClassifier
from ptarmigan.modalities.table.source import read_frame

DATA = Path(os.environ.get("PTARMIGAN_DATA", Path(__file__).parents[2] / "shared" / "data"))
PLACE = Path("runs") / "augment"
RARE = 0.01
LEARNT = {"adult": 17_172, "fashion": 10_000}
"""Samples to learn from."""
Set = Literal["adult", "fashion"]
Split = tuple[DownstreamClassifier, Any, NDArray[np.int64], Any, NDArray[np.int64], int]
"""A classifier; samples to learn from, those to ask about, each with classes; and the rare class."""


def play(
    data: tyro.conf.Positional[Set],
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4),
    recipe: str = "",
    steps: int = 0,
    ratio: float = 1.0,
    methods: tuple[str, ...] = (),
) -> None:
    """Every method on a set, seed by seed.

    Args:
        data: which set.
        seeds: they name the samples that are learnt from, and every random choice.
        recipe: of the GAN; GANOverSampler's own when empty.
        steps: of the GAN; the recipe's own when 0.
        ratio: samples of the rare class for one of the most frequent, with those that the GAN makes.
        methods: those to play; all when empty.
    """
    PLACE.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        path = PLACE / f"{data}-{seed}.json"
        found = json.loads(path.read_text()) if path.exists() else {}
        classifier, x, c, test, truth, rare = {"adult": adult, "fashion": fashion}[data](seed)
        how: dict[str, Any] = {"steps": steps or None, "random_state": seed}
        sampler = GANOverSampler(recipe or None, sampling_strategy=up_to(ratio), **how)
        classes = int(c.max()) + 1
        for name, method in compared(classifier, sampler, seed).items():
            said = f"{recipe or 'default'}, {steps or 'default'} steps, ratio {ratio:g}"
            label = f"{name} ({said})" if name == GAN else name
            if label in found or (methods and name not in methods):
                continue
            then = time.process_time()
            probabilities = predict(classifier, method, x, c, test, classes, seed)
            found[label] = {
                **class_scores(truth == rare, probabilities, rare, weights(truth == rare)),
                "processor seconds": time.process_time() - then,
            }
            print(data, seed, label, {k: round(v, 4) for k, v in found[label].items()}, flush=True)
            path.write_text(json.dumps(found, indent=1))


def total() -> None:
    """Record what was played: of every GAN beside the methods that the same seeds have."""
    for data in ("adult", "fashion"):
        files = sorted(PLACE.glob(f"{data}-*.json"))
        played = {int(path.stem.split("-")[1]): json.loads(path.read_text()) for path in files}
        for label in sorted({name for found in played.values() for name in found if name.startswith(GAN)}):
            seeds = [seed for seed, found in played.items() if label in found]
            others = [name for name in played[seeds[0]] if not name.startswith(GAN)]
            figures = {
                (GAN if name == label else name): {
                    measure: [played[seed][name][measure] for seed in seeds] for measure in MEASURES
                }
                for name in (*others, label)
            }
            trial = Trial("", RARE, 0.0, figures)
            for row in trial.table():
                print(" | ".join(row))
            print(f"{data}, {label}, seeds {seeds}: {trial.verdict()}")
            spent = [played[seed][label]["processor seconds"] for seed in seeds]
            whole = trial.plain() | {"seeds": seeds, "GAN": label, "processor seconds": spent}
            del whole["class"], whole["protocol"], whole["splits"]
            record("augment", whole, part=f"{data}, {label}", note=f"{len(seeds)} seeds; gains are paired")


def adult(seed: int) -> Split:
    """Rows of Adult."""
    frame = read_frame(DATA / "table" / "adult.csv.gz")
    order = np.random.default_rng(seed).permutation(len(frame))
    frame = frame.iloc[order].reset_index(drop=True)
    c = (frame["income"] == ">50K").to_numpy(np.int64)
    x = frame.drop(columns="income")
    train, test = thinned(c, 1, LEARNT["adult"])
    return RowClassifier(x), x.iloc[train].reset_index(drop=True), c[train], x.iloc[test], c[test], 1


def fashion(seed: int) -> Split:
    """Images of Fashion-MNIST."""
    samples = Images(str(DATA / "fashion_mnist")).open(batch=1)
    rare, labels = seed % 10, samples.source.labels
    assert labels is not None
    order = np.random.default_rng(seed).permutation(len(samples))
    train, _ = thinned(labels[order], rare, LEARNT["fashion"])
    train = order[train]
    assert isinstance(samples.space, ImageSpace)
    test = samples.held_out
    asked_about = test.read(np.arange(len(test))), test.labels
    return ImageClassifier(samples.space), samples.source.read(train), labels[train], *asked_about, rare


def thinned(c: NDArray[np.int64], rare: int, n: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """``n`` of the samples in which a class is rare, shuffled already; and all others."""
    few = round(RARE * n)
    train = np.concatenate([np.flatnonzero(c != rare)[: n - few], np.flatnonzero(c == rare)[:few]])
    return train, np.setdiff1d(np.arange(len(c)), train)


def weights(truth: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Of samples, by which the rare class is 1 % of them."""
    return np.where(truth, RARE / truth.mean(), (1 - RARE) / (1 - truth.mean()))


if __name__ == "__main__":
    torch.set_num_threads(1)
    tyro.extras.subcommand_cli_from_dict({"play": play, "total": total})
