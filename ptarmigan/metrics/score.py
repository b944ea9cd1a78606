"""What a run is scored by: metrics with the protocol that makes their numbers comparable."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.mixture import Mixture
from ptarmigan.data.permutation import permute
from ptarmigan.data.samples import Samples, Source
from ptarmigan.metrics.classes import class_balance, classifier_score, confidence
from ptarmigan.metrics.distance import DIRECTIONS, sliced_wasserstein
from ptarmigan.metrics.features import Features, Vectors, extract, numbers
from ptarmigan.metrics.frechet import Moments, frechet, too_few
from ptarmigan.metrics.modes import Modes, modes
from ptarmigan.modalities.image.classifier import Classifier, learn
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.series import panel as ordered
from ptarmigan.modalities.series.space import SeriesSpace
from ptarmigan.modalities.table.column import Column, Floats
from ptarmigan.modalities.table.measures import column_shapes, pair_trends
from ptarmigan.modalities.table.space import TableSpace
from ptarmigan.modalities.vector.space import VectorSpace

REFERENCE = 10_000
"""Real samples to compare with, at most, and the usual number of generated ones."""
POINTS = 2_500
"""Samples of a mixture whose modes are counted, as PacGAN has it."""

Distance: TypeAlias = Callable[[Vectors], Callable[[Vectors], float]]
"""Features of real samples to a function that scores the features of others against them."""


@dataclass(frozen=True, eq=False)
class Metric:
    """A score of raw samples.

    Attributes:
        name: what is measured.
        unit: in what unit.
        lower_is_better: its direction.
        protocol: all that must be equal for two numbers to be comparable, in words.
        samples: how many samples it wants.
        floor: the score of real samples that are not the reference; as good as a generator need be.
    """

    name: str
    unit: str
    lower_is_better: bool
    protocol: str
    samples: int
    floor: float
    measure: Callable[[NDArray[Any]], float] = field(repr=False)

    def __call__(self, raw: NDArray[Any]) -> float:
        """The score of ``raw``, one sample a row, in the data's own units.

        Raises:
            ValueError: there are more or fewer samples than the protocol says.
        """
        if len(raw) != self.samples:
            raise ValueError(f"{self.name} is defined on {self.samples:,} samples and was given {len(raw):,}")
        return self.measure(raw)


def default_metrics(samples: Samples, n: int | None = None, cache: Path | None = None) -> tuple[Metric, ...]:
    """The metrics for what ``samples`` hold; by the first, of which lower is better, checkpoints are kept.

    Images: the Fréchet distance, in the features of a small network trained on the real images, to held-out
    ones; where there are classes, also how these are balanced and how surely they are told. Points of a known
    mixture: how they spread over its modes. Other points: the sliced Wasserstein distance to held-out ones.
    Rows of a table: column shapes and pair trends. Series: the sliced Wasserstein distance, spectrum,
    cross-correlation and autocorrelation.

    Args:
        samples: the real ones.
        n: how many samples will be scored; as many as there are to compare with, at most 10,000, when None
            (2,500 for a mixture).
        cache: where trained networks are kept; ``$PTARMIGAN_CACHE`` or ``~/.cache/ptarmigan`` when None.

    Raises:
        ValueError: ``n`` is not positive, or all real samples are the same.
    """
    if n is None:
        n = POINTS if samples.mixture else min(REFERENCE, len(samples.held_out))
    if n < 1:
        raise ValueError(f"a score of {n} samples says nothing: at least 1 is needed")
    if isinstance(samples.space, ImageSpace):
        return _of_images(samples, samples.space, n, cache)
    if isinstance(samples.space, TableSpace):
        return _of_table(samples, samples.space, n)
    if isinstance(samples.space, SeriesSpace):
        return _of_series(samples, samples.space, n)
    judge = _Judge(numbers(samples.space), samples, n)
    if samples.mixture is not None:
        return _of_mixture(judge, samples.mixture)
    note = f"{DIRECTIONS} directions, seed 0"
    unit = "deviations of a column" if isinstance(samples.space, VectorSpace) else "units of the data"
    return (judge.metric("sliced Wasserstein distance", unit, _sliced, note),)


def _sliced(real: Vectors) -> Callable[[Vectors], float]:
    # a generator that has diverged is to be scored, and badly, not to end the run
    return lambda fake: sliced_wasserstein(fake, real) if np.isfinite(fake).all() else np.inf


def _of_images(samples: Samples, space: ImageSpace, n: int, cache: Path | None) -> tuple[Metric, ...]:
    network = learn(samples.source, space, cache)
    judge = _Judge(network, samples, n)
    first = judge.metric("Fréchet distance", "squared features", _frechet, judge.doubts())
    return (first, *(_of_classes(judge, network) if network.kind == "classifier" else ()))


def _frechet(real: Vectors) -> Callable[[Vectors], float]:
    reference = Moments.of(real)
    # what there is to doubt stands in the protocol, not in a warning at every score
    return lambda fake: frechet(Moments.of(fake), reference, warn=False)


def _of_table(samples: Samples, space: TableSpace, n: int) -> tuple[Metric, ...]:
    chosen = permute(np.arange(min(REFERENCE, len(samples))), len(samples), "score", "reference")
    real = samples.source.read(np.sort(chosen))
    protocol = (
        f"{n:,} rows against {len(real):,} of the table, ids and constants left out; floor from one half of "
        "these against the other"
    )

    def metric(name: str, measure: Callable[[Sequence[Column], Floats, Floats], float]) -> Metric:
        floor = measure(space.columns, real[::2], real[1::2])
        against = partial(measure, space.columns, real)
        return Metric(name, "share", False, protocol, n, floor, against)

    return metric("column shapes", column_shapes), metric("pair trends", pair_trends)


def _of_series(samples: Samples, space: SeriesSpace, n: int) -> tuple[Metric, ...]:
    chosen = permute(np.arange(min(REFERENCE, len(samples))), len(samples), "score", "reference")
    real = samples.source.read(np.sort(chosen))[:, :, : space.channels]
    half, rest = ordered.halves(real)
    said = ordered.protocol(real, n)
    return tuple(
        Metric(
            name=measure.scale.name,
            unit=measure.scale.unit,
            lower_is_better=measure.scale.lower_is_better,
            protocol=f"{said}; {measure.scale.note}",
            samples=n,
            floor=measure.compare(half, rest),
            measure=ordered.against(real, measure.compare),
        )
        for measure in ordered.QUICK
    )


def _of_classes(judge: _Judge, network: Classifier) -> tuple[Metric, ...]:
    told = network.probabilities

    def balance(real: Vectors) -> Callable[[Vectors], float]:
        reference = told(real)
        return lambda fake: class_balance(told(fake), reference)

    return (
        judge.metric("class balance", "nats", balance, "KL of predicted classes"),
        judge.metric("confidence", "probability", lambda _: lambda fake: confidence(told(fake)), lower=False),
        judge.metric(
            "classifier score",
            "classes",
            lambda _: lambda fake: classifier_score(told(fake)),
            "the Inception Score's formula in this classifier's own classes",
            lower=False,
        ),
    )


def _of_mixture(judge: _Judge, mixture: Mixture) -> tuple[Metric, ...]:
    def counted(name: str, unit: str, which: Callable[[Modes], float], note: str, lower: bool) -> Metric:
        def distance(_: Vectors) -> Callable[[Vectors], float]:
            return lambda fake: which(modes(fake, mixture.centres, mixture.sigma))

        return judge.metric(
            name, unit, distance, f"{note}; good within 3 deviations of a centre", lower=lower
        )

    total = len(mixture.centres)
    return (
        counted("mode divergence", "nats", lambda m: m.divergence, "KL over modes and the outside", True),
        counted("reverse KL", "nats", lambda m: m.reverse_kl, "good samples over the modes", True),
        counted("modes", "modes", lambda m: m.found, f"of {total}, with one good sample or more", False),
        counted("good samples", "share", lambda m: m.good, "near any mode", False),
    )


class _Judge:
    """Features of the real samples, computed once, and of the samples last seen, shared by its metrics."""

    def __init__(self, features: Features, samples: Samples, n: int) -> None:
        self.features, self.n = features, n
        self.apart = samples.held_out is not samples.source
        self.reference = _some(features, samples.held_out, REFERENCE, "reference")
        if not (self.reference != self.reference[0]).any():
            raise ValueError("all real samples are the same: there is nothing to score against")
        self.real, self.against = self.reference[1::2], self.reference[::2]
        if self.apart:
            self.real, self.against = _some(features, samples.source, n, "floor"), self.reference
        self._seen: tuple[str, Vectors] | None = None

    def metric(
        self, name: str, unit: str, distance: Distance, note: str = "", *, lower: bool = True
    ) -> Metric:
        """A metric from a distance between features."""
        against = distance(self.reference)
        return Metric(
            name=name,
            unit=unit,
            lower_is_better=lower,
            protocol="; ".join(filter(None, (self.protocol(), note))),
            samples=self.n,
            floor=distance(self.against)(self.real),
            measure=lambda raw: against(self.look(raw)),
        )

    def protocol(self) -> str:
        """Features, counts and reference, in words."""
        kind = (
            "held-out real samples" if self.apart else "the training samples themselves, as none are held out"
        )
        floor = "training samples" if self.apart else f"samples against the other {len(self.against):,}"
        return (
            f"features {self.features.name} ({self.features.hash}); {self.n:,} samples against "
            f"{len(self.reference):,} {kind}; floor from {len(self.real):,} {floor}"
        )

    def doubts(self) -> str:
        """What has to be said beside a Fréchet distance, if anything."""
        return too_few(min(self.n, len(self.reference)), self.reference.shape[1])

    def look(self, raw: NDArray[Any]) -> Vectors:
        """The features of ``raw``; known already where the metric before looked at the same samples."""
        digest = hashlib.blake2b(raw.tobytes()).hexdigest()
        if self._seen is None or self._seen[0] != digest:
            self._seen = digest, self.features(raw)
        return self._seen[1]


def _some(features: Features, source: Source, n: int, name: str) -> Vectors:
    """Features of ``n`` samples of ``source``, or of all where there are fewer."""
    chosen = permute(np.arange(min(n, len(source))), len(source), "score", name)
    return extract(features, source, np.sort(chosen))
