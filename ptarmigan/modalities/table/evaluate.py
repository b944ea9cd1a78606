"""How good rows are: shapes, trends, a classifier, copies and distances, beside three tables of no GAN."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.permutation import permute
from ptarmigan.data.reading import reading_of
from ptarmigan.data.samples import ArraySource, Samples, Source
from ptarmigan.metrics.evaluator import Evaluator, count_of
from ptarmigan.metrics.measure import Measure, choose
from ptarmigan.metrics.panel import Evaluation, RawPanel
from ptarmigan.metrics.quick import REFERENCE
from ptarmigan.metrics.request import Request
from ptarmigan.metrics.thorough import Baselines, ThoroughPanel
from ptarmigan.modalities.table.alike import together
from ptarmigan.modalities.table.copula import gaussian_copula
from ptarmigan.modalities.table.measures import bootstrap as redrawn
from ptarmigan.modalities.table.measures import independent
from ptarmigan.modalities.table.panel import EFFICACY, measures
from ptarmigan.modalities.table.places import Places
from ptarmigan.modalities.table.source import Table
from ptarmigan.modalities.table.space import TableSpace

if TYPE_CHECKING:
    import pandas as pd

INDEPENDENT, COPULA, BOOTSTRAP = "independent columns", "Gaussian copula", "bootstrap"
UNTESTED = "classifiers were tested on the rows that were learnt from: --held-out tests them on others"
BESIDE = "columns drawn apart, a Gaussian copula of ranks, and real rows drawn again"


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
        brief = (m.with_scales(replace(m.scales[0], note="")) for m in measures(space) if m.quick)
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
    request = replace(request, options={**reading_of(options), **request.options})
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
    reading = reading_of(request.options)
    others = [fake] if held_out is None else [fake, Table(held_out, **reading).frame()]
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
        baseline_names=BESIDE,
        notify=request.notify,
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
    return choose(known, request.metrics, "tables")
