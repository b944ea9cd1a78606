"""The judge of rows of tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ptarmigan.data.samples import ArraySource
from ptarmigan.evaluation.request import Asked, counted
from ptarmigan.evaluation.written import written
from ptarmigan.modalities.table.alike import together
from ptarmigan.modalities.table.panel import table_panel
from ptarmigan.modalities.table.source import Table
from ptarmigan.modalities.table.space import TableSpace
from ptarmigan.trained import Trained
from ptarmigan.training.run import Run

if TYPE_CHECKING:
    import pandas as pd


def of_two(real: Any, fake: Any, n: int | None, asked: Asked) -> dict[str, Any]:
    """The scores of ``n`` rows."""
    rows, made = Table(real).frame(), Table(fake).frame()
    return scores(rows, made[: counted(len(made), n)], (), asked)


def of_run(run: Run, trained: Trained, n: int, seed: int, asked: Asked) -> dict[str, Any]:
    """The scores of ``n`` rows that a run makes."""
    space = trained.space
    assert isinstance(space, TableSpace)
    values = [str(column.name) for column in space.columns if column.by_value]
    real = space.frame(run.samples.source.read(np.arange(len(run.samples))))
    return scores(real, trained.frame(n, seed=seed), values, asked)


def scores(
    real: pd.DataFrame, fake: pd.DataFrame, categorical: Sequence[str], asked: Asked
) -> dict[str, Any]:
    """Beside those of independent columns, a Gaussian copula, and real rows drawn again."""
    others = [fake] if asked.held_out is None else [fake, Table(asked.held_out).frame()]
    space, (train, made, *rest) = together(real, others, categorical)
    held = rest[0] if rest else None
    panel = table_panel(
        space, train, held, len(made), metrics=asked.metrics, target=asked.target, tell=asked.tell
    )
    verdict = panel.judge(ArraySource(made))
    found = written(verdict, panel.n, panel.features.name, panel.features.hash)
    if asked.target and not rest:
        found["warnings"].append(
            "classifiers were tested on the rows that were learnt from: --held-out tests them on others"
        )
    return found
