"""Series as data frames, CSV files, small drawings and plots."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ptarmigan.core.text import printable
from ptarmigan.data.space import Surface
from ptarmigan.data.space.presentation import Presentation
from ptarmigan.data.writers import Writer, tables
from ptarmigan.media.markup import curves
from ptarmigan.modalities.series.encoding import SeriesEncoding
from ptarmigan.modalities.table.frames import pandas_or_error, restored

if TYPE_CHECKING:
    import pandas as pd

SHOWN, CHANNELS = 24, 8
"""Series in a picture, and channels of them."""


class SeriesPresentation(SeriesEncoding, Presentation):
    """Raw series, shown and written."""

    @property
    def names(self) -> tuple[str, ...]:
        """The channels' names; numbers where they have none."""
        return tuple(map(str, self.columns)) or tuple(map(str, range(self.channels)))

    def frame(self, raw: NDArray[Any], first: int = 0) -> pd.DataFrame:
        """Raw series as a long data frame: a column of the series' numbers, metadata, and the channels.

        Raises:
            ValueError: pandas is missing.
        """
        pandas = pandas_or_error()
        lasts = ~np.isnan(raw[:, :, 0])
        which = np.nonzero(lasts)[0]
        rows = raw[lasts]
        parts = [pandas.Series(first + which)]
        if self.metadata:
            said = self.about.frame(raw[:, 0, self.channels :], first).iloc[which].reset_index(drop=True)
            parts += [said.iloc[:, i] for i in range(len(self.metadata))]
        channels = [rows[:, i] for i in range(self.channels)]
        if self.forms:
            parts += [restored(*one, 0) for one in zip(self.forms, channels, strict=True)]
        else:
            parts += map(pandas.Series, channels)
        found: pd.DataFrame = pandas.DataFrame(dict(enumerate(parts)))  # by place: a name may be a number
        found.columns = pandas.Index(
            [self.name, *(c.name for c in self.metadata), *(self.columns or self.names)]
        )
        return found

    def array(self, raw: NDArray[Any]) -> NDArray[Any]:
        """Raw series as an array of the dtype that was learnt from; of floats where series end early."""
        dtype = np.dtype(self.forms[0].dtype) if self.forms and not self.columns else np.dtype(np.float64)
        return raw.astype(np.float64 if self.ends and dtype.kind != "f" else dtype, copy=False)

    def writers(self) -> Mapping[str, Writer]:
        """Also data frames: a ``.csv`` or a ``.parquet``; arrays are of the dtype that was learnt from."""
        known = super().writers()
        arrays = {} if self.columns else {end: known[end].of(self.array) for end in (".npy", ".npz")}
        return {**known, **arrays, **tables(self.frame, "series")}

    def save(self, raw: NDArray[Any], path: Path, first: int = 0) -> None:
        """Write ``series.csv`` under ``path``, one step a line, the series' number first."""
        path.mkdir(parents=True, exist_ok=True)
        if self.columns:
            frame = self.frame(raw, first)
            frame.to_csv(path / "series.csv", index=False, header=not first, mode="a" if first else "w")
            return
        with open(path / "series.csv", "a" if first else "w", encoding="utf-8") as file:
            if not first:
                file.write(",".join([self.name, *self.names]) + "\n")
            for i, one in enumerate(raw, first):
                rows = self.array(one[~np.isnan(one[:, 0])])
                file.writelines(f"{i},{','.join(map(str, row))}\n" for row in rows.tolist())

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
            axes.set_ylabel(printable(self.names[channel]), parse_math=False)
        panels[-1].set_xlabel("step")
        return render(figure)
