"""Measures of samples, and how they are chosen."""

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
    """The name, unit and direction of a number.

    Attributes:
        name: of the measure.
        unit: of the number.
        lower_is_better: its direction.
        note: the parameters of its definition, such as the kernel, in words.
    """

    name: str
    unit: str
    lower_is_better: bool
    note: str = ""


@dataclass(frozen=True, eq=False)
class Reference:
    """The real samples to compare with.

    Attributes:
        real: held-out real samples.
        train: training samples; the same where none are held out.
        has_held_out: whether they differ.
        conditional: whether the labels of generated samples are the classes that they were generated for.
        errors: whether standard errors are computed: they take time, so training leaves them out.
    """

    real: View
    train: View
    has_held_out: bool
    conditional: bool = False
    errors: bool = True

    def error(self, statistic: Callable[[Any], float], n: int, times: int) -> float:
        """The bootstrap error of a statistic of ``n`` rows; NaN where errors are not computed."""
        return bootstrap(statistic, n, times, 0) if self.errors else float("nan")

    def mean(self, values: NDArray[Any]) -> Estimate:
        """The mean of one number per sample."""
        error = self.error(lambda rows: float(values[rows].mean()), len(values), TIMES)
        return Estimate(float(values.mean()), error)


Estimates: TypeAlias = tuple[Estimate, ...]
Measured: TypeAlias = Callable[[View], Estimates]


def nothing(reference: Reference) -> str:
    """No reason, note or caveat."""
    return ""


@dataclass(frozen=True)
class Measure:
    """One or more numbers of samples that are computed together.

    One of your own is a function of raw real samples and raw generated ones:

    ```python
    spread = Measure.of(lambda real, fake: abs(fake.std() / real.std() - 1), "spread", unit="share")
    ptarmigan.score(real, fake, metrics=["frechet", spread])
    ```

    Attributes:
        key: its short name, for ``--metrics``.
        scales: the name, unit and direction of each number.
        against: from the real samples to a function of a view of generated ones (``view.features``,
            ``view.set.raw()``) that estimates the numbers.
        unfit: why it cannot be measured on these data; empty where it can.
        quick: whether it is quick enough for training.
        default: whether it is measured by default.
        of_training: whether samples are compared with the training samples, so that the real reference is the
            score of held-out real samples.
        real: the real reference, where it is not the score of some real samples against others; None for a
            number of which it is unknown.
        note: the part of the protocol that depends on the real samples.
        caveat: a warning about its numbers; empty for none.
    """

    key: str
    scales: tuple[Scale, ...]
    against: Callable[[Reference], Measured]
    unfit: Callable[[Reference], str] = nothing
    quick: bool = False
    default: bool = True
    of_training: bool = False
    real: Callable[[Reference], tuple[float | None, ...]] | None = None
    note: Callable[[Reference], str] = nothing
    caveat: Callable[[Reference], str] = nothing

    @classmethod
    def of(cls, function: Function, name: str = "", *, unit: str = "", lower_is_better: bool = True) -> Self:
        """A function as a measure, without a standard error.

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

    def with_scales(self, *scales: Scale) -> Self:
        """The same measure with other names or units."""
        return replace(self, scales=scales)


Wanted: TypeAlias = str | Measure | Function
"""A measure by its short name, or one of your own."""


def choose(known: Sequence[Measure], wanted: Sequence[Wanted], kind: str = "") -> tuple[Measure, ...]:
    """Choose the wanted measures; the default ones when none is wanted, every known one for ``all``.

    Args:
        known: all that fit the data.
        wanted: short names of them, and measures of your own.
        kind: the kind of samples, for the error; any samples when empty.

    Raises:
        ValueError: a measure is unknown.
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
        measure for measure in known if measure.default
    )


def keys_of(known: Sequence[Measure], names: set[str]) -> tuple[str, ...]:
    """The short names of the measures whose scores have these names."""
    return tuple(m.key for m in known if names & {scale.name for scale in m.scales})
