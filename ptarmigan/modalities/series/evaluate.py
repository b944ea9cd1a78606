"""The judge of series."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.samples import Samples
from ptarmigan.evaluation.request import Asked, counted
from ptarmigan.evaluation.written import written
from ptarmigan.modalities.series import panel as ordered
from ptarmigan.modalities.series.source import comparable
from ptarmigan.modalities.series.space import SeriesSpace
from ptarmigan.trained import Trained
from ptarmigan.training.run import Run


def of_two(real: Any, fake: Any, n: int | None, asked: Asked, **form: Any) -> dict[str, Any]:
    """The scores of ``n`` series; ``form`` has their length and the columns that tell them apart."""
    asked.of_no_table()
    series, others = comparable(real, fake, **form)
    return scores(series, others[: counted(len(others), n)], asked)


def of_run(run: Run, trained: Trained, n: int, seed: int, asked: Asked) -> dict[str, Any]:
    """The scores of ``n`` series that a run makes, less their metadata."""
    asked.of_no_table()
    return of_made(run.samples, trained.sample(n, seed=seed), asked)


def of_made(samples: Samples, made: NDArray[Any], asked: Asked) -> dict[str, Any]:
    """The scores of series like those of a run, less their metadata."""
    assert isinstance(samples.space, SeriesSpace)
    channels = slice(0, samples.space.channels)
    real = samples.source.read(np.arange(len(samples)))
    return scores(real[:, :, channels], made[:, :, channels], asked)


def scores(real: NDArray[Any], fake: NDArray[Any], asked: Asked) -> dict[str, Any]:
    """Beside those of a Gaussian and of shuffled real series."""
    verdict = ordered.judged(real, fake, ordered.chosen(asked.metrics), asked.tell)
    return written(verdict, len(fake), "series")
