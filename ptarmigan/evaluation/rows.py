"""One score of all groups: its variation, the ranking, and which differences are significant.

Groups of several seeds are compared by the variance over seeds, single runs by the standard errors of their
scores; scores with different protocols are not compared.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ptarmigan.evaluation import written
from ptarmigan.evaluation.runs import Entry, Group
from ptarmigan.metrics.differences import by_errors, holm, welch
from ptarmigan.metrics.estimate import Estimate

ALPHA = 0.05
"""The level of significance, for all differences of a score together."""
SEEDS, SAMPLES = "seeds", "samples"


@dataclass(frozen=True)
class Cell:
    """A score of a group.

    Attributes:
        values: one for each comparable run.
        errors: their standard errors; None where unknown.
        left_out: why it is not ranked; empty where it is.
    """

    values: tuple[float, ...]
    errors: tuple[float | None, ...]
    left_out: str = ""

    @property
    def value(self) -> float | None:
        """The mean over the runs; None where there is none."""
        return float(np.mean(self.values)) if self.values else None

    @property
    def spread(self) -> float | None:
        """The standard deviation over seeds, or the standard error of a single run where it is known."""
        if len(self.values) > 1:
            return float(np.std(self.values, ddof=1))
        return self.errors[0] if self.errors else None

    @property
    def estimate(self) -> Estimate | None:
        """The mean with its standard error from sampling; None where that is unknown."""
        known = [e for e in self.errors if e is not None]
        if self.value is None or len(known) < len(self.values):
            return None
        return Estimate(self.value, math.hypot(*known) / len(known))


@dataclass(frozen=True)
class Difference:
    """One group against another.

    Attributes:
        groups: their indices; the better one first.
        p_value: corrected for the number of pairs; None where no test is possible.
        by: the source of variation in the test: ``SEEDS`` or ``SAMPLES``.
    """

    groups: tuple[int, int]
    p_value: float | None
    by: str

    @property
    def called(self) -> bool:
        """Whether it is significant."""
        return self.p_value is not None and self.p_value < ALPHA


@dataclass(frozen=True)
class Row:
    """A score of all groups.

    Attributes:
        name: what was measured.
        unit: in what unit.
        lower_is_better: its direction.
        protocol: how it was measured.
        floor: the real reference; None where it is unknown.
        baselines: scores of the baselines, by name.
        cells: one for each group.
        differences: one for each pair of groups that is in the ranking.
    """

    name: str
    unit: str
    lower_is_better: bool
    protocol: str
    floor: float | None
    baselines: dict[str, float | None]
    cells: tuple[Cell, ...]
    differences: tuple[Difference, ...]

    @property
    def ranking(self) -> list[int]:
        """The indices of the ranked groups, the best first."""
        sign = 1 if self.lower_is_better else -1
        return [i for _, i in sorted((sign * value, i) for i, value in _ranked(self.cells).items())]

    @property
    def leaders(self) -> list[int]:
        """The best group, and those that are not significantly different from it."""
        best = self.ranking[:1]
        alike = {d.groups for d in self.differences if d.p_value is not None and not d.called}
        return [i for i in self.ranking if i in best or (*best, i) in alike]


def row_of(name: str, groups: Sequence[Group]) -> Row:
    """The score of that name of all groups; those with the most frequent protocol are compared."""
    entries = [run.entries[name] for group in groups for run in group.runs if name in run.entries]
    protocol = _commonest(name, groups)
    first = next(entry for entry in entries if entry["protocol"] == protocol)
    cells = tuple(_cell([run.entries.get(name) for run in group.runs], protocol) for group in groups)
    lower = str(first["direction"]).startswith("lower")
    return Row(
        name=name,
        unit=first["unit"],
        lower_is_better=lower,
        protocol=protocol,
        floor=_finite(first.get("floor")),
        baselines={str(k): _finite(v) for k, v in first.get("baselines", {}).items()},
        cells=cells,
        differences=_differences(cells, lower),
    )


def _commonest(name: str, groups: Sequence[Group]) -> str:
    """The most frequent protocol of a score; the first one in a tie."""
    entries = (run.entries[name] for group in groups for run in group.runs if name in run.entries)
    return str(Counter(entry["protocol"] for entry in entries).most_common(1)[0][0])


def _cell(entries: list[Entry | None], protocol: str) -> Cell:
    scored = [entry for entry in entries if entry is not None]
    if not scored:
        return Cell((), (), "not scored")
    alike = [entry for entry in scored if entry["protocol"] == protocol]
    finite = [entry for entry in alike or scored if _finite(entry["value"]) is not None]
    values = tuple(float(entry["value"]) for entry in finite)
    errors = tuple(_finite(entry.get("error")) for entry in finite)
    if not alike:
        return Cell(values, errors, "measured differently")
    if len(finite) < len(alike):
        return Cell((), (), "not finite")
    return Cell(values, errors)


def _finite(value: Any) -> float | None:
    return None if value is None else written.finite(value)


def _differences(cells: Sequence[Cell], lower: bool) -> tuple[Difference, ...]:
    found = []
    for (i, one), (j, other) in itertools.combinations(_ranked(cells).items(), 2):
        first = (i, j) if one == other or (one < other) == lower else (j, i)
        found.append((first, *_tested(cells[i], cells[j])))
    corrected = holm([p for _, p, _ in found])
    return tuple(Difference(pair, p, by) for (pair, _, by), p in zip(found, corrected, strict=True))


def _ranked(cells: Sequence[Cell]) -> dict[int, float]:
    """The values that are ranked, by index."""
    return {i: c.value for i, c in enumerate(cells) if c.value is not None and not c.left_out}


def _tested(a: Cell, b: Cell) -> tuple[float | None, str]:
    if min(len(a.values), len(b.values)) > 1:
        return welch(a.values, b.values), SEEDS
    one, other = a.estimate, b.estimate
    return None if one is None or other is None else by_errors(one, other), SAMPLES
