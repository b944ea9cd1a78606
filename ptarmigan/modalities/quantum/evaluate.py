"""How good measurements are: divergences of their frequencies from those of the real ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ptarmigan.core.noise import key
from ptarmigan.data.samples import Samples
from ptarmigan.metrics.estimate import Estimate
from ptarmigan.metrics.evaluator import Evaluator, count_of
from ptarmigan.metrics.measure import Estimates, Measure, Measured, Reference, Scale, choose
from ptarmigan.metrics.panel import RawPanel
from ptarmigan.metrics.request import Request
from ptarmigan.metrics.view import View
from ptarmigan.modalities.quantum.source import Measurements
from ptarmigan.modalities.quantum.space import MeasurementSpace

Shares: TypeAlias = NDArray[np.float64]
TIMES = 20
"""Resamplings for a standard error."""


def relative_entropy(q: Shares, p: Shares) -> float:
    """KL(q‖p) in nats: of generated outcomes to real ones, as Qiskit's tutorial has it.

    It is ∞ where an outcome is generated that no real one has.

    Args:
        q: probabilities of generated outcomes.
        p: of real ones.
    """
    there = q > 0
    with np.errstate(divide="ignore"):
        return float((q[there] * (np.log(q[there]) - np.log(p[there]))).sum())


def total_variation(q: Shares, p: Shares) -> float:
    """½ Σ |q − p|."""
    return float(np.abs(q - p).sum() / 2)


def fidelity(q: Shares, p: Shares) -> float:
    """(Σ √(q p))², the classical fidelity of two distributions."""
    return float(np.square(np.sqrt(q * p).sum()))


def kolmogorov(q: Shares, p: Shares, sizes: tuple[int, ...]) -> float:
    """The largest difference of the cumulated probabilities along any axis."""
    both = (q - p).reshape(sizes)
    others = [tuple(i for i in range(len(sizes)) if i != axis) for axis in range(len(sizes))]
    return max(float(np.abs(both.sum(rest).cumsum()).max()) for rest in others)


def measures(space: MeasurementSpace, n: int) -> tuple[Measure, ...]:
    """All measures of ``n`` outcomes of a space; the first one keeps checkpoints."""

    def measure_of(
        name: str, scale: Scale, compare: Callable[[Shares, Shares], float], smooth: float = 0
    ) -> Measure:
        def shares(raw: NDArray[Any], more: float = 0) -> Shares:
            found: Shares = space.frequencies(raw) * len(raw) + more
            total: float = found.sum()
            return found / total

        def against(reference: Reference) -> Measured:
            p = shares(reference.real.set.raw(), smooth)

            def measure(fake: View) -> Estimates:
                raw = fake.set.raw()
                error = reference.error(lambda rows: compare(shares(raw[rows]), p), len(raw), TIMES)
                return (Estimate(compare(shares(raw), p), error),)

            return measure

        def real(reference: Reference) -> tuple[float]:
            known = shares(reference.real.set.raw())
            rng = np.random.default_rng(key("quantum", "shots", n))
            return (compare(rng.multinomial(n, known) / n, shares(reference.real.set.raw(), smooth)),)

        return Measure(name, (scale,), against, quick=True, real=real)

    half = "of samples to real ones, of which ½ more is counted in every bin"
    return (
        measure_of(
            "relative-entropy", Scale("relative entropy", "nats", True, half), relative_entropy, smooth=0.5
        ),
        measure_of("total-variation", Scale("total variation", "share", True), total_variation),
        measure_of(
            "fidelity", Scale("fidelity", "share", False, "of the two distributions, (Σ √(q p))²"), fidelity
        ),
        measure_of(
            "ks",
            Scale("Kolmogorov–Smirnov distance", "share", True, "the largest of any axis"),
            lambda q, p: kolmogorov(q, p, space.sizes),
        ),
    )


def evaluator(samples: Samples, request: Request) -> Evaluator:
    """The evaluator of measurements.

    Raises:
        ValueError: there is no measure of such a name, or ``n`` is not positive.
    """
    space = samples.space
    assert isinstance(space, MeasurementSpace)
    n = count_of(samples, request)
    known = measures(space, n)
    wanted = choose(known, request.metrics, "measurements")
    words = (
        f"{space.words}; {n:,} against {len(samples):,} real ones; floor and baseline from {n:,} "
        "measurements of the real distribution; baseline: the uniform superposition, in which nothing is "
        "trained"
    )

    def panel(chosen: tuple[Measure, ...], *, errors: bool) -> RawPanel:
        raw = samples.source.read(np.arange(len(samples)))
        made = baselines(space, raw, n) if errors else {}
        return RawPanel(chosen, raw, (raw, raw), n, words, baselines=made, features="outcomes", errors=errors)

    return Evaluator(
        n,
        wanted,
        lambda source: panel(wanted, errors=True).evaluate(source),
        lambda: (panel(known, errors=False),),
    )


def baselines(space: MeasurementSpace, raw: NDArray[Any], n: int) -> dict[str, NDArray[Any]]:
    """Measurements of the uniform superposition, and of the real distribution itself."""
    rng = np.random.default_rng(key("quantum", "baselines", n))
    return {
        "uniform superposition": space.grid[rng.integers(0, space.places, n)],
        "real ones, drawn again": raw[rng.integers(0, len(raw), n)],
    }


def between(
    real: Any, fake: Any, request: Request, options: Mapping[str, Any]
) -> tuple[Evaluator, NDArray[Any]]:
    """The evaluator of measurements beside real ones, in the bins of the real ones.

    Args:
        real: what ``Measurements`` takes as data.
        fake: the same.
        request: what is asked.
        options: of ``Measurements``.

    Raises:
        ValueError: they have other columns.
    """
    known = real if isinstance(real, Samples) else Measurements(real, **options).open(batch=1)
    if isinstance(fake, Samples):
        space, rows = fake.space, fake.source.read(np.arange(len(fake)))
    else:
        space, rows = Measurements(fake, **options).read(within=known.space)
    if reason := known.space.same_form(space):
        raise ValueError(reason)
    n = request.count(len(rows))
    return evaluator(known, replace(request, n=n)), rows[:n]
