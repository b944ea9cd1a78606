"""Scores of a run, or of any samples against real ones."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.reading import Reading, reading_of
from ptarmigan.data.samples import Samples
from ptarmigan.evaluation.pair import check_options, evaluator_of, recognise_both
from ptarmigan.evaluation.written import plain_evaluation, write_scores
from ptarmigan.media.progress import status
from ptarmigan.metrics.measure import Wanted, keys_of
from ptarmigan.metrics.request import Extractor, Request, Weights
from ptarmigan.modalities.registry import modality_of
from ptarmigan.trained import Trained, load, rebuild
from ptarmigan.training import run_folder as folders
from ptarmigan.training.data_of_run import changed
from ptarmigan.training.run import Run

WINDOWS = "series"
"""The kind of two sources where a ``length`` is given and no kind."""


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
    reading: Reading = Reading(),
) -> dict[str, Any]:
    """Score any samples against real ones.

    Args:
        real: the real samples: a name, a folder, an archive or a file, an array, a torch Dataset. Where it
            has a test split, that is compared with.
        fake: the samples to score, of the same forms.
        metrics: measures by their short names; a ``Measure`` of your own, or a function of raw real samples
            and raw generated ones to a number; the default ones when empty.
        features: the feature extractor: auto, classifier, selfsupervised, inception, dinov2, squeezenet,
            resnet20, pixels; or a function of raw samples to vectors.
        weights: a file of the extractor's weights, where it is not to be downloaded.
        kind: ``image``, ``table``, …, where it is not clear from the data.
        size: of images, resize all to HxW first.
        crop: of images, crop them to that shape instead of squeezing.
        length: both are series, unless ``kind`` is given, and windows of this many steps are scored.
        id: of series, the column of a table that identifies the series of a row; series when empty.
        time: of series, the column that orders the rows, where a table has it.
        metadata: of series, columns that are the same in all rows, which are not scored.
        held_out: of tables and text, held-out real samples.
        target: of tables, a column of a few values that classifiers are to predict from the others.
        n: the number of samples to score; all when None.
        quiet: show no progress.
        reading: of tables and series, how text files are read.

    Returns:
        ``{"real", "fake", "kind", "samples", "features", "scores", "warnings"}``, with a ``plain_score`` for
        every name.

    Raises:
        ValueError: something cannot be read, the two do not have the same form, or no measure fits them.
        FileNotFoundError: there is nothing of that name.
    """
    taken = recognise_both(real, fake, kind or (WINDOWS if length else ""))
    of = taken.modality
    data = {"size": size, "crop": crop, "length": length, "id": id, "time": time, "metadata": tuple(metadata)}
    options = check_options(of, {**data, **reading_of(reading)}, of.option_names)
    more = check_options(of, {"held_out": held_out, "target": target}, of.scored_by)
    with status(shown=not quiet) as notify:
        request = Request(metrics, features, weights, n, options=more, notify=notify)
        evaluator, raw = evaluator_of(of, real, fake, request, options)
        found = plain_evaluation(evaluator.evaluate(raw))
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

    Those of a translation are of held-out inputs, where there are any.

    Args:
        folder: the run's folder.
        n: how many samples are scored; of a translation as many as there are inputs, at most.
        seed: the random seed of the samples.
        best: the weights with the best score during training, not the last.
        device: of the samples.
        metrics: see ``score``.
        features: see ``score``.
        weights: see ``score``.
        held_out: see ``score``.
        target: see ``score``.
        quiet: show no progress.
        run: the networks and the data of a run that was made in Python.

    Returns:
        What ``score`` returns, with ``run``, ``step`` and ``seed`` and without ``real``, ``fake`` and
        ``kind``.

    Raises:
        ValueError: the folder holds no finished run, or ``n`` is not positive.
        FileNotFoundError: the data of the run is missing.
    """
    described = folders.load(folder)
    game = None if run is None else copy.deepcopy(run.game)
    trained = load(folder, best=best, device=device, game=game)
    run = rebuild(folder, run)
    others = changed(described, run)
    if others and (reason := trained.space.same_form(run.space)):
        raise ValueError(
            f"{folder}: {others} ({reason}); score --real and --fake take any two sets of samples"
        )
    with folders.writing(folder), status(shown=not quiet) as notify:
        more = {"held_out": held_out, "target": target}
        if isinstance(held_out, str | os.PathLike):
            more |= reading_of(trained.description["options"])
        found = evaluate_run(
            run, trained, n, seed, Request(metrics, features, weights, options=more, notify=notify)
        )
        found["warnings"] += [f"{others[0].upper()}{others[1:]}."] if others else []
        return write_scores(folder, {"step": trained.description.get("step", 0), "seed": seed, **found})


def evaluate_run(run: Run, trained: Trained, n: int, seed: int, request: Request) -> dict[str, Any]:
    """The scores of ``n`` samples of a run, by the evaluator of their kind.

    Raises:
        ValueError: an option does not fit this kind of samples, or a measure is unknown.
    """
    kind = modality_of(run.space)
    request = replace(request, options=check_options(kind, request.options, kind.scored_by))
    return plain_evaluation(trained.evaluate(run.samples, n, seed, request))


def evaluate_raw(real: Samples, raw: NDArray[Any], names: Iterable[str]) -> dict[str, Any]:
    """The named scores of any raw samples, measured as those of a run.

    Args:
        real: the samples of a run.
        raw: generated samples, not by a run.
        names: of the scores.
    """
    evaluator = modality_of(real.space).evaluator
    known = evaluator(real, Request(["all"], n=len(raw))).measures
    request = Request(keys_of(known, {*names}), n=len(raw))
    return plain_evaluation(evaluator(real, request).evaluate(np.asarray(raw)))


def named(data: Any) -> str:
    """A description of data in words."""
    return str(data) if isinstance(data, str | os.PathLike) else type(data).__name__
