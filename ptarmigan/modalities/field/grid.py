"""Gridded data as a file holds them: variables over time, with their coordinates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.core.text import printable

SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
"""Of a unit of time, by its first letter, as in ``minutes since 2020-01-01``."""
GAP = 1.5
"""Steps of time after which another event begins."""


@dataclass(frozen=True, eq=False)
class Axis:
    """The coordinate of a dimension of space.

    Attributes:
        name: of the dimension, such as ``lat``.
        values: along it.
        attributes: such as units; strings.
    """

    name: str
    values: NDArray[Any]
    attributes: tuple[tuple[str, str], ...] = ()

    @property
    def spacing(self) -> float:
        """The distance from one to the next; 0 of a single one."""
        steps = np.diff(self.values)
        return float(np.median(steps)) if len(steps) else 0.0


@dataclass(frozen=True, eq=False)
class Named:
    """A variable of a file: its name, units and long name."""

    name: str
    units: str = ""
    words: str = ""


@dataclass(frozen=True, eq=False)
class Grid:
    """Values ``(time, variable, y, x)`` float32, NaN where missing, and their coordinates.

    Attributes:
        values: the fields.
        variables: of the second dimension.
        time: ``(time,)``, in ``time_units``.
        y: from the first row to the last.
        x: along a row.
        time_units: such as ``minutes since 2020-01-01``; empty where times are numbers only.
        where: the file.
    """

    values: NDArray[np.float32]
    variables: tuple[Named, ...]
    time: NDArray[np.float64]
    y: Axis
    x: Axis
    time_units: str = ""
    where: str = field(default="the array", compare=False)

    @property
    def seconds(self) -> float:
        """Of a unit of time."""
        return SECONDS.get(self.time_units.strip()[:1].lower(), 1.0)

    @property
    def step(self) -> float:
        """Seconds from one time to the next; 0 of a single one."""
        steps = np.diff(self.time)
        return float(np.median(steps)) * self.seconds if len(steps) else 0.0

    @property
    def north_up(self) -> bool:
        """Whether the first row is the highest on a map: its coordinate falls, or rows are only numbered."""
        return not self.y.spacing > 0 or self.y.name == "row"

    def upright(self) -> Grid:
        """The same with the first row the highest on a map."""
        if self.north_up:
            return self
        return replace(self, values=self.values[:, :, ::-1], y=replace(self.y, values=self.y.values[::-1]))

    def events(self) -> list[Grid]:
        """Parts without gaps in time."""
        steps = np.diff(self.time)
        if not len(steps):
            return [self]
        if (steps <= 0).any():
            raise ValueError(
                f"{self.where}: times do not increase, at place {int((steps <= 0).argmax()) + 2}"
            )
        cuts = np.flatnonzero(steps > GAP * np.median(steps)) + 1
        parts = np.split(np.arange(len(self.time)), cuts)
        return [replace(self, values=self.values[part], time=self.time[part]) for part in parts]


def together(grids: Sequence[Grid]) -> list[Grid]:
    """Events of several files in the order of their times; those that follow on one another are joined.

    Raises:
        ValueError: they are on other grids, have other variables or units, or overlap in time.
    """
    first = grids[0]
    for other in grids[1:]:
        if reason := differs(first, other):
            raise ValueError(f"{printable(other.where)} {reason} than {printable(first.where)}")
    if len({grid.time_units for grid in grids}) > 1 or any(not grid.time_units for grid in grids):
        return [event for grid in grids for event in grid.events()]
    ordered = sorted(grids, key=lambda grid: float(grid.time[0]))
    joined = replace(
        first,
        values=np.concatenate([grid.values for grid in ordered]) if len(grids) > 1 else first.values,
        time=np.concatenate([grid.time for grid in ordered]),
    )
    return joined.events()


def differs(a: Grid, b: Grid) -> str:
    """Why fields are not of one form, in words; empty where they are."""
    if [v.name for v in a.variables] != [v.name for v in b.variables]:
        return "has other variables"
    if [v.units for v in a.variables] != [v.units for v in b.variables]:
        return "has other units"
    if a.values.shape[-2:] != b.values.shape[-2:]:
        (h, w), (k, m) = a.values.shape[-2:], b.values.shape[-2:]
        return f"is on another grid, of {k}×{m} cells and not {h}×{w},"
    for first, second in ((a.y, b.y), (a.x, b.x)):
        if not np.allclose(first.values, second.values, rtol=1e-4, atol=1e-6 * (1 + abs(first.spacing))):
            return f"is on another grid, with other coordinates {printable(first.name)},"
    return ""
