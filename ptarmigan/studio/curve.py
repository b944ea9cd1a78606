"""A curve of any length in flat memory: neighbours are merged when there are too many of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

POINTS = 512
"""Of a curve, at most; with twice as many neighbours are merged."""


@dataclass
class Point:
    """Neighbouring values as one.

    Attributes:
        step: of the last of them.
        mean: of all.
        low: the lowest.
        high: the highest.
        count: how many there are.
        end: where in the file the line of the last one ends.
    """

    step: int
    mean: float
    low: float
    high: float
    count: int
    end: int

    def merge(self, other: Point) -> None:
        """Add what comes after."""
        count = self.count + other.count
        self.mean += (other.mean - self.mean) * other.count / count
        self.low, self.high = min(self.low, other.low), max(self.high, other.high)
        self.step, self.count, self.end = other.step, count, other.end


@dataclass
class LongCurve:
    """Values over steps.

    Attributes:
        points: what is kept of them, in order.
        each: how many values make a point.
        merged: where in the file the line ended after which neighbours were merged last.
    """

    points: list[Point] = field(default_factory=list)
    each: int = 1
    merged: int = 0

    def add(self, step: int, value: float, end: int) -> None:
        """One value, whose line ends at ``end``."""
        new = Point(step, value, value, value, 1, end)
        if self.points and self.points[-1].count < self.each:
            self.points[-1].merge(new)
        else:
            self.points.append(new)
        if len(self.points) >= 2 * POINTS:
            self.halve(end)

    def halve(self, end: int) -> None:
        """Merge neighbours."""
        for one, other in zip(self.points[::2], self.points[1::2], strict=True):
            one.merge(other)
        self.points, self.each, self.merged = self.points[::2], 2 * self.each, end

    def since(self, offset: int) -> dict[str, Any] | None:
        """What a reader does not know who has read the file up to ``offset``; None where that is nothing.

        Returns:
            ``points``, each step, mean, lowest and highest; they replace the reader's after step ``after``.
        """
        whole = offset < self.merged
        new = [point for point in self.points if whole or point.end > offset]
        if not new:
            return None
        before = len(self.points) - len(new)
        after = self.points[before - 1].step if before else -1
        return {"after": after, "points": [[p.step, *map(short, (p.mean, p.low, p.high))] for p in new]}

    def line(self, most: int = 60) -> list[list[float]]:
        """A few of its points, for a small drawing."""
        stride = -(-len(self.points) // most) or 1
        kept = self.points[::-1][::stride][::-1]  # the last one is among them
        return [[point.step, short(point.mean)] for point in kept]


def short(value: float) -> float:
    """A number with as many digits as a drawing shows."""
    return float(f"{value:.6g}")
