"""Patches of gridded events as samples: windows of space and time, at places of a lattice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.augmentation import Uniform
from ptarmigan.data.permutation import Indices
from ptarmigan.data.source import Source
from ptarmigan.data.space import Space
from ptarmigan.modalities.field.grid import Grid
from ptarmigan.modalities.field.rainfarm import block_mean


@dataclass(frozen=True, eq=False)
class Patches:
    """Windows of ``times`` × ``height`` × ``width`` of some events.

    Attributes:
        events: what is cut.
        places: event, first time, first row and first column of every window, ``(n, 4)``.
        size: times, height, width.
        left_out: windows that were left out, as values in them are missing, or hardly any is wet.
    """

    events: tuple[Grid, ...]
    places: NDArray[np.int64]
    size: tuple[int, int, int]
    left_out: int = 0
    labels: None = None
    classes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.places)

    def read(self, indices: Indices) -> NDArray[np.float32]:
        """The windows at ``indices``, ``(n, times, variables, height, width)``."""
        times, height, width = self.size
        found = [
            self.events[e].values[t : t + times, :, y : y + height, x : x + width]
            for e, t, y, x in self.places[indices].tolist()
        ]
        return np.stack(found) if found else np.empty((0, times, 1, height, width), np.float32)


def patches(
    events: Sequence[Grid],
    size: tuple[int, int, int],
    stride: int,
    *,
    missing: bool = False,
    wet: float = 0.0,
    threshold: float = 0.0,
) -> Patches:
    """All windows every ``stride`` cells and at every time, of those events that are long enough.

    Args:
        events: what is cut.
        size: times, height, width of a window.
        stride: cells from one window to the next, down and across.
        missing: take windows in which values are missing, too.
        wet: the share of a window's cells, of the first variable, that reach the threshold, at least.
        threshold: of that.
    """
    times, height, width = size
    found, candidates = [], 0
    for number, event in enumerate(events):
        t, _, rows, columns = event.values.shape
        if t < times or rows < height or columns < width:
            continue
        down, across = (np.arange(0, n - side + 1, stride) for n, side in ((rows, height), (columns, width)))
        good = np.asarray(np.isfinite(event.values).all(1))
        whole = window_means(good, height, width)[:, down][:, :, across] > 1 - 0.5 / (height * width)
        some = window_means(good, height, width)[:, down][:, :, across] > 0
        rainy = np.asarray(good & (event.values[:, 0] >= threshold))
        share = window_means(rainy, height, width)[:, down][:, :, across]
        fits = (some if missing else whole) & (share >= wet if wet else True)
        starts = np.arange(t - times + 1)
        over_time = np.lib.stride_tricks.sliding_window_view(fits, times, 0).all(-1)
        candidates += over_time.size
        for start, y, x in np.argwhere(over_time).tolist():
            found.append((number, int(starts[start]), int(down[y]), int(across[x])))
    places = np.array(found, np.int64).reshape(-1, 4)
    return Patches(tuple(events), places, size, candidates - len(places))


def window_means(mask: NDArray[np.bool_], height: int, width: int) -> NDArray[np.float64]:
    """The share of every window ``(time, rows − height + 1, columns − width + 1)`` in which a mask is set."""
    sums = np.pad(mask.astype(np.float64), ((0, 0), (1, 0), (1, 0))).cumsum(1).cumsum(2)
    inside = sums[:, height:, width:] - sums[:, :-height, width:] - sums[:, height:, :-width]
    return np.asarray((inside + sums[:, :-height, :-width]) / (height * width))


@dataclass(frozen=True, eq=False)
class Coarse:
    """The same samples, coarser: means of blocks of cells in the units of the data, and not of logarithms."""

    fine: Source
    factor: int
    labels: None = None
    classes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.fine)

    def read(self, indices: Indices) -> NDArray[Any]:
        """The coarse fields at ``indices``."""
        return block_mean(self.fine.read(indices), self.factor)


@dataclass(frozen=True, eq=False)
class Times:
    """Some of the times of other samples: those before, from which those after are to be told."""

    source: Source
    begin: int
    end: int
    labels: None = None
    classes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.source)

    def read(self, indices: Indices) -> NDArray[Any]:
        """The fields at ``indices``, at those times."""
        return self.source.read(indices)[:, self.begin : self.end]


@dataclass(frozen=True)
class Turned:
    """Augmentation by turning square patches and mirroring them, with their conditions; not for winds."""

    def __call__(self, raw: NDArray[Any], space: Space, beside: Space, uniform: Uniform) -> NDArray[Any]:
        """The same fields in one of eight positions."""
        position = (8 * uniform("turn", 1)[:, 0]).astype(int)
        turned = [np.rot90(one, k % 4, (-2, -1)) for one, k in zip(raw, position.tolist(), strict=True)]
        flipped = [
            one[..., ::-1] if k >= 4 else one for one, k in zip(turned, position.tolist(), strict=True)
        ]
        return np.stack(flipped)


def cropped(event: Grid, window: tuple[slice, slice]) -> Grid:
    """A part of the rows and columns of an event."""
    down, across = window
    y, x = replace(event.y, values=event.y.values[down]), replace(event.x, values=event.x.values[across])
    return replace(event, values=event.values[:, :, down, across], y=y, x=x)
