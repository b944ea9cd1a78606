"""Series: a few channels at every step of time, some series shorter than others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ptarmigan.data.space import LONGEST, Space, Surface
from ptarmigan.data.writers import Writer, tables
from ptarmigan.media.markup import curves
from ptarmigan.modalities.table.column import Column, column_of
from ptarmigan.modalities.table.frames import pandas_or_error
from ptarmigan.modalities.table.space import TableSpace

if TYPE_CHECKING:
    import pandas as pd

SHOWN, CHANNELS = 24, 8
"""Series in a picture, and channels of them."""
NUMBERED = "series"
METADATA = 0.5
"""The distance of two series in a column of metadata, beside that in a channel, which goes from 0 to 1."""


@dataclass(frozen=True)
class SeriesSpace(Space):
    """Series of up to ``length`` steps; raw is ``(n, length, channels)`` float64, NaN after a series ended.

    Networks see every channel on a scale that goes from 0 to 1 over what was seen; where series end early
    they see one more channel, which is 1 as long as the series lasts, and zeros after its end. Metadata is
    said of a whole series: raw holds it as further channels, as a ``TableSpace`` has it raw, the same at all
    steps, and networks see it so, encoded as such a row, with numbers from 0 to 1.

    Attributes:
        length: steps of the longest.
        low: the smallest number of every channel.
        high: the largest.
        columns: the channels' names; empty where they have none.
        ends: some series end early.
        name: of the column that numbers series in a frame.
        metadata: the columns of metadata.
    """

    length: int
    low: tuple[float, ...]
    high: tuple[float, ...]
    columns: tuple[str, ...] = ()
    ends: bool = False
    name: str = NUMBERED
    metadata: tuple[Column, ...] = ()
    classes: tuple[str, ...] = ()

    @staticmethod
    def of(
        raw: NDArray[Any],
        columns: tuple[str, ...] = (),
        name: str = NUMBERED,
        metadata: tuple[Column, ...] = (),
    ) -> SeriesSpace:
        """The space of such series."""
        numbers = raw[:, :, : raw.shape[2] - len(metadata)]
        low, high = np.nanmin(numbers, (0, 1)), np.nanmax(numbers, (0, 1))
        ends = bool(np.isnan(numbers).any())
        return SeriesSpace(
            raw.shape[1], tuple(low.tolist()), tuple(high.tolist()), columns, ends, name, metadata
        )

    @classmethod
    def from_plain(cls, fields: Mapping[str, Any]) -> SeriesSpace:
        """The space from what JSON keeps of it."""
        columns = tuple(map(column_of, fields.get("metadata", ())))
        return replace(super().from_plain({**fields, "metadata": ()}), metadata=columns)

    @property
    def words(self) -> str:
        """``series of 24 steps and 5 channels``."""
        return f"series of {self.length} steps and {self.channels} channels"

    def planes(self, x: Tensor) -> Tensor:
        """Numbers at a step are channels, without metadata, which has no course; steps are places."""
        return x[:, :, : self.steps].transpose(1, 2)

    def embed(self, x: Tensor) -> NDArray[np.float64]:
        """Every channel over time, that of the end too, as means of equal parts; and the metadata.

        The distance in a channel is the root of its mean square over time.
        """
        courses = self.planes(x.detach().float())
        parts = min(self.length, max(1, LONGEST // self.steps))
        means = F.adaptive_avg_pool1d(courses, parts).flatten(1).cpu().double()
        values: NDArray[np.float64] = means.numpy() / parts**0.5
        if not self.metadata:
            return values
        rows = self.about.embed(self._unscaled(x[:, :, self.steps :].float().mean(1)))
        return np.concatenate([values, METADATA * rows], 1)

    @property
    def channels(self) -> int:
        """How many there are, without that for the end and metadata."""
        return len(self.low)

    @cached_property
    def about(self) -> TableSpace:
        """The metadata of series, a row each."""
        return TableSpace(self.metadata)

    @property
    def steps(self) -> int:
        """Numbers that networks see at a step and of it: channels, and that for the end."""
        return self.channels + self.ends

    @property
    def shape(self) -> tuple[int, int]:
        """Steps, and numbers at each."""
        return (self.length, self.steps + self.about.shape[0])

    @property
    def raw_shape(self) -> tuple[int, int]:
        """Steps, and channels with the columns of metadata."""
        return (self.length, self.channels + len(self.metadata))

    @property
    def names(self) -> tuple[str, ...]:
        """The channels' names; numbers where they have none."""
        return self.columns or tuple(map(str, range(self.channels)))

    def read_condition(self, words: Sequence[str]) -> Any:
        """Columns of metadata and their values, from ``column=value``."""
        return self.about.read_condition(words)

    def condition(self, given: Any, n: int, seed: int = 0) -> NDArray[Any]:
        """Series whose metadata hold what ``given`` says: ``{"site": "north"}``.

        Raises:
            ValueError: there is no such column or value, or no metadata.
        """
        return self.about.condition(given, n, seed) if self.metadata else super().condition(given, n, seed)

    def unconditional(self, recipe: str) -> str:
        """Which recipe can be asked."""
        return f"--where: a run of {recipe} cannot be asked; one of series.doppelganger can"

    def encode(self, raw: NDArray[Any]) -> Tensor:
        """``(n, length, channels)`` to ``(n, length, channels, one where series end, metadata)`` float32."""
        raw = np.asarray(raw, np.float64)
        low = np.asarray(self.low)
        span = np.asarray(self.high) - low
        x = (raw[:, :, : self.channels] - low) / np.where(span > 0, span, 1.0)
        if self.ends:
            lasts = ~np.isnan(x[:, :, :1])
            x = np.concatenate([np.where(lasts, x, 0.0), lasts], 2)
        steps = torch.from_numpy(x.astype(np.float32))
        if not self.metadata:
            return steps
        rows = self.about.encode(raw[:, 0, self.channels :])
        rows = torch.where(self._scaled, (rows + 1) / 2, rows)
        return torch.cat([steps, rows[:, None].expand(-1, self.length, -1)], 2)

    def decode(self, x: Tensor) -> NDArray[Any]:
        """The inverse of ``encode``, as float64, clipped to what was seen; what was constant stays so."""
        numbers = x.detach().double().cpu().numpy()
        low, high = np.asarray(self.low), np.asarray(self.high)
        raw: NDArray[np.float64] = np.clip(low + numbers[:, :, : self.channels] * (high - low), low, high)
        if self.ends:
            lasts = np.logical_and.accumulate(numbers[:, :, self.channels] > 0.5, axis=1)
            lasts[:, 0] = True
            raw[~lasts] = np.nan
        if not self.metadata:
            return raw
        rows = self._unscaled(x[:, :, self.steps :].float().mean(1))
        same = np.repeat(self.about.decode(rows)[:, None], self.length, 1)
        same[np.isnan(raw[:, :, 0])] = np.nan
        return np.concatenate([raw, same], 2)

    def in_a_row(self, raw: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """The steps of all series one after another, as networks see channels, and how many each has."""
        x = self.encode(raw).double().numpy()[:, :, : self.channels]
        lasts = ~np.isnan(raw[:, :, 0])
        return x[lasts], lasts.sum(1)

    def frame(self, raw: NDArray[Any], first: int = 0) -> pd.DataFrame:
        """Raw series as a long data frame: a column of the series' numbers, metadata, and the channels.

        Raises:
            ValueError: pandas is missing.
        """
        pandas = pandas_or_error()
        lasts = ~np.isnan(raw[:, :, 0])
        which = np.nonzero(lasts)[0]
        found: pd.DataFrame = pandas.DataFrame(raw[lasts][:, : self.channels], columns=list(self.names))
        if self.metadata:
            rows = self.about.frame(raw[:, 0, self.channels :], first).iloc[which]
            found = pandas.concat([rows.reset_index(drop=True), found], axis=1)
        found.insert(0, self.name, first + which)
        return found

    def scored(self, raw: NDArray[Any]) -> NDArray[Any]:
        """Channels without the metadata beside them."""
        return raw[:, :, : self.channels]

    def writers(self) -> Mapping[str, Writer]:
        """Also data frames: a ``.csv`` or a ``.parquet``."""
        return {**super().writers(), **tables(self.frame, "series")}

    def save(self, raw: NDArray[Any], path: Path, first: int = 0) -> None:
        """Write ``series.csv`` under ``path``, one step a line, the series' number first."""
        path.mkdir(parents=True, exist_ok=True)
        if self.metadata:
            frame = self.frame(raw, first)
            frame.to_csv(path / "series.csv", index=False, header=not first, mode="a" if first else "w")
            return
        with open(path / "series.csv", "a" if first else "w", encoding="utf-8") as file:
            if not first:
                file.write(",".join([self.name, *self.names]) + "\n")
            lasts = ~np.isnan(raw[:, :, 0])
            rows = np.column_stack([first + np.nonzero(lasts)[0], raw[lasts]])
            np.savetxt(file, rows, delimiter=",", fmt=["%d", *["%.9g"] * self.channels])

    def html(self, raw: NDArray[Any]) -> str:
        """A small drawing of each series, a curve a channel, from its smallest to its largest."""
        low, high = np.asarray(self.low), np.asarray(self.high)
        scaled = (raw[:, :, : self.channels] - low) / np.where(high > low, high - low, 1.0)
        return "".join(curves(one, self.words) for one in scaled)

    def render(
        self, raw: NDArray[Any], real: NDArray[Any] | None = None, surface: Surface | None = None
    ) -> Image.Image:
        """The first series, a channel a panel, over real ones."""
        from matplotlib.figure import Figure

        from ptarmigan.media.plot import render

        shown = min(self.channels, CHANNELS)
        figure = Figure(figsize=(8, 1.6 * shown + 0.4), dpi=100, layout="constrained")
        panels = figure.subplots(shown, 1, squeeze=False)[:, 0]
        for channel, axes in enumerate(panels):
            if real is not None:
                axes.plot(real[:SHOWN, :, channel].T, color="0.7", linewidth=0.8)
            axes.plot(raw[:SHOWN, :, channel].T, color="#e07b00", linewidth=0.8)
            axes.set_ylabel(self.names[channel])
        panels[-1].set_xlabel("step")
        return render(figure)

    def _unscaled(self, rows: Tensor) -> Tensor:
        """Metadata as ``about`` encodes it, from what networks see of it."""
        return torch.where(self._scaled.to(rows.device), 2 * rows - 1, rows)

    @cached_property
    def _scaled(self) -> Tensor:
        """Which numbers of a row of metadata are on a scale, and in no one-hot vector."""
        return torch.tensor(self.about.owners) < 0


def as_series(space: Space, otherwise: str) -> SeriesSpace:
    """A space of which somebody needs the channels and the length of series.

    Args:
        space: what one sample is.
        otherwise: what to say where it is no series.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(space, SeriesSpace):
        raise ValueError(otherwise)
    return space
