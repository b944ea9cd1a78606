"""The evaluator: what training, ``score``, ``compare`` and ``tune`` ask how good samples are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.samples import ArraySource, Samples, Source
from ptarmigan.metrics.features import Embedded, Features, numbers
from ptarmigan.metrics.measure import Measure, chosen
from ptarmigan.metrics.measures import MEASURES, SLICED
from ptarmigan.metrics.panel import Evaluation, Metric, Panel
from ptarmigan.metrics.quick import REFERENCE, QuickPanel
from ptarmigan.metrics.request import Request
from ptarmigan.metrics.thorough import BASELINES, Baselines, ThoroughPanel


@dataclass(frozen=True, eq=False)
class Evaluator:
    """How good ``n`` samples are: thoroughly, and quickly while a run is trained.

    Nothing is worked out before it is asked for.

    Attributes:
        n: how many samples are scored.
        measures: what is measured thoroughly, as far as it fits.
        thorough: the scores of samples.
        quick_panels: what is measured in training; the first number decides which checkpoint is the best.
        features: what of a sample is looked at, where a generator can be measured in the same; else None.
    """

    n: int
    measures: tuple[Measure, ...]
    thorough: Callable[[Source], Evaluation]
    quick_panels: Callable[[], Sequence[Panel]]
    features: Callable[[], Features] | None = None

    def evaluate(
        self, raw: NDArray[Any], classes: NDArray[np.int64] | None = None, names: tuple[str, ...] = ()
    ) -> Evaluation:
        """Scores with standard errors, beside those of real samples and of trivial baselines.

        Args:
            raw: samples in the data's own units, one a row.
            classes: those that they were asked to be, where they were.
            names: of the classes.

        Raises:
            ValueError: there are not ``n`` samples, or they cannot be scored.
        """
        return self.thorough(ArraySource(raw, classes, names or None))

    @cached_property
    def metrics(self) -> tuple[Metric, ...]:
        """What is measured in training; by the first, checkpoints are kept."""
        return tuple(metric for panel in self.quick_panels() for metric in panel.metrics())

    def quick(self, raw: NDArray[Any]) -> dict[str, float]:
        """The numbers of training, by name.

        Raises:
            ValueError: there are not ``n`` samples.
        """
        return {metric.name: metric(raw) for metric in self.metrics}


def by_features(
    samples: Samples,
    request: Request,
    features: Callable[[], Features],
    measures: Iterable[Measure],
    quick: Iterable[Measure],
    *,
    n: int | None = None,
    quick_features: Callable[[], Features] | None = None,
    baselines: Baselines = BASELINES,
) -> Evaluator:
    """The evaluator of samples that are looked at through features.

    Args:
        samples: the real ones.
        request: what is asked.
        features: what of a sample is looked at.
        measures: what can be measured.
        quick: what is measured in training, in its words.
        n: how many samples are scored unless the request says so; as many as there are to compare with, at
            most 10,000, when None.
        quick_features: what is looked at in training; the same when None.
        baselines: trivial generators to compare with.

    Raises:
        ValueError: there is no measure of such a name, or ``n`` is not positive.
    """
    count = count_of(samples, request, n)
    wanted = chosen(tuple(measures), request.metrics)
    known = cache(features)

    @cache
    def panel() -> Panel:
        return ThoroughPanel(
            known(),
            samples.source,
            samples.held_out,
            wanted,
            count,
            what=samples.space.words,
            conditional=request.conditional,
            baselines=baselines,
            tell=request.tell,
        )

    return Evaluator(
        count,
        wanted,
        lambda source: panel().evaluate(source),
        lambda: (QuickPanel((quick_features or known)(), samples, tuple(quick), count),),
        known,
    )


def by_numbers(
    samples: Samples,
    request: Request,
    own: Features,
    unit: str = "units of the data",
    more: tuple[Measure, ...] = (),
) -> Evaluator:
    """The evaluator of samples whose numbers are features enough: in training, by the sliced distance.

    Args:
        samples: the real ones.
        request: what is asked.
        own: the numbers of a sample.
        unit: of these.
        more: what can be measured beside what any samples can.

    Raises:
        ValueError: there are no such features or measures, or ``n`` is not positive.
    """
    (scale,) = SLICED.scales
    quick = (SLICED.said(replace(scale, unit=unit)),)
    features = partial(numbers, request.features, own, request.weights)
    return by_features(samples, request, features, (*more, *MEASURES), quick, quick_features=lambda: own)


def by_embedding(samples: Samples, request: Request) -> Evaluator:
    """The evaluator of samples of which nothing is known but how their space embeds them.

    Raises:
        ValueError: there are no such features or measures, or ``n`` is not positive.
    """
    return by_numbers(samples, request, Embedded(samples.space), "units of the embedding")


def count_of(samples: Samples, request: Request, usual: int | None = None) -> int:
    """How many samples are scored: as many as are asked for, the usual ones, or at most 10,000.

    Raises:
        ValueError: that is none.
    """
    count = request.n if request.n is not None else usual or min(REFERENCE, len(samples.held_out))
    if count < 1:
        raise ValueError(f"a score of {count} samples says nothing: at least 1 is needed (--n)")
    return count
