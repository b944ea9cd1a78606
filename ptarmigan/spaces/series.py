"""Series: a few channels at every step of time, some series shorter than others."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ptarmigan.spaces.frames import pandas_or_error
from ptarmigan.spaces.space import Surface

if TYPE_CHECKING:
    import pandas as pd

SHOWN, CHANNELS = 24, 8
"""Series in a picture, and channels of them."""
NUMBERED = "series"


@dataclass(frozen=True)
class SeriesSpace:
    """Series of up to ``length`` steps; raw is ``(n, length, channels)`` float64, NaN after a series ended.

    Networks see every channel on a scale that goes from 0 to 1 over what was seen; where series end early
    they see one more channel, which is 1 as long as the series lasts, and zeros after its end.

    Attributes:
        length: steps of the longest.
        low: the smallest number of every channel.
        high: the largest.
        columns: the channels' names; empty where they have none.
        ends: some series end early.
        name: of the column that numbers series in a frame.
    """

    length: int
    low: tuple[float, ...]
    high: tuple[float, ...]
    columns: tuple[str, ...] = ()
    ends: bool = False
    name: str = NUMBERED
    classes: tuple[str, ...] = ()

    @staticmethod
    def of(raw: NDArray[Any], columns: tuple[str, ...] = (), name: str = NUMBERED) -> SeriesSpace:
        """The space of such series."""
        low, high = np.nanmin(raw, (0, 1)), np.nanmax(raw, (0, 1))
        ends = bool(np.isnan(raw).any())
        return SeriesSpace(raw.shape[1], tuple(low.tolist()), tuple(high.tolist()), columns, ends, name)

    @property
    def channels(self) -> int:
        """How many there are, without that for the end."""
        return len(self.low)

    @property
    def shape(self) -> tuple[int, int]:
        """Steps, and numbers at each."""
        return (self.length, self.channels + self.ends)

    @property
    def names(self) -> tuple[str, ...]:
        """The channels' names; numbers where they have none."""
        return self.columns or tuple(map(str, range(self.channels)))

    def encode(self, raw: NDArray[Any]) -> Tensor:
        """``(n, length, channels)`` to ``(n, length, channels, and one where series end)`` float32."""
        low = np.asarray(self.low)
        span = np.asarray(self.high) - low
        x = (np.asarray(raw, np.float64) - low) / np.where(span > 0, span, 1.0)
        if self.ends:
            lasts = ~np.isnan(x[:, :, :1])
            x = np.concatenate([np.where(lasts, x, 0.0), lasts], 2)
        return torch.from_numpy(x.astype(np.float32))

    def decode(self, x: Tensor) -> NDArray[Any]:
        """The inverse of ``encode``, as float64; a channel that was constant stays so."""
        numbers = x.detach().double().cpu().numpy()
        low = np.asarray(self.low)
        raw: NDArray[np.float64] = low + numbers[:, :, : self.channels] * (np.asarray(self.high) - low)
        if self.ends:
            lasts = np.logical_and.accumulate(numbers[:, :, -1] > 0.5, axis=1)
            lasts[:, 0] = True
            raw[~lasts] = np.nan
        return raw

    def frame(self, raw: NDArray[Any], first: int = 0) -> pd.DataFrame:
        """Raw series as a long data frame: a column of the series' numbers, then the channels.

        Raises:
            ValueError: pandas is missing.
        """
        pandas = pandas_or_error()
        lasts = ~np.isnan(raw[:, :, 0])
        found: pd.DataFrame = pandas.DataFrame(raw[lasts], columns=list(self.names))
        found.insert(0, self.name, first + np.nonzero(lasts)[0])
        return found

    def save(self, raw: NDArray[Any], path: Path, first: int = 0) -> None:
        """Write ``series.csv`` under ``path``, one step a line, the series' number first."""
        path.mkdir(parents=True, exist_ok=True)
        with open(path / "series.csv", "a" if first else "w", encoding="utf-8") as file:
            if not first:
                file.write(",".join([self.name, *self.names]) + "\n")
            lasts = ~np.isnan(raw[:, :, 0])
            rows = np.column_stack([first + np.nonzero(lasts)[0], raw[lasts]])
            np.savetxt(file, rows, delimiter=",", fmt=["%d", *["%.9g"] * self.channels])

    def preview(
        self, raw: NDArray[Any], real: NDArray[Any] | None = None, surface: Surface | None = None
    ) -> Image.Image:
        """The first series, a channel a panel, over real ones."""
        from matplotlib.figure import Figure

        from ptarmigan.spaces.plot import render

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
