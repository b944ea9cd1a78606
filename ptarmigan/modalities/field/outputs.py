"""How good ensembles are that were made from inputs, beside what was observed, and beside old methods."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache, cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.samples import Samples
from ptarmigan.metrics.estimate import Estimate
from ptarmigan.metrics.evaluator import Evaluator
from ptarmigan.metrics.measure import Estimates, Measure, Measured, Reference, Scale, choose
from ptarmigan.metrics.outputs import OutputPanel
from ptarmigan.metrics.request import Notify, Request, ignore
from ptarmigan.metrics.view import View, raw_view
from ptarmigan.modalities.field import ensemble
from ptarmigan.modalities.field.baselines import baselines
from ptarmigan.modalities.field.categories import contingency, fractions_skill
from ptarmigan.modalities.field.space import FieldSpace
from ptarmigan.modalities.field.spectrum import fine_power

Score: TypeAlias = Callable[[NDArray[Any], NDArray[Any]], float]
"""Members ``(m, n, channels, y, x)`` and what was observed, as networks see them from 0 to 1, to a number."""

MEMBERS, CASES, QUICK_CASES = 8, 100, 12
"""Members of an ensemble, and inputs, for ``score`` and in training."""
WINDOW = 5
"""Cells of a side of the windows of the fractions skill score."""
TIMES = 20


def evaluator(samples: Samples, request: Request) -> Evaluator:
    """The evaluator of ensembles for some held-out inputs.

    Raises:
        ValueError: there is no measure of such a name, or ``n`` is not positive.
    """
    space = samples.space
    assert isinstance(space, FieldSpace)
    there = len(samples.require_condition().held_out)
    n = min(CASES if request.n is None else request.n, there)
    if n < 1:
        raise ValueError(f"{n} ensembles cannot be scored: at least 1 is needed (--n)")
    known = measures_of(space)
    wanted = choose(known, request.metrics, "ensembles of fields")

    @cache
    def panel() -> Ensembles:
        return Ensembles(wanted, samples, n, notify=request.notify)

    few = min(QUICK_CASES, n)
    return Evaluator(
        n,
        wanted,
        lambda source: panel().evaluate(source),
        lambda: (Ensembles([m for m in known if m.quick], samples, few, errors=False),),
        members=MEMBERS,
    )


def measures_of(space: FieldSpace) -> tuple[Measure, ...]:
    """The measures of ensembles of fields; values are as networks see them, from 0 to 1."""
    found: list[tuple[str, str, str, bool, Score, bool]] = [
        ("crps", "CRPS", "share of the range", True, crps, True),
        ("fair-crps", "fair CRPS", "share of the range", True, fair_crps, False),
        ("ranks", "rank distance", "KS of the rank histogram", True, rank_distance, True),
        ("spread", "spread and error", "|log10 of their ratio|", True, calibration, False),
        ("fine", "fine power", "|log10 of the ratio|", True, fine, True),
        ("rmse", "error of the mean", "share of the range", True, mean_error, False),
    ]
    v = space.variables[0]
    if v.transform == "log":
        mark = (float(v.encode(np.array([v.threshold]))[0]) + 1) / 2 - 1e-6
        at = f"at {v.threshold:g} {v.units}"
        found += [
            ("csi", "CSI", at, False, lambda f, x: csi(f, x, mark), False),
            ("fss", "FSS", f"{at}, in {WINDOW}×{WINDOW} cells", False, lambda f, x: fss(f, x, mark), False),
        ]
    return tuple(
        measure_of(space, key, Scale(name, unit, lower, NOTES[key]), score, quick)
        for key, name, unit, lower, score, quick in found
    )


NOTES = {
    "crps": f"of {MEMBERS} members: compare equally many",
    "fair-crps": "its mean does not depend on the number of members",
    "ranks": "0 where calibrated; ties, as of dry cells, broken at random",
    "spread": "0 where calibrated",
    "fine": "of one member, in waves shorter than four cells; blur has little",
    "rmse": "blur wins it: see fine power",
    "csi": "of one member",
    "fss": "of one member",
}


def measure_of(space: FieldSpace, key: str, scale: Scale, score: Score, quick: bool) -> Measure:
    """A measure of members beside what was observed."""

    def against(reference: Reference) -> Measured:
        observed = scaled(space, reference.real.set.raw())

        def measure(fake: View) -> Estimates:
            members = scaled(space, fake.set.raw()).reshape(len(observed), -1, *observed.shape[1:])
            members = members.swapaxes(0, 1)

            def of(rows: Any) -> float:
                return score(members[:, rows], observed[rows])

            return (Estimate(of(slice(None)), reference.error(of, len(observed), TIMES)),)

        return measure

    perfect = 0.0 if scale.lower_is_better else 1.0
    return Measure(key, (scale,), against, quick=quick, real=lambda reference: (perfect,))


def scaled(space: FieldSpace, raw: NDArray[Any]) -> NDArray[Any]:
    """Raw fields as networks see them, from 0 to 1."""
    return (space.encode(raw).numpy()[:, : space.count] + 1) / 2


def crps(members: NDArray[Any], x: NDArray[Any]) -> float:
    """The mean CRPS."""
    return float(np.nanmean(ensemble.crps(members, x)))


def fair_crps(members: NDArray[Any], x: NDArray[Any]) -> float:
    """The mean fair CRPS."""
    return float(np.nanmean(ensemble.crps(members, x, fair=True)))


def rank_distance(members: NDArray[Any], x: NDArray[Any]) -> float:
    """The distance of the rank histogram from a flat one."""
    return ensemble.rank_distance(ensemble.ranks(members, x))


def calibration(members: NDArray[Any], x: NDArray[Any]) -> float:
    """How far the spread is from the error of the mean."""
    spread, error = ensemble.spread_skill(members, x)
    return float(abs(np.log10(max(spread, 1e-6) / max(error, 1e-6))))


def fine(members: NDArray[Any], x: NDArray[Any]) -> float:
    """How far the power of short waves of one member is from the observed."""
    return abs(fine_power(members[0], x))


def mean_error(members: NDArray[Any], x: NDArray[Any]) -> float:
    """The root mean square error of the mean of members."""
    return float(np.sqrt(np.nanmean(np.square(members.mean(0) - x))))


def csi(members: NDArray[Any], x: NDArray[Any], mark: float) -> float:
    """The critical success index of one member."""
    return contingency(members[0], x, mark).csi


def fss(members: NDArray[Any], x: NDArray[Any], mark: float) -> float:
    """The fractions skill score of one member."""
    return fractions_skill(members[0], x, mark, WINDOW)


class Ensembles(OutputPanel):
    """Measures of ensembles for the first held-out inputs: the members of each, one input after another.

    Args:
        measures: of ensembles.
        samples: the real ones, with inputs.
        n: inputs.
        errors: whether standard errors and baselines are computed.
        notify: is called with a line on what is being computed.
    """

    features = "fields"

    def __init__(
        self,
        measures: Iterable[Measure],
        samples: Samples,
        n: int,
        *,
        errors: bool = True,
        notify: Notify = ignore,
    ) -> None:
        held = "held-out" if samples.held_out is not samples.source else "training"
        words = f"{samples.space.words}; {MEMBERS} members for {n:,} {held} inputs"
        super().__init__(measures, samples, n, words, members=MEMBERS, errors=errors, notify=notify)

    @cached_property
    def trivial(self) -> Mapping[str, View]:
        """Ensembles of RainFARM or of persistence and motion, of analogs, and of climatology."""
        self.notify("baselines")
        found = baselines(self.samples, self.inputs, MEMBERS)
        return {name: raw_view(raw.reshape(-1, *raw.shape[2:])) for name, raw in found.items()}
