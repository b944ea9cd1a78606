"""How good rows are: shapes, trends, a classifier, copies and distances, beside three tables of no GAN."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.permutation import permute
from ptarmigan.data.samples import ArraySource, Samples, Source
from ptarmigan.metrics.estimate import Estimate, mean_of
from ptarmigan.metrics.evaluator import Evaluator, count_of
from ptarmigan.metrics.features import Vectors
from ptarmigan.metrics.measure import Estimates, Measure, Measured, Reference, Scale, chosen
from ptarmigan.metrics.measures import LOOKED_AT, TIMES_LARGE
from ptarmigan.metrics.memorised import equal
from ptarmigan.metrics.panel import Evaluation, RawPanel
from ptarmigan.metrics.quick import REFERENCE
from ptarmigan.metrics.request import Request
from ptarmigan.metrics.search import nearest
from ptarmigan.metrics.thorough import Baselines, ThoroughPanel
from ptarmigan.metrics.two_sample import classifier_test
from ptarmigan.metrics.view import Set, View
from ptarmigan.modalities.table.alike import together
from ptarmigan.modalities.table.column import Column, Floats, is_number, numbers
from ptarmigan.modalities.table.copula import gaussian_copula
from ptarmigan.modalities.table.efficacy import efficacy
from ptarmigan.modalities.table.measures import bootstrap as redrawn
from ptarmigan.modalities.table.measures import column_shapes, independent, pair_trends
from ptarmigan.modalities.table.source import Table
from ptarmigan.modalities.table.space import TableSpace

if TYPE_CHECKING:
    import pandas as pd

INDEPENDENT, COPULA, BOOTSTRAP = "independent columns", "Gaussian copula", "bootstrap"
TOLD = 50
"""Values of a column that is told from the others, at most."""
TINY = np.finfo(np.float64).tiny
EFFICACY = "efficacy"
UNTESTED = "classifiers were tested on the rows that were learnt from: --held-out tests them on others"
BESIDE = "columns drawn apart, a Gaussian copula of ranks, and real rows drawn again"


class Places:
    """Rows as vectors whose distances mean something.

    A number is the share of real rows below it, and goes on by their range outside of it; a missing one is in
    the middle, and 1 in a place of its own. Of other columns, two different values are as far apart as the
    ends of a column of numbers.

    Args:
        columns: what rows hold.
        real: raw rows, by which the shares are.
    """

    name, hash = "rows", ""

    def __init__(self, columns: Sequence[Column], real: Floats) -> None:
        self.columns = [(i, column) for i, column in enumerate(columns) if column.width]
        self.known = {
            i: shares(numbers(column, real[:, i])) for i, column in self.columns if is_number(column)
        }

    def __call__(self, raw: NDArray[Any]) -> Vectors:
        """``(n, columns)`` to ``(n, d)``."""
        return np.concatenate([self.part(i, column, raw[:, i]) for i, column in self.columns], 1)

    def part(self, i: int, column: Column, cells: Floats) -> Vectors:
        """One column."""
        if i not in self.known:
            return column.encode(cells) / np.float32((2 * len(column.sizes)) ** 0.5)
        cells = numbers(column, cells)
        gone = np.isnan(cells)
        values, below = self.known[i]
        outside = (cells - np.clip(cells, values[0], values[-1])) / max(values[-1] - values[0], TINY)
        place = np.where(gone, 0.5, np.interp(cells, values, below) + np.clip(outside, -1, 1))
        return np.stack([place, gone], 1).astype(np.float32)


def shares(cells: Floats) -> tuple[Floats, Floats]:
    """Every number that occurs, and the share of cells below it and half of those with it."""
    values, counts = np.unique(cells[~np.isnan(cells)], return_counts=True)
    if not len(values):
        return np.zeros(1), np.full(1, 0.5)
    return values, (np.cumsum(counts) - counts / 2) / counts.sum()


def evaluator(samples: Samples, request: Request) -> Evaluator:
    """The evaluator of rows of a table.

    Raises:
        ValueError: ``n`` is not positive.
    """
    space, n = samples.space, count_of(samples, request)
    assert isinstance(space, TableSpace)
    values = [str(column.name) for column in space.columns if column.by_value]

    def thorough(source: Source) -> Evaluation:
        real, fake = (space.frame(some.read(np.arange(len(some)))) for some in (samples.source, source))
        evaluator, made = beside(real, fake, values, replace(request, n=n))
        return evaluator.evaluate(made)

    def quick() -> tuple[RawPanel]:
        chosen = permute(np.arange(min(REFERENCE, len(samples))), len(samples), "score", "reference")
        raw = samples.source.read(np.sort(chosen))
        words = (
            f"{n:,} rows against {len(raw):,} of the table, ids and constants left out; floor from one half "
            "of these against the other"
        )
        brief = (m.said(replace(m.scales[0], note="")) for m in measures(space) if m.quick)
        return (RawPanel(brief, raw, (raw[::2], raw[1::2]), n, words, errors=False),)

    target = request.options.get("target", "")
    return Evaluator(n, wanted(measures(space, target), request), thorough, quick)


def between(
    real: Any, fake: Any, request: Request, options: Mapping[str, Any]
) -> tuple[Evaluator, NDArray[Any]]:
    """The evaluator of rows beside those of another table, and the raw rows that it is to score.

    Args:
        real: what ``Table`` takes as data.
        fake: the same.
        request: what is asked.
        options: of ``Table``.
    """
    rows, made = Table(real, **options).frame(), Table(fake, **options).frame()
    n = request.count(len(made))
    return beside(rows, made[:n], options.get("categorical", ()), replace(request, n=n))


def beside(
    real: pd.DataFrame, fake: pd.DataFrame, categorical: Sequence[str], request: Request
) -> tuple[Evaluator, NDArray[Any]]:
    """The evaluator of a frame's rows beside real ones, and the raw rows, in a space that holds both.

    Raises:
        ValueError: there is no such measure or column, the tables cannot be compared, or real rows are all
            the same.
    """
    held_out, target = request.options.get("held_out"), request.options.get("target", "")
    others = [fake] if held_out is None else [fake, Table(held_out).frame()]
    space, (train, made, *rest) = together(real, others, categorical)
    columns, source, n = space.columns, ArraySource(train), len(made)
    generators: Baselines = {
        INDEPENDENT: lambda some, n: independent(some.raw(), n),
        COPULA: lambda some, n: gaussian_copula(columns, some.raw(), n),
        BOOTSTRAP: lambda some, n: redrawn(some.raw(), n),
    }
    panel = ThoroughPanel(
        Places(columns, train),
        source,
        ArraySource(rest[0]) if rest else source,
        wanted(measures(space, target), request),
        n,
        what=f"{sum(bool(c.width) for c in columns)} columns, ids and constants left out",
        baselines=generators,
        bounds=(BOOTSTRAP,),
        beside=BESIDE,
        tell=request.tell,
    )

    def thorough(some: Source) -> Evaluation:
        found = panel.evaluate(some)
        untested = (UNTESTED,) if target and not rest else ()
        return replace(found, warnings=(*found.warnings, *untested))

    return Evaluator(n, panel.measures, thorough, tuple), made


def wanted(known: Sequence[Measure], request: Request) -> tuple[Measure, ...]:
    """The measures of rows that are asked for.

    Raises:
        ValueError: there is no such measure of tables.
    """
    if EFFICACY in request.metrics and all(measure.key != EFFICACY for measure in known):
        raise ValueError("--metrics efficacy: name the column to be told (--target)")
    return chosen(known, request.metrics, "tables")


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
                    f"boosted trees on {LOOKED_AT:,} of each; 1/2 is chance",
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
    raw = some.raw(LOOKED_AT)
    cells = np.stack([numbers(column, raw[:, i]) for i, column in enumerate(columns) if column.width], 1)
    there = np.where(np.isnan(cells), np.inf, cells).min(0)
    below = np.where(np.isinf(there), 0, there) - 1
    return np.where(np.isnan(cells), below, cells)


def _copies(reference: Reference) -> Measured:
    return lambda fake: (mean_of(equal(reference.train.set, fake.set.raw())[0]),)


def _distance(reference: Reference) -> Measured:
    train = reference.train.features
    if reference.apart:
        real = nearest(train, reference.real.features[:LOOKED_AT], 2)[1]
    else:  # what a new row would have: every row's distances to the others
        real = nearest(train, train[:LOOKED_AT], 3)[1][:, 1:]
    if not real[:, 0].any():
        raise ValueError("every real row has a twin: distances to the nearest tell nothing")
    distance, share = real[:, 0].mean(), _singular(real).mean()

    def measure(fake: View) -> Estimates:
        found = nearest(train, fake.features[:LOOKED_AT], 2)[1]
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
