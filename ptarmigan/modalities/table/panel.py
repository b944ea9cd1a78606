"""What is measured of rows beside real ones: shapes, trends, a classifier, copies and distances."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from ptarmigan.metrics.estimate import Estimate, mean_of
from ptarmigan.metrics.measure import Estimates, Measure, Measured, Reference, Scale
from ptarmigan.metrics.measures import SLOW_SAMPLES, TIMES_LARGE
from ptarmigan.metrics.memorised import equal
from ptarmigan.metrics.search import nearest
from ptarmigan.metrics.two_sample import classifier_test
from ptarmigan.metrics.view import Set, View
from ptarmigan.modalities.table.column import Column, Floats, numbers
from ptarmigan.modalities.table.efficacy import efficacy
from ptarmigan.modalities.table.measures import column_shapes, pair_trends
from ptarmigan.modalities.table.space import TableSpace

TOLD = 50
"""Values of a column that is told from the others, at most."""
EFFICACY = "efficacy"


def measures(space: TableSpace, target: str = "") -> tuple[Measure, ...]:
    """What is measured of rows; with the name of a column, also how well others tell it."""
    columns = space.columns
    found = (
        Measure(
            "shapes",
            (
                Scale(
                    "column shapes",
                    "share",
                    False,
                    "1 less Kolmogorov-Smirnov or total variation, of columns",
                ),
            ),
            partial(_alike, columns, column_shapes),
            quick=True,
        ),
        Measure(
            "trends",
            (
                Scale(
                    "pair trends", "share", False, "1 less the difference of correlations or of contingencies"
                ),
            ),
            partial(_alike, columns, pair_trends),
            quick=True,
        ),
        Measure(
            "two-sample",
            (
                Scale(
                    "told from real",
                    "accuracy",
                    True,
                    f"boosted trees on {SLOW_SAMPLES:,} of each; 1/2 is chance",
                ),
            ),
            partial(_told, columns),
        ),
        Measure(
            "copies",
            (Scale("exact copies", "share", True, "of training rows, in every column"),),
            _copies,
            of_training=True,
        ),
        Measure(
            "distance",
            (
                Scale(
                    "distance to training",
                    "ratio",
                    False,
                    "of the mean to the nearest row, to that of real rows",
                ),
                Scale(
                    "neighbour distances",
                    "ratio",
                    False,
                    "of nearest over second nearest, to that of real rows",
                ),
            ),
            _distance,
            of_training=True,
        ),
    )
    return (*found, _efficacy(space, target)) if target else found


def _alike(
    columns: Sequence[Column],
    share: Callable[[Sequence[Column], Floats, Floats], float],
    reference: Reference,
) -> Measured:
    real = reference.real.set.raw()

    def measure(fake: View) -> Estimates:
        rows = fake.set.raw()

        def of(some: Any) -> float:
            return share(columns, real, rows[some])

        return (Estimate(of(slice(None)), reference.error(of, len(rows), TIMES_LARGE)),)

    return measure


def _told(columns: Sequence[Column], reference: Reference) -> Measured:
    real = _plain(columns, reference.real.set)

    def measure(fake: View) -> Estimates:
        made = _plain(columns, fake.set)
        n = min(len(real), len(made))
        return (classifier_test(real[:n], made[:n], learner=_boosted).accuracy,)

    return measure


def _boosted() -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(early_stopping=False, random_state=0)


def _plain(columns: Sequence[Column], some: Set) -> Floats:
    """Some rows as finite numbers, one for each column: for trees."""
    raw = some.raw(SLOW_SAMPLES)
    cells = np.stack([numbers(column, raw[:, i]) for i, column in enumerate(columns) if column.width], 1)
    there = np.where(np.isnan(cells), np.inf, cells).min(0)
    below = np.where(np.isinf(there), 0, there) - 1
    return np.where(np.isnan(cells), below, cells)


def _copies(reference: Reference) -> Measured:
    return lambda fake: (mean_of(equal(reference.train.set, fake.set.raw())[0]),)


def _distance(reference: Reference) -> Measured:
    train = reference.train.features
    if reference.has_held_out:
        real = nearest(train, reference.real.features[:SLOW_SAMPLES], 2)[1]
    else:  # what a new row would have: every row's distances to the others
        real = nearest(train, train[:SLOW_SAMPLES], 3)[1][:, 1:]
    if not real[:, 0].any():
        raise ValueError("every real row has a twin: distances to the nearest tell nothing")
    distance, share = real[:, 0].mean(), _singular(real).mean()

    def measure(fake: View) -> Estimates:
        found = nearest(train, fake.features[:SLOW_SAMPLES], 2)[1]
        return mean_of(found[:, 0] / distance), mean_of(_singular(found) / share)

    return measure


def _singular(distances: Floats) -> Floats:
    """The nearest over the second nearest; 1 where both are copies."""
    first, second = distances.T
    shares: Floats = np.divide(first, second, out=np.ones_like(first), where=second > 0)
    return shares


def _efficacy(space: TableSpace, target: str) -> Measure:
    """How well classifiers that learnt from rows tell a column of real ones.

    Raises:
        ValueError: there is no such column, or it has no few values.
    """
    named = {str(column.name): column for column in space.columns if column.width}
    if target not in named:
        raise ValueError(f"--target {target}: there is no such column; choose from {', '.join(named)}")
    column = named[target]
    several = len(column.values)
    if not 2 <= several <= TOLD:
        what = f"has {several:,} values" if several else f"is learnt as {column.kind}"
        raise ValueError(f"--target {target}: it {what}; choose a column of 2 to {TOLD}")
    positive = column.values[-1] if len(column.values) == 2 else None
    what = "the mean over its values" if positive is None else f"of {positive}"
    note = f"F1, {what}, on real rows, of a tree, AdaBoost, logistic regression and a perceptron"

    def table(some: Set) -> Any:
        return space.frame(some.raw())[[c.name for c in named.values()]]

    def against(reference: Reference) -> Measured:
        real = table(reference.real.set)
        return lambda fake: (
            Estimate(efficacy(table(fake.set), real, column.name, positive)["mean"], float("nan")),
        )

    return Measure(EFFICACY, (Scale(f"efficacy for {target}", "F1", False, note),), against)
