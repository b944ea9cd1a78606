"""The evaluator, by which training, ``score`` and ``compare`` measure samples."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.samples import ArraySource, Samples, Source
from ptarmigan.metrics.features import EmbeddedFeatures, Features, choose_features
from ptarmigan.metrics.measure import Measure, choose
from ptarmigan.metrics.measures import MEASURES, SLICED
from ptarmigan.metrics.panel import Evaluation, Metric, Panel
from ptarmigan.metrics.quick import REFERENCE, QuickPanel
from ptarmigan.metrics.request import Request
from ptarmigan.metrics.thorough import BASELINE_NAMES, BASELINES, Baselines, ThoroughPanel


@dataclass(frozen=True, eq=False)
class Evaluator:
    """Measures ``n`` samples: thoroughly, or quickly during training.

    All is computed lazily.

    Attributes:
        n: how many samples are scored.
        measures: of the thorough evaluation; those that do not fit the data are left out.
        thorough: the thorough evaluation of samples.
        quick_panels: the measures of training; the first number decides which checkpoint is the best.
        features: the features of samples, where a path length can be measured in them; else None.
        members: samples that are made of every input, one input after another, where ensembles are scored.
        between: two metrics of training, of quality and of diversity, where lower temperatures trade one for
            the other.
    """

    n: int
    measures: tuple[Measure, ...]
    thorough: Callable[[Source], Evaluation]
    quick_panels: Callable[[], Sequence[Panel]]
    features: Callable[[], Features] | None = None
    members: int = 1
    between: tuple[str, str] | None = None

    def evaluate(
        self, raw: NDArray[Any], classes: NDArray[np.int64] | None = None, names: tuple[str, ...] = ()
    ) -> Evaluation:
        """Scores with standard errors, with those of real samples and of trivial baselines.

        Args:
            raw: samples in the data's own units, one a row.
            classes: those of the samples' conditions, where they have one.
            names: of the classes.

        Raises:
            ValueError: there are not ``n`` samples, or they cannot be scored.
        """
        return self.thorough(ArraySource(raw, classes, names or None))

    @cached_property
    def metrics(self) -> tuple[Metric, ...]:
        """The metrics of training; the first decides which checkpoint is the best."""
        return tuple(metric for panel in self.quick_panels() for metric in panel.metrics())

    def quick(self, raw: NDArray[Any]) -> dict[str, float]:
        """The scores of training, by name.

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
    bounds: tuple[str, ...] = (),
    baseline_names: str = BASELINE_NAMES,
) -> Evaluator:
    """The evaluator of samples by their features.

    Args:
        samples: the real ones.
        request: measures, features and number of samples.
        features: makes the feature extractor.
        measures: all that fit the data.
        quick: those of training, with its units.
        n: how many samples are scored unless the request says so; when None, as many as there are held-out
            real ones, at most 10,000.
        quick_features: makes the features of training; ``features`` when None.
        baselines: trivial generators to compare with.
        bounds: those of them that copy real samples, and need not be beaten.
        baseline_names: the baselines in words, for the protocol.

    Raises:
        ValueError: a measure is unknown, or ``n`` is not positive.
    """
    count = count_of(samples, request, n)
    wanted = choose(tuple(measures), request.metrics)
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
            bounds=bounds,
            baseline_names=baseline_names,
            notify=request.notify,
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
    """The evaluator of samples whose numbers are their features; in training, by the sliced distance.

    Args:
        samples: the real ones.
        request: measures, features and number of samples.
        own: the features ``auto``.
        unit: of these.
        more: measures besides those of any samples.

    Raises:
        ValueError: features or a measure are unknown, or ``n`` is not positive.
    """
    (scale,) = SLICED.scales
    quick = (SLICED.with_scales(replace(scale, unit=unit)),)
    features = partial(choose_features, request.features, own, request.weights)
    return by_features(samples, request, features, (*more, *MEASURES), quick, quick_features=lambda: own)


def by_embedding(samples: Samples, request: Request) -> Evaluator:
    """The default evaluator: by the embedding of the samples' space.

    Raises:
        ValueError: features or a measure are unknown, or ``n`` is not positive.
    """
    return by_numbers(samples, request, EmbeddedFeatures(samples.space), "units of the embedding")


def count_of(samples: Samples, request: Request, default: int | None = None) -> int:
    """How many samples are scored: the request's ``n``, or ``default``, or those held out, at most 10,000.

    Raises:
        ValueError: it is not positive.
    """
    count = request.n if request.n is not None else default or min(REFERENCE, len(samples.held_out))
    if count < 1:
        raise ValueError(f"{count} samples cannot be scored: at least 1 is needed (--n)")
    return count
