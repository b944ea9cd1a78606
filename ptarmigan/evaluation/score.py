"""The judge's face: scores of a run, or of any two sets of samples, whoever made them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from ptarmigan import zoo
from ptarmigan.data.samples import ArraySource, Samples
from ptarmigan.evaluation import samples
from ptarmigan.evaluation.request import Asked, Seen, Weights
from ptarmigan.evaluation.written import keep
from ptarmigan.media.progress import status
from ptarmigan.metrics import measures
from ptarmigan.modalities.series import evaluate as series
from ptarmigan.modalities.series import panel as ordered
from ptarmigan.modalities.series.space import NUMBERED, SeriesSpace
from ptarmigan.modalities.table import evaluate as tables
from ptarmigan.modalities.table.alike import is_table
from ptarmigan.modalities.table.space import TableSpace
from ptarmigan.tasks.choice import task_type
from ptarmigan.tasks.translate import evaluate as translations
from ptarmigan.tasks.translate.translation import Translate
from ptarmigan.trained import Trained, load
from ptarmigan.training import run_folder as folders
from ptarmigan.training.options import build
from ptarmigan.training.run import Run


def score(
    real: Any,
    fake: Any,
    *,
    metrics: Sequence[str] = (),
    features: Seen = "auto",
    weights: Weights = None,
    size: str = "",
    crop: bool = False,
    length: int = 0,
    id: str = NUMBERED,
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
        metrics: which measures, by their short names; the usual ones when empty.
        features: what is looked at: auto, classifier, selfsupervised, inception, dinov2, squeezenet,
            resnet20, pixels; or a function of raw samples to vectors.
        weights: a file of the extractor's weights, where it is not to be downloaded.
        size: resize all images to HxW first.
        crop: cut them to that shape instead of squeezing.
        length: both are series, and windows of so many steps are scored; they are none when 0.
        id: the column that says which series a row is of, where a table has it.
        time: the column that orders the rows of a series, where a table has it.
        metadata: columns that are the same in all rows of a series, which are not scored.
        held_out: of tables, real rows that the samples were not learnt from.
        target: of tables, a column of a few values that classifiers are to tell from the others.
        n: score so many of the samples; all when None.
        quiet: show no progress.

    Returns:
        ``{"real", "fake", "samples", "features", "scores", "warnings"}``, with ``scored`` for every name.

    Raises:
        ValueError: something cannot be read, the two do not have the same form, or nothing fits them.
        FileNotFoundError: there is nothing of that name.
    """
    with status(shown=not quiet) as tell:
        asked = Asked(metrics, features, weights, held_out, target, tell)
        if length:
            found = series.of_two(real, fake, n, asked, length=length, id=id, time=time, metadata=metadata)
        elif is_table(real) and is_table(fake):
            found = tables.of_two(real, fake, n, asked)
        else:
            found = samples.of_two(real, fake, n, asked, size, crop)
    return {"real": named(real), "fake": named(fake), **found}


def score_run(
    folder: Path,
    *,
    n: int = 10_000,
    seed: int = 0,
    best: bool = False,
    device: str = "auto",
    metrics: Sequence[str] = (),
    features: Seen = "auto",
    weights: Weights = None,
    held_out: Any = None,
    target: str = "",
    quiet: bool = True,
) -> dict[str, Any]:
    """Score ``n`` samples of a run, and keep the scores in its ``scores.json``.

    Of a translation they are made of inputs that are not trained on, where there are such.

    Args:
        folder: the run's folder.
        n: how many samples are scored; of a translation as many as there are inputs, at most.
        seed: names the samples.
        best: the weights with the best score during training, not the last.
        device: where to make the samples.
        metrics: as ``score`` has them.
        features: as ``score`` has them.
        weights: as ``score`` has them.
        held_out: as ``score`` has it.
        target: as ``score`` has it.
        quiet: show no progress.

    Returns:
        What ``score`` returns, with ``run``, ``step`` and ``seed`` and without ``real`` and ``fake``.

    Raises:
        ValueError: the folder holds no finished run, or ``n`` is not positive.
        FileNotFoundError: the data of the run is not to be had.
    """
    description = folders.load(folder)
    trained = load(folder, best=best, device=device)
    run = build(zoo.recipe(description["recipe"]), description["options"])
    with status(shown=not quiet) as tell:
        found = of_run(run, trained, n, seed, Asked(metrics, features, weights, held_out, target, tell))
    return keep(folder, {"step": trained.description["step"], "seed": seed, **found})


def of_run(run: Run, trained: Trained, n: int, seed: int, asked: Asked) -> dict[str, Any]:
    """The scores of ``n`` samples of a run, by the judge of what it makes."""
    if task_type(run.game) is Translate:
        return translations.of_run(run, trained, n, seed, asked)
    if isinstance(trained.space, TableSpace):
        return tables.of_run(run, trained, n, seed, asked)
    if isinstance(trained.space, SeriesSpace):
        return series.of_run(run, trained, n, seed, asked)
    return samples.of_run(run, trained, n, seed, asked)


def of_made(real: Samples, raw: NDArray[Any], names: Iterable[str]) -> dict[str, Any]:
    """The scores of these names of rows, points or series that no run made, as ``of_run`` measures a run's.

    Args:
        real: the samples of a run.
        raw: what somebody else made of them.
        names: of the scores.
    """
    if isinstance(real.space, SeriesSpace):
        return series.of_made(real, raw, Asked(ordered.keys_of(names)))
    made = Samples(ArraySource(raw), real.space, batch=1)
    return samples.of_two(real, made, None, Asked(measures.keys_of(names)))


def named(data: Any) -> str:
    """Data in words."""
    return str(data) if isinstance(data, str | os.PathLike) else type(data).__name__
