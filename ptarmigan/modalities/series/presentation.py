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
from ptarmigan.modalities.table.frames import pandas_or_error

if TYPE_CHECKING:
    import pandas as pd

SHOWN, CHANNELS = 24, 8
"""Series in a picture, and channels of them."""


class SeriesPresentation(SeriesEncoding, Presentation):
    """Raw series, shown and written."""

    @property
    def names(self) -> tuple[str, ...]:
        """The channels' names; numbers where they have none."""
        return self.columns or tuple(map(str, range(self.channels)))

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
            axes.set_ylabel(printable(self.names[channel]), parse_math=False)
        panels[-1].set_xlabel("step")
        return render(figure)
