"""Vital signs as a diagnosis reads them: smoothed, and since when something holds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ptarmigan.doctor import thresholds as at
from ptarmigan.doctor.history import Curve, History

Floats = NDArray[np.float64]
Holds = NDArray[np.bool_]


class Signs:
    """The vital signs of a run, one number for every probe.

    Attributes:
        history: where they are from.
        steps: of the probes.
        settled: at which probes a run is no longer at its very beginning.
    """

    def __init__(self, history: History) -> None:
        self.history = history
        probes = sorted({step for curve in history.vitals.values() for step, _ in curve})
        self.steps = np.array(probes, np.int64)
        self.settled: Holds = self.steps >= at.EARLY * history.steps
        self._place = {step: i for i, step in enumerate(probes)}
        self._smoothed: dict[str, Floats] = {}

    def __len__(self) -> int:
        return len(self.steps)

    @property
    def lasting(self) -> int:
        """For how many probes something that may pass must hold: fewer when the run is nearly over."""
        return at.LASTING if self.history.step >= at.ENDING * self.history.steps else at.PATIENCE

    def raw(self, name: str) -> Floats:
        """A sign as it was logged; not a number where it was not."""
        out = np.full(len(self.steps), np.nan)
        for step, value in self.history.vitals.get(name, []):
            out[self._place[step]] = value
        return out

    def __call__(self, name: str) -> Floats:
        """A sign as the median of the latest few probes; not a number until there is one."""
        if name not in self._smoothed:
            self._smoothed[name] = smoothed(self.raw(name), at.WINDOW)
        return self._smoothed[name]

    def fact(self, name: str, default: float) -> float:
        """A fact of the data, or ``default`` where it was not logged."""
        return self.history.data.get(name, default)

    def since(self, holds: Holds, lasting: int = at.LASTING, unless: Holds | None = None) -> int | None:
        """The step since which something holds without a break until now; None where it does not.

        0 where it held from the start.

        Args:
            holds: where it does.
            lasting: for how many probes it must have held.
            unless: where it does not count, as it is passing; it must have counted for as long.
        """
        if self._unbroken(holds if unless is None else holds & ~unless) < lasting:
            return None
        first = len(holds) - self._unbroken(holds)
        if not self.settled[:first].any():
            return 0
        return int(self.steps[max(first - at.WINDOW // 2, 0)])

    def _unbroken(self, holds: Holds) -> int:
        """For how many probes up to now something holds."""
        broken = np.flatnonzero(~(holds & self.settled))
        return len(holds) - 1 - int(broken[-1]) if len(broken) else len(holds)

    def latest(self, name: str, probes: int = at.WINDOW) -> float:
        """The median of the latest few values of a sign; not a number where there is none."""
        values = self.raw(name)[-probes:]
        values = values[~np.isnan(values)]
        return float(np.median(values)) if len(values) else float("nan")

    def pooled(self, prefix: str, probes: int = at.LASTING) -> dict[int, float]:
        """The means of numbered signs (``share/0``, ``share/1``, ...) over the latest few probes."""
        found = {}
        for name in self.history.vitals:
            number = name.removeprefix(prefix)
            if name.startswith(prefix) and number.isdecimal():
                values = self.raw(name)[-probes:]
                values = values[~np.isnan(values)]
                if len(values):
                    found[int(number)] = float(values.mean())
        return found


def smoothed(values: Floats, window: int) -> Floats:
    """The median of every value and those just before it; what is not a number does not count."""
    if not len(values):
        return values
    padded = np.concatenate([np.full(window - 1, np.nan), values])
    parts = np.sort(np.lib.stride_tricks.sliding_window_view(padded, window), 1)  # what is none comes last
    count = (~np.isnan(parts)).sum(1)
    each = np.arange(len(values))
    return np.asarray(0.5 * (parts[each, np.maximum(count - 1, 0) // 2] + parts[each, count // 2 % window]))


def latest(curve: Curve, count: int = 1) -> float:
    """The median of a curve's latest values."""
    return float(np.median([value for _, value in curve[-count:]])) if curve else float("nan")
