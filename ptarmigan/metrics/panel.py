"""Measures of samples, with the real reference and the scores of trivial baselines."""

from __future__ import annotations

import hashlib
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.samples import ArraySource, Source
from ptarmigan.metrics.estimate import Estimate
from ptarmigan.metrics.measure import Measure, Reference, Scale
from ptarmigan.metrics.request import Notify, ignore
from ptarmigan.metrics.view import View, raw_view


@dataclass(frozen=True)
class Score:
    """One score of a set of samples, with the scores of real samples and of baselines.

    Attributes:
        scale: its name, unit and direction.
        value: the number and its standard error.
        real: the real reference, the score of other real samples; None where it is unknown.
        baselines: the scores of trivial generators.
        protocol: all that must be equal for two numbers to be comparable, in words.
        bounds: baselines that copy real samples, and need not be beaten.
    """

    scale: Scale
    value: Estimate
    real: float | None
    baselines: dict[str, float]
    protocol: str
    bounds: tuple[str, ...] = ()

    @property
    def beaten_by(self) -> tuple[str, ...]:
        """The baselines that score better by more than the error; none where real samples do not either."""
        sign = 1 if self.scale.lower_is_better else -1
        margin = 2 * self.value.error if math.isfinite(self.value.error) else 0.0
        if self.real is not None and sign * (self.value.value - self.real) <= 0:
            return ()
        return tuple(
            name
            for name, other in self.baselines.items()
            if name not in self.bounds and sign * (self.value.value - other) > margin
        )


@dataclass(frozen=True)
class Evaluation:
    """All scores of a set of samples, and warnings about them.

    Attributes:
        samples: how many were scored.
        features: the name of the features.
        hash: their digest; empty where they have none.
        scores: in the order of the measures.
        warnings: a sentence each.
    """

    samples: int
    features: str
    hash: str
    scores: tuple[Score, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Metric:
    """One score of raw samples during training: without an error and baselines.

    Attributes:
        name: of the score.
        unit: of the score.
        lower_is_better: its direction.
        protocol: all that must be equal for two numbers to be comparable, in words.
        samples: how many samples it is defined on.
        real: the real reference: a generator need not score better.
    """

    name: str
    unit: str
    lower_is_better: bool
    protocol: str
    samples: int
    real: float
    measure: Callable[[NDArray[Any]], float] = field(repr=False)

    def __call__(self, raw: NDArray[Any]) -> float:
        """The score of ``raw``, one sample a row, in the data's own units.

        Raises:
            ValueError: there are more or fewer samples than it is defined on.
        """
        if len(raw) != self.samples:
            raise ValueError(f"{self.name} is defined on {self.samples:,} samples and was given {len(raw):,}")
        return self.measure(raw)


class Panel(ABC):
    """Measures, and the real samples that they compare with.

    Args:
        measures: those that do not fit the real samples are left out.
        reference: the real samples.
        n: how many samples are scored.
        notify: is called with a line on what is being computed.

    Attributes:
        features: the name of the features.
        hash: their digest; empty where they have none.
    """

    features = ""
    hash = ""

    def __init__(
        self, measures: Iterable[Measure], reference: Reference, n: int, notify: Notify = ignore
    ) -> None:
        self.reference, self.n, self.notify = reference, n, notify
        self.measures = tuple(m for m in measures if not m.unfit(reference))

    @abstractmethod
    def view(self, source: Source) -> View:
        """The view of samples that the measures take.

        Raises:
            ValueError: they cannot be scored.
        """

    @abstractmethod
    def real(self, measure: Measure) -> tuple[Reference, View]:
        """Real samples to compare with, and others that are scored for the real reference."""

    @abstractmethod
    def protocol(self, measure: Measure, scale: Scale) -> str:
        """All that must be equal for two numbers to be comparable, in words."""

    def baselines(self, measure: Measure) -> Mapping[str, View]:
        """The samples of trivial generators, by their names."""
        return {}

    def bounds(self, measure: Measure) -> tuple[str, ...]:
        """Baselines that need not be beaten."""
        return ()

    def warnings(self, view: View) -> Iterable[str]:
        """Warnings about samples."""
        return ()

    def real_scores(self, measure: Measure) -> tuple[float | None, ...]:
        """The real reference of each number."""
        if measure.real is not None:
            return measure.real(self.reference)
        reference, other = self.real(measure)
        return tuple(found.value for found in measure.against(reference)(other))

    def evaluate(self, source: Source) -> Evaluation:
        """The scores of samples.

        Raises:
            ValueError: there are not ``n`` of them, or they cannot be scored.
        """
        if len(source) != self.n:
            raise ValueError(f"{self.n:,} samples are to be scored, and {len(source):,} were given")
        self.notify("features of the generated samples")
        view = self.view(source)
        scores: list[Score] = []
        warnings = list(self.warnings(view))
        for measure in self.measures:
            self.notify(", ".join(scale.name for scale in measure.scales))
            try:
                scores += self._scores(measure, view)
                caveat = measure.caveat(self.reference)
            except ValueError as error:  # such as too few samples for this one
                caveat = f"{measure.scales[0].name}: not measured, as {error}"
            warnings += [caveat] if caveat else []
        return Evaluation(self.n, self.features, self.hash, tuple(scores), tuple(warnings))

    def _scores(self, measure: Measure, view: View) -> list[Score]:
        against = measure.against(self.reference)
        values = against(view)
        baselines = {name: against(made) for name, made in self.baselines(measure).items()}
        real = self.real_scores(measure)
        return [
            Score(
                scale,
                values[i],
                real[i],
                {name: found[i].value for name, found in baselines.items()},
                self.protocol(measure, scale),
                self.bounds(measure),
            )
            for i, scale in enumerate(measure.scales)
        ]

    def metrics(self) -> tuple[Metric, ...]:
        """Every number of the measures as a metric for training."""
        last = Last(self)
        return tuple(
            Metric(
                name=scale.name,
                unit=scale.unit,
                lower_is_better=scale.lower_is_better,
                protocol=self.protocol(measure, scale),
                samples=self.n,
                real=float("nan") if real is None else real,
                measure=last.number(measure, i),
            )
            for measure in self.measures
            for i, (scale, real) in enumerate(zip(measure.scales, self.real_scores(measure), strict=True))
        )


class Last:
    """The last view of a panel, so that all of its measures share it."""

    def __init__(self, panel: Panel) -> None:
        self.panel = panel
        self.last: tuple[str, View] | None = None

    def view(self, raw: NDArray[Any]) -> View:
        """The view of raw samples."""
        digest = hashlib.blake2b(raw.tobytes()).hexdigest()
        if self.last is None or self.last[0] != digest:
            self.last = digest, self.panel.view(ArraySource(raw))
        return self.last[1]

    def number(self, measure: Measure, i: int) -> Callable[[NDArray[Any]], float]:
        """One number of a measure."""
        against = measure.against(self.panel.reference)
        return lambda raw: against(self.view(raw))[i].value


class RawPanel(Panel):
    """Measures of raw samples, without features, in the order in which they come.

    Args:
        measures: of raw samples.
        real: raw real samples.
        halves: two halves of them; the second one's score against the first is the real reference.
        n: how many samples are scored.
        words: the protocol, to which the note of every measure is added.
        baselines: raw samples of trivial generators, by their names.
        select: the part of raw samples that is measured, such as some of the columns.
        features: its name.
        warning: about the scores; empty for none.
        errors: whether standard errors are computed.
        notify: is called with a line on what is being computed.
    """

    def __init__(
        self,
        measures: Iterable[Measure],
        real: NDArray[Any],
        halves: tuple[NDArray[Any], NDArray[Any]],
        n: int,
        words: str,
        *,
        baselines: Mapping[str, NDArray[Any]] | None = None,
        select: Callable[[NDArray[Any]], NDArray[Any]] = lambda raw: raw,
        features: str = "",
        warning: str = "",
        errors: bool = True,
        notify: Notify = ignore,
    ) -> None:
        view = raw_view(real)
        super().__init__(measures, Reference(view, view, has_held_out=False, errors=errors), n, notify)
        half, rest = map(raw_view, halves)
        self.halves = Reference(half, half, has_held_out=False, errors=False), rest
        self.words, self.select, self.features, self.warning = words, select, features, warning
        self.generated = {name: raw_view(raw) for name, raw in (baselines or {}).items()}

    def view(self, source: Source) -> View:
        """The selected part of raw samples."""
        return raw_view(self.select(source.read(np.arange(len(source)))))

    def real(self, measure: Measure) -> tuple[Reference, View]:
        """The two halves."""
        return self.halves

    def baselines(self, measure: Measure) -> Mapping[str, View]:
        """The samples of trivial generators."""
        return self.generated

    def protocol(self, measure: Measure, scale: Scale) -> str:
        """The words, and the note of the measure."""
        return "; ".join(filter(None, (self.words, scale.note)))

    def warnings(self, view: View) -> Iterable[str]:
        """The warning, if there is one."""
        return (self.warning,) if self.warning else ()
