"""The figures of a report: translations from those nearest to their targets to the farthest, or some."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ptarmigan.data.permutation import Indices
from ptarmigan.data.samples import Samples
from ptarmigan.modalities.label.space import LabelSpace
from ptarmigan.tasks.task import Figure
from ptarmigan.tasks.translate.cycle import distances
from ptarmigan.tasks.translate.show import OUTPUT, TARGET, Columns, pictured

EACH = 4
"""Rows of each picture."""


def figures(samples: Samples, columns: Columns) -> tuple[Figure, ...]:
    """Pictures of columns of raw inputs, outputs and so on, in rows."""
    return tuple(nearest_to_farthest(samples, columns) if TARGET in columns else some(samples, columns))


def some(samples: Samples, columns: Columns) -> Iterator[Figure]:
    """Rows at equal distances."""
    which = np.unique(np.linspace(0, len(columns[OUTPUT]) - 1, 2 * EACH).round().astype(np.int64))
    yield figure(samples, columns, which, "Some", "Some.")


def nearest_to_farthest(samples: Samples, columns: Columns) -> Iterator[Figure]:
    """The rows whose outputs are nearest to their targets, those in the middle, and the farthest."""
    far, n = distances(samples.space, columns[OUTPUT], columns[TARGET]), len(columns[OUTPUT])
    order, few = np.argsort(far, kind="stable"), min(EACH, -(-n // 3))
    middle = (n - few) // 2
    share = "of the pixels" if isinstance(samples.space, LabelSpace) else "of the range"
    chosen = {"Nearest": order[:few], "Middling": order[middle : middle + few], "Farthest": order[-few:]}
    for name, which in chosen.items():
        median = f"{100 * float(np.median(far[which])):.1f} % {share}"
        yield figure(samples, columns, which, name, f"{name} to the target: {median}.")


def figure(samples: Samples, columns: Columns, which: Indices, name: str, caption: str) -> Figure:
    """A picture of some rows."""
    picture = pictured(samples, {title: raw[which] for title, raw in columns.items()})
    return Figure(picture, f"translations: {name}", caption)
