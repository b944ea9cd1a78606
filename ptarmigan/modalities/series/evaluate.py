"""How good series are: what ``measures`` works out, beside trivial sets and beside real series."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ptarmigan.core.noise import key
from ptarmigan.data.permutation import permute
from ptarmigan.data.samples import Samples
from ptarmigan.metrics.estimate import Estimate
from ptarmigan.metrics.evaluator import Evaluator, count_of
from ptarmigan.metrics.measure import Estimates, Measure, Measured, Reference, Scale, choose
from ptarmigan.metrics.panel import RawPanel
from ptarmigan.metrics.quick import REFERENCE
from ptarmigan.metrics.request import Request
from ptarmigan.metrics.view import View
from ptarmigan.modalities.series import measures as series
from ptarmigan.modalities.series.measures import Floats
from ptarmigan.modalities.series.source import Series, comparable, ended
from ptarmigan.modalities.series.space import NUMBERED

Compare: TypeAlias = Callable[[Floats, Floats], float]
"""Real series and others to a number."""

FOOLED = (
    "the discriminative and the predictive score are easily fooled: of stocks, TimeGAN's published ones are "
    "0.102 and 0.038, and real windows with their steps shuffled score 0.005 and 0.0367; see the others, too"
)
FEWEST = 10
"""Series that are needed, as one half is compared with the other."""
TIMES, LARGE = 20, 5_000_000
"""Resamplings for a standard error, and the numbers in a set from which on these would take too long."""


def measure_of(key: str, scale: Scale, compare: Compare, *, published: bool = False) -> Measure:
    """A measure of two sets of series; one of TimeGAN's published ones is trained for, and slow."""

    def against(reference: Reference) -> Measured:
        real = reference.real.set.raw()

        def measure(fake: View) -> Estimates:
            raw = fake.set.raw()
            if not finite(raw):
                return (Estimate(np.inf, float("nan")),)  # a generator that has diverged scores badly
            error = float("nan")
            if not published and raw.size <= LARGE:
                error = reference.error(lambda rows: compare(real, raw[rows]), len(raw), TIMES)
            return (Estimate(compare(real, raw), error),)

        return measure

    return Measure(key, (scale,), against, quick=not published)


DISCRIMINATIVE = measure_of(
    "discriminative",
    Scale("discriminative score", "accuracy above ½", True, "a GRU's, as TimeGAN has it"),
    series.discriminative_score,
    published=True,
)
PREDICTIVE = measure_of(
    "predictive",
    Scale("predictive score", "share of the range", True, "a GRU's error on real series, as TimeGAN has it"),
    series.predictive_score,
    published=True,
)
MEASURES = (
    DISCRIMINATIVE,
    PREDICTIVE,
    measure_of(
        "autocorrelation",
        Scale("autocorrelation", "correlation", True, "mean difference over lags and channels"),
        series.autocorrelation_error,
    ),
    measure_of(
        "cross-correlation",
        Scale("cross-correlation", "correlation", True, "mean difference over pairs of channels"),
        series.cross_correlation_error,
    ),
    measure_of(
        "spectrum",
        Scale("spectrum", "share of power", True, "total variation of mean spectra"),
        series.spectrum_distance,
    ),
    measure_of(
        "sliced",
        Scale("sliced Wasserstein distance", "share of the range", True, "of whole series"),
        series.sliced_distance,
    ),
)
QUICK = tuple(measure for measure in reversed(MEASURES) if measure.quick)
"""What is measured in training, that by which checkpoints are kept first."""


def evaluator(samples: Samples, request: Request) -> Evaluator:
    """The evaluator of series, less their metadata.

    Raises:
        ValueError: there is no measure of such a name, or ``n`` is not positive.
    """
    space = samples.space

    def real() -> Floats:
        return space.scored(samples.source.read(np.arange(len(samples))))

    def quick() -> tuple[RawPanel]:
        some = permute(np.arange(min(REFERENCE, len(samples))), len(samples), "score", "reference")
        raw = space.scored(samples.source.read(np.sort(some)))
        words = protocol(raw, n)
        return (RawPanel(QUICK, raw, halves(raw), n, words, select=space.scored, errors=False),)

    n = count_of(samples, request)
    return evaluator_of(real, n, request, quick)


def between(
    real: Any, fake: Any, request: Request, options: Mapping[str, Any]
) -> tuple[Evaluator, NDArray[Any]]:
    """The evaluator of series beside real ones, and the raw ones that it is to score.

    Args:
        real: what ``Series`` takes as data.
        fake: the same.
        request: what is asked.
        options: of ``Series``; columns that a table does not have are none.
    """
    form = {"length": Series.length, "id": NUMBERED, "time": "", "metadata": (), **options}
    known, others = comparable(real, fake, **form)
    n = request.count(len(others))
    return evaluator_of(lambda: known, n, request, tuple), others[:n]


def evaluator_of(
    real: Callable[[], Floats], n: int, request: Request, quick: Callable[[], tuple[RawPanel, ...]]
) -> Evaluator:
    """The evaluator of ``n`` series beside real ones that have no metadata."""
    wanted = choose(MEASURES, request.metrics, "series")

    def thorough(source: Any) -> Any:
        raw = real()
        fake = source.read(np.arange(len(source)))[:, :, : raw.shape[2]]
        checked(raw, fake)
        panel = RawPanel(
            wanted,
            raw,
            halves(raw),
            n,
            protocol(raw, n),
            baselines={"Gaussian": series.gaussian(raw, n), "shuffled set": series.shuffled(raw)},
            select=lambda x: x[:, :, : raw.shape[2]],
            features="series",
            warning=FOOLED if {DISCRIMINATIVE.key, PREDICTIVE.key} & {m.key for m in wanted} else "",
            notify=request.notify,
        )
        return panel.evaluate(source)

    return Evaluator(n, wanted, thorough, quick)


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
