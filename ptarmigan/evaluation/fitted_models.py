"""Models without networks that are fitted to the data of runs, to compare with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from statistics import mode
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.samples import Samples
from ptarmigan.estimators.densities import Kernels, Mixture
from ptarmigan.estimators.hmm import HiddenMarkov
from ptarmigan.evaluation.runs import Group, Scored
from ptarmigan.evaluation.score import evaluate_raw
from ptarmigan.modalities.registry import modalities, modality_of
from ptarmigan.trained import rebuild
from ptarmigan.training.run import Run

Raw = NDArray[Any]
DRAWN_SAMPLES = 1_000
"""Samples in a picture, at most."""


def mixture(raw: Raw, n: int, seed: int) -> Raw:
    """``n`` rows of a mixture of Gaussians."""
    return Mixture(random_state=seed).fit(raw).sample(n, seed=seed)


def kernels(raw: Raw, n: int, seed: int) -> Raw:
    """``n`` rows of a kernel density estimate."""
    return Kernels().fit(raw).sample(n, seed=seed)


def hmm(raw: Raw, n: int, seed: int) -> Raw:
    """``n`` series of a hidden Markov model."""
    whole = [series[~np.isnan(series[:, 0])] for series in raw]
    model = HiddenMarkov(length=raw.shape[1], random_state=seed).fit(whole)
    return np.asarray(model.sample(n, seed=seed))


MODELS: dict[str, Callable[[Raw, int, int], Raw]] = {"mixture": mixture, "kernels": kernels, "hmm": hmm}
"""Models by name: from raw samples, a number and a seed to so many generated ones."""


def training_samples(names: Sequence[str], run: Path, given: Run | None = None) -> Samples:
    """The training samples of a run, to which the named models can be fitted.

    Raises:
        ValueError: a model is unknown, given twice or for other data, or there is no run.
        FileNotFoundError: the data is missing.
    """
    unknown = [name for name in names if name not in MODELS]
    if unknown:
        raise ValueError(f"--beside {unknown[0]}: there is no such model; there are {', '.join(MODELS)}")
    if len({*names}) < len(names):
        raise ValueError(f"--beside {' '.join(names)}: one is given twice")
    samples = rebuild(run, given).samples
    for name in names:
        if name not in modality_of(samples.space).models:
            takes = " and ".join(each.plural for each in modalities() if name in each.models)
            raise ValueError(f"--beside {name} is for {takes}, and {run} is a run on other data")
    return samples


def score_models(names: Sequence[str], samples: Samples, groups: Sequence[Group]) -> tuple[Group, ...]:
    """A group for each model, with as many seeds as the largest group of runs, scored in the same way."""
    runs = [run for group in groups for run in group.runs]
    n, scores = mode(run.samples for run in runs), {score for run in runs for score in run.entries}
    seeds = range(max(len(group.runs) for group in groups))
    return tuple(
        Group(name, tuple(score_model(name, samples, n, seed, scores) for seed in seeds)) for name in names
    )


def score_model(name: str, samples: Samples, n: int, seed: int, scores: Iterable[str]) -> Scored:
    """Fit a model to samples, and compute the named scores of ``n`` samples of it."""
    space, raw = samples.space, samples.source.read(np.arange(len(samples)))
    raw = space.scored(raw)
    made = MODELS[name](raw, n, seed)
    found = evaluate_raw(samples, made, scores)
    words = {"recipe": name, "options": {"seed": seed}, "settings": {}}
    return Scored(None, words, 0, n, found["scores"], space.render(made[:DRAWN_SAMPLES], raw[:DRAWN_SAMPLES]))
