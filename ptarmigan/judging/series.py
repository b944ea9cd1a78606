"""The judge of series."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.series import comparable
from ptarmigan.judging.asked import Asked, counted
from ptarmigan.judging.written import written
from ptarmigan.metrics import ordered
from ptarmigan.run import Run
from ptarmigan.spaces.series import SeriesSpace
from ptarmigan.trained import Trained


def of_two(real: Any, fake: Any, n: int | None, asked: Asked, **form: Any) -> dict[str, Any]:
    """The scores of ``n`` series; ``form`` has their length and the columns that tell them apart."""
    asked.of_no_table()
    series, others = comparable(real, fake, **form)
    return scores(series, others[: counted(len(others), n)], asked)


def of_run(run: Run, trained: Trained, n: int, seed: int, asked: Asked) -> dict[str, Any]:
    """The scores of ``n`` series that a run makes, less their metadata."""
    assert isinstance(trained.space, SeriesSpace)
    asked.of_no_table()
    channels = slice(0, trained.space.channels)
    real = run.samples.source.read(np.arange(len(run.samples)))
    return scores(real[:, :, channels], trained.sample(n, seed=seed)[:, :, channels], asked)


def scores(real: NDArray[Any], fake: NDArray[Any], asked: Asked) -> dict[str, Any]:
    """Beside those of a Gaussian and of shuffled real series."""
    verdict = ordered.judged(real, fake, ordered.chosen(asked.metrics), asked.tell)
    return written(verdict, len(fake), "series")
