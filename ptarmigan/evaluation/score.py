"""Scores of a run, or of any two sets of samples, whoever made them."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.samples import Samples
from ptarmigan.evaluation.pair import evaluator_of, of_kind, of_one_kind
from ptarmigan.evaluation.written import keep, written
from ptarmigan.media.progress import status
from ptarmigan.metrics.measure import Wanted, keys_of
from ptarmigan.metrics.request import Extractor, Request, Weights
from ptarmigan.modalities.registry import modality_of
from ptarmigan.trained import Trained, load, rebuild
from ptarmigan.training import run_folder as folders
from ptarmigan.training.run import Run

WINDOWS = "series"
"""What two sources are taken for where a ``length`` is given and no kind."""


def score(
    real: Any,
    fake: Any,
    *,
    metrics: Sequence[Wanted] = (),
    features: Extractor = "auto",
    weights: Weights = None,
    kind: str = "",
    size: str = "",
    crop: bool = False,
    length: int = 0,
    id: str = "",
    time: str = "",
    metadata: Sequence[str] = (),
    held_out: Any = None,
    target: str = "",
    n: int | None = None,
    quiet: bool = True,
) -> dict[str, Any]:
    """Score any samples against real ones.

    Args:
        real: what training takes as data: a name, a folder, an archive or a file, an array, a torch Dataset.
            Where it has a test split, that is compared with.
        fake: the samples to score, alike.
        metrics: which measures, by their short names; a ``Measure`` of one's own, or a function of raw real
            samples and raw generated ones to a number; the usual ones when empty.
        features: what is looked at: auto, classifier, selfsupervised, inception, dinov2, squeezenet,
            resnet20, pixels; or a function of raw samples to vectors.
        weights: a file of the extractor's weights, where it is not to be downloaded.
        kind: what both are (``image``, ``table``, …), where they do not tell.
        size: of images, resize all to HxW first.
        crop: of images, cut them to that shape instead of squeezing.
        length: both are series, unless ``kind`` says otherwise, and windows of so many steps are scored.
        id: of series, the column that says which one a row is of, where a table has it; series when empty.
        time: of series, the column that orders the rows, where a table has it.
        metadata: of series, columns that are the same in all rows, which are not scored.
        held_out: of tables, real rows that the samples were not learnt from.
        target: of tables, a column of a few values that classifiers are to tell from the others.
        n: score so many of the samples; all when None.
        quiet: show no progress.

    Returns:
        ``{"real", "fake", "kind", "samples", "features", "scores", "warnings"}``, with ``scored`` for every
        name.

    Raises:
        ValueError: something cannot be read, the two do not have the same form, or nothing fits them.
        FileNotFoundError: there is nothing of that name.
    """
    taken = of_one_kind(real, fake, kind or (WINDOWS if length else ""))
    of = taken.modality
    data = {"size": size, "crop": crop, "length": length, "id": id, "time": time, "metadata": tuple(metadata)}
    options = of_kind(of, data, of.option_names)
    more = of_kind(of, {"held_out": held_out, "target": target}, of.scored_by)
    with status(shown=not quiet) as tell:
        request = Request(metrics, features, weights, n, options=more, tell=tell)
        evaluator, raw = evaluator_of(of, real, fake, request, options)
        found = written(evaluator.evaluate(raw))
    return {"real": named(real), "fake": named(fake), "kind": of.name, **found}


def score_run(
    folder: Path,
    *,
    n: int = 10_000,
    seed: int = 0,
    best: bool = False,
    device: str = "auto",
    metrics: Sequence[Wanted] = (),
    features: Extractor = "auto",
    weights: Weights = None,
    held_out: Any = None,
    target: str = "",
    quiet: bool = True,
    run: Run | None = None,
) -> dict[str, Any]:
    """Score ``n`` samples of a run, and keep the scores in its ``scores.json``.

    Of a translation they are made of inputs that are not trained on, where there are such.

    Args:
        folder: the run's folder.
        n: how many samples are scored; of a translation as many as there are inputs, at most.
        seed: the random seed of the samples.
        best: the weights with the best score during training, not the last.
        device: where to make the samples.
        metrics: as ``score`` has them.
        features: as ``score`` has them.
        weights: as ``score`` has them.
        held_out: as ``score`` has it.
        target: as ``score`` has it.
        quiet: show no progress.
        run: has the networks and the data of a run that was put together in Python.

    Returns:
        What ``score`` returns, with ``run``, ``step`` and ``seed`` and without ``real``, ``fake`` and
        ``kind``.

    Raises:
        ValueError: the folder holds no finished run, or ``n`` is not positive.
        FileNotFoundError: the data of the run is not to be had.
    """
    folders.load(folder)
    game = None if run is None else copy.deepcopy(run.game)
    trained = load(folder, best=best, device=device, game=game)
    run = rebuild(folder, run)
    with folders.writing(folder), status(shown=not quiet) as tell:
        more = {"held_out": held_out, "target": target}
        found = of_run(run, trained, n, seed, Request(metrics, features, weights, options=more, tell=tell))
        return keep(folder, {"step": trained.description.get("step", 0), "seed": seed, **found})


def of_run(run: Run, trained: Trained, n: int, seed: int, request: Request) -> dict[str, Any]:
    """The scores of ``n`` samples of a run, by the evaluator of what it makes.

    Raises:
        ValueError: an option is given that samples of this kind do not have, or there is no such measure.
    """
    kind = modality_of(run.space)
    request = replace(request, options=of_kind(kind, request.options, kind.scored_by))
    return written(trained.evaluate(run.samples, n, seed, request))


def of_made(real: Samples, raw: NDArray[Any], names: Iterable[str]) -> dict[str, Any]:
    """The scores of these names of raw samples that no run made, as ``of_run`` measures a run's.

    Args:
        real: the samples of a run.
        raw: what somebody else made of them.
        names: of the scores.
    """
    evaluator = modality_of(real.space).evaluator
    known = evaluator(real, Request(["all"], n=len(raw))).measures
    request = Request(keys_of(known, {*names}), n=len(raw))
    return written(evaluator(real, request).evaluate(np.asarray(raw)))


def named(data: Any) -> str:
    """Data in words."""
    return str(data) if isinstance(data, str | os.PathLike) else type(data).__name__
