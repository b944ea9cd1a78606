"""Trackers of experiments: what a run logs, sent to Weights & Biases, MLflow, SwanLab or a plug-in's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from ptarmigan.core.errors import one_line
from ptarmigan.training.loggers import Logger

GROUP = "ptarmigan.observers"
"""Entry points of plug-ins: a name, and what makes a ``Logger`` of a run's folder."""
BUILT_IN = {
    "wandb": ("ptarmigan.training.trackers.wandb", "WandB"),
    "mlflow": ("ptarmigan.training.trackers.mlflow", "MLflow"),
    "swanlab": ("ptarmigan.training.trackers.swanlab", "SwanLab"),
}
ALWAYS = "tensorboard"
"""Every run writes its events, so there is nothing to do."""


def trackers(names: Sequence[str], folder: Path) -> list[Logger]:
    """The trackers of these names, as loggers of the run in ``folder``; nothing is sent yet.

    Raises:
        ValueError: there is no such tracker, or its package is missing or cannot be imported.
    """
    return [maker(name)(folder) for name in dict.fromkeys(names) if name != ALWAYS]


def maker(name: str) -> Callable[[Path], Logger]:
    """What makes the tracker of this name.

    Raises:
        ValueError: there is none, or a plug-in's cannot be imported.
    """
    if name in BUILT_IN:
        module, found = BUILT_IN[name]
        made: Any = getattr(import_module(module), found)
        return made  # type: ignore[no-any-return]
    points = {point.name: point for point in entry_points(group=GROUP)}
    if name not in points:
        known = ", ".join([*BUILT_IN, ALWAYS, *points])
        raise ValueError(f"there is no tracker {name!r}: --report-to takes {known}")
    try:
        return points[name].load()  # type: ignore[no-any-return]
    except Exception as error:  # a plug-in may raise anything
        raise ValueError(
            f"the tracker {name!r} of a plug-in cannot be imported ({one_line(error)})"
        ) from error
