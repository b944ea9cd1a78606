"""Measures of samples, beside what other real samples and what trivial baselines score."""

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
from ptarmigan.metrics.request import Tell, silent
from ptarmigan.metrics.view import View, raw_view


@dataclass(frozen=True)
class Score:
    """One number of a set of samples, and what it is worth.

    Attributes:
        scale: what was measured, in what unit, which way is better.
        value: the number and its standard error.
        real: the real reference, what other real samples score; None where that cannot be said.
        baselines: what trivial generators score.
        protocol: all that must be equal for two numbers to be comparable, in words.
        bounds: baselines that are made of real samples, and need not be beaten.
    """

    scale: Scale
    value: Estimate
    real: float | None
    baselines: dict[str, float]
    protocol: str
    bounds: tuple[str, ...] = ()

    @property
    def beaten_by(self) -> tuple[str, ...]:
        """The baselines that score better, by more than the error; none where real samples are no better."""
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
    """All scores of a set of samples, and what has to be said beside them.

    Attributes:
        samples: how many were scored.
        features: what of a sample was looked at.
        hash: a digest of that; empty where it has none.
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
    """One number of raw samples, as training works it out: without an error, and beside no baselines.

    Attributes:
        name: what is measured.
        unit: in what unit.
        lower_is_better: its direction.
        protocol: all that must be equal for two numbers to be comparable, in words.
        samples: how many samples it wants.
        real: the real reference; as good as a generator need be.
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
            ValueError: there are more or fewer samples than the protocol says.
        """
        if len(raw) != self.samples:
            raise ValueError(f"{self.name} is defined on {self.samples:,} samples and was given {len(raw):,}")
        return self.measure(raw)


class Panel(ABC):
    """Measures, and the real samples that these compare with.

    Args:
        measures: those that do not fit the real samples are left out.
        reference: the real samples.
        n: how many samples are scored.
        tell: is told what is being done, as it takes a while.

    Attributes:
        features: what of a sample is looked at, in words.
        hash: a digest of that; empty where it has none.
    """

    features = ""
    hash = ""

    def __init__(
        self, measures: Iterable[Measure], reference: Reference, n: int, tell: Tell = silent
    ) -> None:
        self.reference, self.n, self.tell = reference, n, tell
        self.measures = tuple(m for m in measures if not m.unfit(reference))

    @abstractmethod
    def look(self, source: Source) -> View:
        """Samples as the measures see them.

        Raises:
            ValueError: they cannot be scored.
        """

    @abstractmethod
    def real(self, measure: Measure) -> tuple[Reference, View]:
        """Real samples to compare with, and others that are compared with them."""

    @abstractmethod
    def protocol(self, measure: Measure, scale: Scale) -> str:
        """All that must be equal for two numbers to be comparable, in words."""

    def baselines(self, measure: Measure) -> Mapping[str, View]:
        """What trivial generators make, by their names."""
        return {}

    def bounds(self, measure: Measure) -> tuple[str, ...]:
        """Baselines that need not be beaten."""
        return ()

    def warnings(self, view: View) -> Iterable[str]:
        """What has to be said of samples beside their scores."""
        return ()

    def real_scores(self, measure: Measure) -> tuple[float | None, ...]:
        """What other real samples score."""
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
        self.tell("features of the generated samples")
        view = self.look(source)
        scores: list[Score] = []
        warnings = list(self.warnings(view))
        for measure in self.measures:
            self.tell(", ".join(scale.name for scale in measure.scales))
            try:
                scores += self._scores(measure, view)
                doubt = measure.doubt(self.reference)
            except ValueError as error:  # such as too few samples for this one
                doubt = f"{measure.scales[0].name}: not measured, as {error}"
            warnings += [doubt] if doubt else []
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
        """The measures as training takes them."""
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
    """The samples that a panel looked at last, so that all of its measures share one look."""

    def __init__(self, panel: Panel) -> None:
        self.panel = panel
        self.seen: tuple[str, View] | None = None

    def look(self, raw: NDArray[Any]) -> View:
        """Raw samples as the measures see them."""
        digest = hashlib.blake2b(raw.tobytes()).hexdigest()
        if self.seen is None or self.seen[0] != digest:
            self.seen = digest, self.panel.look(ArraySource(raw))
        return self.seen[1]

    def number(self, measure: Measure, i: int) -> Callable[[NDArray[Any]], float]:
        """One number of a measure."""
        against = measure.against(self.panel.reference)
        return lambda raw: against(self.look(raw))[i].value


class RawPanel(Panel):
    """Measures of raw samples as they come, in the order in which they come.

    Args:
        measures: what is measured.
        real: raw real samples.
        halves: two halves of them; the second one's score against the first is the real reference.
        n: how many samples are scored.
        words: the protocol, to which the note of every measure is added.
        baselines: raw samples that trivial generators make, by their names.
        seen: of raw samples what is measured, such as some of the columns.
        features: what is looked at, in words.
        warning: what has to be said beside the scores, if anything.
        errors: whether standard errors are wanted.
        tell: is told what is being done.
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
        seen: Callable[[NDArray[Any]], NDArray[Any]] = lambda raw: raw,
        features: str = "",
        warning: str = "",
        errors: bool = True,
        tell: Tell = silent,
    ) -> None:
        view = raw_view(real)
        super().__init__(measures, Reference(view, view, apart=False, errors=errors), n, tell)
        half, rest = map(raw_view, halves)
        self.halves = Reference(half, half, apart=False, errors=False), rest
        self.words, self.seen, self.features, self.warning = words, seen, features, warning
        self.made = {name: raw_view(raw) for name, raw in (baselines or {}).items()}

    def look(self, source: Source) -> View:
        """Raw samples, or of each what is measured."""
        return raw_view(self.seen(source.read(np.arange(len(source)))))

    def real(self, measure: Measure) -> tuple[Reference, View]:
        """The two halves."""
        return self.halves

    def baselines(self, measure: Measure) -> Mapping[str, View]:
        """What trivial generators make."""
        return self.made

    def protocol(self, measure: Measure, scale: Scale) -> str:
        """The words, and the note of the measure."""
        return "; ".join(filter(None, (self.words, scale.note)))

    def warnings(self, view: View) -> Iterable[str]:
        """The one warning, if there is one."""
        return (self.warning,) if self.warning else ()
