"""Fields by one argument: files of gridded data, folders of them, arrays, or the set that has a name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ptarmigan.core.errors import about
from ptarmigan.core.text import printable
from ptarmigan.data.blank import Blank
from ptarmigan.data.condition import Condition
from ptarmigan.data.samples import Samples
from ptarmigan.data.source import Source
from ptarmigan.media.files import path_of
from ptarmigan.modalities.field.files import ENGINES, RECOGNISED, grid_of, of_xarray, read_grid
from ptarmigan.modalities.field.grid import Axis, Grid, Named, together
from ptarmigan.modalities.field.patches import Coarse, Patches, Times, Turned, patches
from ptarmigan.modalities.field.rain import NAME, rain
from ptarmigan.modalities.field.space import FieldSpace
from ptarmigan.modalities.field.variable import TRANSFORMS, Variable

KINDS = f"a file {' '.join(RECOGNISED)}, or a folder of them"
HELD_OUT = 5
"""One event in so many, and one at least, is held out; of a single one so much of its end."""
LEAST = 8
"""Cells of a side of a patch."""
ZEROS = 0.1
"""The share of values that are 0 from which on others are taken for rain, and their logarithms learnt."""


@dataclass(frozen=True)
class Fields:
    """The fields to learn from, and how they are read."""

    data: Any = NAME
    """rain, or the path of a netCDF file, or of a folder of them; GRIB, zarr and HDF5 by xarray. In Python
    also an xarray Dataset or DataArray, an array (time, variable, y, x), or a list of such, an event each."""
    variable: str = ""
    """Of a file, by name, several with commas; when empty the first one on a grid, and others beside it."""
    size: int = 64
    """Cells of the side of a patch."""
    stride: int = 0
    """Cells from one patch to the next; a quarter of a patch when 0."""
    transform: str = "auto"
    """How numbers become those of networks: linear, standard, sqrt or log; or for each, as in
    tp=log,u=standard. auto is log where many values are 0 and none is negative, as of rain, else standard."""
    threshold: float = 0.1
    """With log: what is less is nothing, and 0."""
    missing: Literal["drop", "mask"] = "drop"
    """drop: only patches without missing values; mask: networks see, and make, where values are missing."""
    wet: float = 0.0
    """The share of a patch that is at or above the threshold, at least, of the first variable."""
    turn: bool = False
    """Turn and mirror patches at random; not for winds."""

    def open(
        self, *, batch: int, seed: int = 0, coarse: int = 0, past: int = 0, future: int = 0
    ) -> Samples[FieldSpace]:
        """The patches, shuffled by ``seed`` and cut into batches.

        Args:
            batch: patches in a batch.
            seed: of the shuffle.
            coarse: samples come with themselves as conditions, so many times coarser.
            past: samples come with so many times before them as conditions.
            future: times of a sample; 1 when 0.

        Raises:
            FileNotFoundError: there is nothing of that name.
            ValueError: it cannot be read as fields; the message says why and what to do.
        """
        if isinstance(self.data, Blank):
            space, blank = self.data.of(FieldSpace), self.data
            given = None if blank.inputs is None else only_known(blank.inputs)
            return Samples(blank, space, batch=batch, seed=seed, condition=given)
        self._check(coarse)
        train, held_out = parted(self.events(), past + max(1, future))
        space = self._space(train, max(1, future))
        times = past + space.times
        cut = [self._patches(space, events, times) for events in (train, held_out)]
        if not len(cut[0]):
            raise ValueError(f"{self._named}: {self._why_none(train, times, cut[0])}")
        sources: list[Source] = [each for each in cut if len(each)]
        condition = None
        if coarse:
            condition = paired(coarser(space, coarse), [Coarse(each, coarse) for each in sources])
        elif past:
            condition = paired(replace(space, times=past), [Times(each, 0, past) for each in sources])
            sources = [Times(each, past, times) for each in sources]
        return Samples(
            sources[0],
            space,
            batch=batch,
            seed=seed,
            condition=condition,
            held_out=sources[1] if len(sources) > 1 else None,
            augment=Turned() if self.turn else None,
        )

    def events(self) -> list[Grid]:
        """The events in the data, the first row of each the highest on a map, values below a threshold 0.

        Raises:
            FileNotFoundError: there is nothing of that name.
            ValueError: it cannot be read as fields.
        """
        with about(self.data):
            return [event.upright() for event in self._events()]

    def _events(self) -> list[Grid]:
        names = tuple(name.strip() for name in self.variable.split(",") if name.strip())
        data = self.data
        if isinstance(data, str | Path):
            if str(data) == NAME:
                return list(rain())
            place = path_of(data)
            if not str(data) or not place.exists():
                raise FileNotFoundError(f"there is no data {str(data)!r}: expected {NAME}, or {KINDS}")
            if not place.is_dir() or place.suffix.lower() in ENGINES:
                return read_grid(data, names).events()
            files = sorted(each for each in place.iterdir() if each.suffix.lower() in RECOGNISED)
            if not files:
                raise ValueError(f"{place} holds no fields: expected files {' '.join(RECOGNISED)}")
            return together([read_grid(file, names) for file in files])
        several: Sequence[Any] = data if isinstance(data, list | tuple) else [data]
        return [event for each in several for event in in_memory(each, names).events()]

    def _space(self, events: Sequence[Grid], times: int) -> FieldSpace:
        first = events[0]
        said = transforms_of(self.transform, [v.name for v in first.variables])
        variables = []
        for i, named in enumerate(first.variables):
            values = np.concatenate([event.values[:, i].ravel() for event in events])
            how = said[named.name]
            if how == "auto":
                how = automatic(values)
            variables.append(
                Variable.of(
                    values, named.name, named.units, how, self.threshold if how == "log" else 0.0, named.words
                )
            )
        masked = self.missing == "mask" and any(np.isnan(event.values).any() for event in events)
        spacing = (abs(first.y.spacing), abs(first.x.spacing))
        return FieldSpace(tuple(variables), self.size, self.size, times, masked, first.step, spacing, True)

    def _patches(self, space: FieldSpace, events: Sequence[Grid], times: int) -> Patches:
        settled = [
            replace(event, values=np.where(event.values < low, 0, event.values))
            if (low := least(space)) is not None
            else event
            for event in events
        ]
        stride = self.stride or max(1, self.size // 4)
        window = (times, self.size, self.size)
        return patches(settled, window, stride, missing=space.masked, wet=self.wet, threshold=self.threshold)

    def _check(self, coarse: int) -> None:
        if self.size < LEAST:
            raise ValueError(f"--size {self.size}: a patch has {LEAST} cells a side or more")
        if coarse and self.size % coarse:
            raise ValueError(f"--size {self.size} is no multiple of {coarse}, by which fields are coarser")
        if not 0 <= self.wet <= 1:
            raise ValueError(f"--wet {self.wet}: it is a share, from 0 to 1")
        if not self.threshold > 0:
            raise ValueError(f"--threshold {self.threshold}: it is positive")
        if self.stride < 0:
            raise ValueError(f"--stride {self.stride}: it is a number of cells")

    @property
    def _named(self) -> str:
        return printable(str(self.data)) if isinstance(self.data, str | Path) else "the array"

    def _why_none(self, events: Sequence[Grid], times: int, found: Patches) -> str:
        t, _, rows, columns = max((event.values.shape for event in events), key=lambda shape: shape[0])
        if rows < self.size or columns < self.size:
            return (
                f"a patch of {self.size}×{self.size} does not go into {rows}×{columns} cells: choose a --size"
            )
        if t < times:
            return f"the longest event has {t} times, and {times} are needed"
        return (
            f"none of {found.left_out:,} patches is without missing values and wet enough: choose a smaller "
            "--size or --wet, or --missing mask"
        )


def only_known(space: Any) -> Condition:
    """Conditions of which only the space is known."""
    blank = Blank(space)
    return Condition(space, blank, blank, matched=True, paired=True)


def paired(space: FieldSpace, sources: Sequence[Source]) -> Condition:
    """Conditions that belong to samples, trained on and held out."""
    return Condition(space, sources[0], sources[-1], matched=True, paired=True)


def coarser(space: FieldSpace, factor: int) -> FieldSpace:
    """The space of means over blocks of cells: also of less than the threshold, as few cells of rain give."""
    variables = tuple(replace(v, threshold=v.threshold / factor) for v in space.variables)
    return replace(
        space,
        variables=variables,
        height=space.height // factor,
        width=space.width // factor,
        spacing=(space.spacing[0] * factor, space.spacing[1] * factor),
    )


def parted(events: Sequence[Grid], times: int) -> tuple[list[Grid], list[Grid]]:
    """The events that are trained on, and those held out: the last ones, as fields of one event are alike.

    Of a single one, the end is held out, with so many times in between that no window holds both.
    """
    if len(events) > 1:
        count = max(1, len(events) // HELD_OUT)
        return list(events[:-count]), list(events[-count:])
    (event,) = events
    n = len(event.time)
    begin = n - n // HELD_OUT
    if n // HELD_OUT < times or begin - times < times:
        return [event], []
    head, tail = slice(0, begin - times + 1), slice(begin, n)
    return [replace(event, values=event.values[head], time=event.time[head])], [
        replace(event, values=event.values[tail], time=event.time[tail])
    ]


def least(space: FieldSpace) -> Any:
    """The thresholds of variables ``(variables, 1, 1)``, below which there is 0; None where there is none."""
    if all(v.transform != "log" for v in space.variables):
        return None
    marks = [v.threshold if v.transform == "log" else -np.inf for v in space.variables]
    return np.array(marks, np.float32)[:, None, None]


def transforms_of(said: str, names: Sequence[str]) -> dict[str, str]:
    """The transform of every variable.

    Raises:
        ValueError: there is no such transform, or no such variable.
    """
    known = ("auto", *TRANSFORMS)
    pairs = dict(part.split("=", 1) for part in said.split(",") if "=" in part)
    if not pairs:
        pairs = dict.fromkeys(names, said)
    for name, how in pairs.items():
        if name not in names:
            raise ValueError(
                f"--transform {said}: there is no variable {name!r}; there are {', '.join(names)}"
            )
        if how not in known:
            raise ValueError(f"--transform {said}: expected one of {', '.join(known)}")
    return dict.fromkeys(names, "auto") | pairs


def automatic(values: Any) -> str:
    """The transform that values of a variable ask for."""
    there = values[np.isfinite(values)]
    many = len(there) and float((there == 0).mean()) > ZEROS
    return "log" if many and there.min() >= 0 else "standard"


def in_memory(data: Any, names: tuple[str, ...]) -> Grid:
    """What a program holds, as fields.

    Raises:
        ValueError: it is nothing of the kind.
    """
    if isinstance(data, Grid):
        return data
    if type(data).__module__.split(".")[0] == "xarray":
        whole = data.to_dataset(name=data.name or "field") if hasattr(data, "to_dataset") else data
        return grid_of(
            {str(name): of_xarray(each) for name, each in whole.variables.items()}, names, "the data"
        )
    array = np.asarray(data)
    if array.ndim not in (3, 4) or array.dtype.kind not in "fiu" or 0 in array.shape:
        raise ValueError(f"an array of shape {array.shape} is no field: expected (time, variable, y, x)")
    values = np.asarray(array if array.ndim == 4 else array[:, None], np.float32)
    if not np.isfinite(values).any():
        raise ValueError("the array is missing everywhere")
    values = np.where(np.isfinite(values), values, np.nan)
    named = tuple(Named(f"variable_{i}") for i in range(values.shape[1]))
    row, x = (
        Axis(n, np.arange(size, dtype=float)) for n, size in zip(("row", "x"), values.shape[2:], strict=True)
    )
    return Grid(values, named, np.arange(len(values), dtype=np.float64), row, x)
