"""The judge of series: what ``metrics.series`` measures, beside trivial sets and beside real series."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from ptarmigan.core.noise import key
from ptarmigan.metrics.estimate import Estimate, bootstrap
from ptarmigan.metrics.measures import Scale
from ptarmigan.metrics.panel import SAYING_NOTHING, Score, Verdict
from ptarmigan.modalities.series import measures as series
from ptarmigan.modalities.series.measures import Floats
from ptarmigan.modalities.series.source import ended

Compare: TypeAlias = Callable[[Floats, Floats], float]
"""Real series and others to a number."""

FOOLED = (
    "the discriminative and the predictive score are easily fooled: of stocks, TimeGAN's published ones are "
    "0.102 and 0.038, and real windows with their steps shuffled score 0.005 and 0.0367; see the others, too"
)
FEWEST = 10
"""Series that a judge needs, as it compares one half with the other."""
TIMES, LARGE = 20, 5_000_000
"""Resamplings for a standard error, and the numbers in a set from which on these would take too long."""


@dataclass(frozen=True)
class Measure:
    """A number of two sets of series.

    Attributes:
        key: its short name, for ``--metrics``.
        scale: what it says.
        compare: works it out.
        published: whether it is one of TimeGAN's, which are trained for and slow.
    """

    key: str
    scale: Scale
    compare: Compare
    published: bool = False


MEASURES = (
    Measure(
        "discriminative",
        Scale("discriminative score", "accuracy above ½", True, "a GRU's, as TimeGAN has it"),
        series.discriminative_score,
        published=True,
    ),
    Measure(
        "predictive",
        Scale(
            "predictive score", "share of the range", True, "a GRU's error on real series, as TimeGAN has it"
        ),
        series.predictive_score,
        published=True,
    ),
    Measure(
        "autocorrelation",
        Scale("autocorrelation", "correlation", True, "mean difference over lags and channels"),
        series.autocorrelation_error,
    ),
    Measure(
        "cross-correlation",
        Scale("cross-correlation", "correlation", True, "mean difference over pairs of channels"),
        series.cross_correlation_error,
    ),
    Measure(
        "spectrum",
        Scale("spectrum", "share of power", True, "total variation of mean spectra"),
        series.spectrum_distance,
    ),
    Measure(
        "sliced",
        Scale("sliced Wasserstein distance", "share of the range", True, "of whole series"),
        series.sliced_distance,
    ),
)
QUICK = tuple(m for m in reversed(MEASURES) if not m.published)
"""What is measured while a run is trained, that by which checkpoints are kept first."""


def chosen(keys: Sequence[str]) -> tuple[Measure, ...]:
    """The measures of those short names; all when there are none, or ``all``.

    Raises:
        ValueError: there is no such measure of series.
    """
    known = {measure.key: measure for measure in MEASURES}
    for one in keys:
        if one not in (*known, "all"):
            raise ValueError(f"there is no measure {one!r} of series: choose from {', '.join(known)}, or all")
    return MEASURES if not keys or "all" in keys else tuple(known[one] for one in keys)


def keys_of(names: Iterable[str]) -> tuple[str, ...]:
    """The short names of the measures that give scores of these names."""
    wanted = {*names}
    return tuple(measure.key for measure in MEASURES if measure.scale.name in wanted)


def judged(
    real: Floats,
    fake: Floats,
    measures: Sequence[Measure] = MEASURES,
    tell: Callable[[str], None] = SAYING_NOTHING,
) -> Verdict:
    """Scores of series, beside those of a Gaussian, of shuffled real series, and of real ones.

    Args:
        real: raw series ``(n, length, channels)``, NaN after the end of one.
        fake: those to score.
        measures: what is measured.
        tell: is told what is being done, as it takes a while.

    Raises:
        ValueError: there are too few, they differ in form, or some are not finite.
    """
    checked(real, fake)
    others = {"Gaussian": series.gaussian(real, len(fake)), "shuffled set": series.shuffled(real)}
    half, rest = halves(real)
    what = protocol(real, len(fake))
    scores = []
    for measure in measures:
        tell(measure.scale.name)
        scores.append(
            Score(
                measure.scale,
                Estimate(measure.compare(real, fake), error(measure, real, fake)),
                measure.compare(half, rest),
                {name: measure.compare(real, other) for name, other in others.items()},
                f"{what}; {measure.scale.note}",
            )
        )
    return Verdict(tuple(scores), (FOOLED,) if any(m.published for m in measures) else ())


def error(measure: Measure, real: Floats, fake: Floats) -> float:
    """The standard error of a measure, over draws of the series; NaN where it is not worked out."""
    if measure.published or fake.size > LARGE:
        return float("nan")
    return bootstrap(lambda rows: measure.compare(real, fake[rows]), len(fake), TIMES, 0)


def protocol(real: Floats, n: int) -> str:
    """What must be equal for two numbers to be comparable, in words."""
    _, length, channels = real.shape
    return (
        f"series of {length} steps and {channels} channels; {n:,} against {len(real):,} real ones; "
        "floor from one half of these against the other; baselines: a Gaussian of whole series, and real "
        "ones with their steps in an order of chance"
    )


def halves(real: Floats) -> tuple[Floats, Floats]:
    """Two halves by chance."""
    order = np.random.default_rng(key("series", "halves")).permutation(len(real))
    return real[order[::2]], real[order[1::2]]


def against(real: Floats, compare: Compare) -> Callable[[Floats], float]:
    """A measure of series, less their metadata, that may have diverged: such are infinitely far from real."""

    def measure(fake: Floats) -> float:
        channels = fake[:, :, : real.shape[2]]
        return compare(real, channels) if finite(channels) else np.inf

    return measure


def finite(fake: Floats) -> bool:
    """Whether every series has numbers, up to where it ends."""
    return bool((np.isfinite(fake) | ended(fake)[:, :, None]).all())


def checked(real: Floats, fake: Floats) -> None:
    """Refuse what cannot be compared.

    Raises:
        ValueError: there are too few, they differ in form, or some are not finite.
    """
    if real.shape[1:] != fake.shape[1:]:
        (length, channels), (other, several) = real.shape[1:], fake.shape[1:]
        raise ValueError(
            f"series of {length} steps and {channels} channels cannot be compared with such of {other} and "
            f"{several}"
        )
    if min(len(real), len(fake)) < FEWEST:
        raise ValueError(
            f"there are {len(fake)} series to score and {len(real)} real ones: a score needs {FEWEST} of each"
        )
    if not finite(fake):
        raise ValueError("some series are not finite: they cannot be scored")
