"""Models without networks that are fitted to the data of runs, and stand beside them."""

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
from ptarmigan.evaluation.score import of_made
from ptarmigan.modalities.registry import modalities, modality_of
from ptarmigan.trained import rebuild
from ptarmigan.training.run import Run

Raw = NDArray[Any]
SHOWN = 1_000
"""Samples of a picture, at most."""


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
"""Models by name: raw samples, how many are wanted and a seed, to those that they make."""


def learnt(names: Sequence[str], run: Path, given: Run | None = None) -> Samples:
    """The samples that a run learnt from, which models of these names can learn, too.

    Raises:
        ValueError: there is no such model, it is named twice or is for other data, or there is no run.
        FileNotFoundError: the data is not to be had.
    """
    unknown = [name for name in names if name not in MODELS]
    if unknown:
        raise ValueError(f"--beside {unknown[0]}: there is no such model; there are {', '.join(MODELS)}")
    if len({*names}) < len(names):
        raise ValueError(f"--beside {' '.join(names)}: one is named twice")
    samples = rebuild(run, given).samples
    for name in names:
        if name not in modality_of(samples.space).models:
            takes = " and ".join(each.plural for each in modalities() if name in each.models)
            raise ValueError(f"--beside {name} is for {takes}, and {run} is a run of others")
    return samples


def beside(names: Sequence[str], samples: Samples, groups: Sequence[Group]) -> tuple[Group, ...]:
    """A group for each model, with as many seeds as the largest group of runs, scored as these were."""
    runs = [run for group in groups for run in group.runs]
    n, scores = mode(run.samples for run in runs), {score for run in runs for score in run.entries}
    seeds = range(max(len(group.runs) for group in groups))
    return tuple(
        Group(name, tuple(scored(name, samples, n, seed, scores) for seed in seeds)) for name in names
    )


def scored(name: str, samples: Samples, n: int, seed: int, scores: Iterable[str]) -> Scored:
    """A model that was fitted to samples, and the scores of these names of ``n`` that it makes."""
    space, raw = samples.space, samples.source.read(np.arange(len(samples)))
    raw = space.scored(raw)
    made = MODELS[name](raw, n, seed)
    found = of_made(samples, made, scores)
    words = {"recipe": name, "options": {"seed": seed}, "settings": {}}
    return Scored(None, words, 0, n, found["scores"], space.render(made[:SHOWN], raw[:SHOWN]))
