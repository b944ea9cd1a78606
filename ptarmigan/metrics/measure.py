"""What a measure is, and how measures are chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self, TypeAlias

from numpy.typing import NDArray

from ptarmigan.metrics.estimate import TIMES, Estimate, bootstrap
from ptarmigan.metrics.view import View

Function: TypeAlias = Callable[[NDArray[Any], NDArray[Any]], float]
"""Raw real samples and raw generated ones to a number."""


@dataclass(frozen=True)
class Scale:
    """What a number says.

    Attributes:
        name: of the measure.
        unit: of the number.
        lower_is_better: its direction.
        note: what of its definition there is to choose.
    """

    name: str
    unit: str
    lower_is_better: bool
    note: str = ""


@dataclass(frozen=True, eq=False)
class Reference:
    """The real samples.

    Attributes:
        real: what is compared with.
        train: what was learnt from; the same where nothing is held out.
        apart: whether they differ.
        conditional: whether the labels of samples are the classes that were asked for.
        errors: whether standard errors are wanted: they take time, and training does without.
    """

    real: View
    train: View
    apart: bool
    conditional: bool = False
    errors: bool = True

    def error(self, statistic: Callable[[Any], float], n: int, times: int) -> float:
        """The bootstrap error of a statistic of ``n`` rows; NaN where errors are not wanted."""
        return bootstrap(statistic, n, times, 0) if self.errors else float("nan")

    def mean(self, values: NDArray[Any]) -> Estimate:
        """The mean of one number a sample."""
        error = self.error(lambda rows: float(values[rows].mean()), len(values), TIMES)
        return Estimate(float(values.mean()), error)


Estimates: TypeAlias = tuple[Estimate, ...]
Measured: TypeAlias = Callable[[View], Estimates]


def nothing(reference: Reference) -> str:
    """Nothing stands in the way, and nothing has to be said."""
    return ""


@dataclass(frozen=True)
class Measure:
    """One or more numbers of samples that are worked out together.

    One's own is made of a function of raw real samples and raw generated ones:

    ```python
    spread = Measure.of(lambda real, fake: abs(fake.std() / real.std() - 1), "spread", unit="share")
    ptarmigan.score(real, fake, metrics=["frechet", spread])
    ```

    Attributes:
        key: its short name, for ``--metrics``.
        scales: what each number says.
        against: real samples to a function of others' view (``view.features``, ``view.set.raw()``) that
            estimates the numbers.
        unfit: why it cannot be measured here, or nothing.
        quick: whether it is quick enough to be measured in training.
        usual: whether it is measured when nothing else is said.
        of_training: whether samples are compared with those for training, so that the real reference is what
            held-out real samples score.
        real: what real samples score, where comparing some with others does not say it; None of a number of
            which it is not known.
        note: what of the protocol depends on the real samples.
        doubt: what has to be said beside it, if anything.
    """

    key: str
    scales: tuple[Scale, ...]
    against: Callable[[Reference], Measured]
    unfit: Callable[[Reference], str] = nothing
    quick: bool = False
    usual: bool = True
    of_training: bool = False
    real: Callable[[Reference], tuple[float | None, ...]] | None = None
    note: Callable[[Reference], str] = nothing
    doubt: Callable[[Reference], str] = nothing

    @classmethod
    def of(cls, function: Function, name: str = "", *, unit: str = "", lower_is_better: bool = True) -> Self:
        """The measure that a function is, without a standard error.

        Args:
            function: ``(raw real samples, raw generated ones) -> float``.
            name: what it measures; the function's own name when empty.
            unit: of the number.
            lower_is_better: its direction.
        """
        name = name or getattr(function, "__name__", type(function).__name__)

        def against(reference: Reference) -> Measured:
            real = reference.real.set.raw()
            return lambda fake: (Estimate(float(function(real, fake.set.raw())), float("nan")),)

        return cls(name, (Scale(name, unit, lower_is_better),), against)

    def said(self, *scales: Scale) -> Self:
        """The same in other words."""
        return replace(self, scales=scales)


Wanted: TypeAlias = str | Measure | Function
"""A measure by its short name, or one's own."""


def chosen(known: Sequence[Measure], wanted: Sequence[Wanted], kind: str = "") -> tuple[Measure, ...]:
    """The measures that are wanted; the usual ones when none is, every known one for ``all``.

    Args:
        known: those that there are.
        wanted: short names of them, and one's own.
        kind: what is measured, for people; any samples when empty.

    Raises:
        ValueError: there is no measure of that name.
    """
    named = {measure.key: measure for measure in known}
    for one in wanted:
        if isinstance(one, str) and one not in (*named, "all"):
            of = f" of {kind}" if kind else ""
            raise ValueError(f"there is no measure {one!r}{of}: choose from {', '.join(named)}, or all")
    own = [one if isinstance(one, Measure) else Measure.of(one) for one in wanted if not isinstance(one, str)]
    if "all" in wanted:
        return *known, *own
    return (*(named[one] for one in wanted if isinstance(one, str)), *own) or tuple(
        measure for measure in known if measure.usual
    )


def keys_of(known: Sequence[Measure], names: set[str]) -> tuple[str, ...]:
    """The short names of the measures that give scores of these names."""
    return tuple(m.key for m in known if names & {scale.name for scale in m.scales})
