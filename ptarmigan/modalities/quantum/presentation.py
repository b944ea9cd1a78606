"""Measurements as maps, bars, tables and files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ptarmigan.data.space import Surface
from ptarmigan.data.space.presentation import Presentation
from ptarmigan.data.writers import Writer, lines
from ptarmigan.media.markup import table
from ptarmigan.media.tables import write_rows
from ptarmigan.modalities.quantum.encoding import MeasurementEncoding

TOP = 32
"""Outcomes in a picture of many axes."""


class MeasurementPresentation(MeasurementEncoding, Presentation):
    """Raw measurements, shown and written."""

    def writers(self) -> Mapping[str, Writer]:
        """Also a ``.csv``."""
        return {**super().writers(), ".csv": lines(write_rows)}

    def save(self, raw: NDArray[Any], path: Path, first: int = 0) -> None:
        """Write ``measurements.csv`` under ``path``; unless ``first`` is 0, after those that are there."""
        path.mkdir(parents=True, exist_ok=True)
        with open(path / "measurements.csv", "a" if first else "w") as file:
            write_rows(file, raw)

    def html(self, raw: NDArray[Any]) -> str:
        """Outcomes, one a row."""
        return table(self.names, raw.tolist())

    def render(
        self, raw: NDArray[Any], real: NDArray[Any] | None = None, surface: Surface | None = None
    ) -> Image.Image:
        """How often outcomes were measured: maps of two axes, bars of one, and of more the commonest."""
        from matplotlib.figure import Figure

        from ptarmigan.media.plot import render

        sets = {"generated": self.frequencies(raw)}
        if real is not None:
            sets = {"real": self.frequencies(real), **sets}
        figure = Figure(figsize=(4.2 * len(sets) + 0.8, 4), dpi=100, layout="constrained")
        if len(self.qubits) == 2:
            self._maps(figure, sets)
        else:
            self._bars(figure, sets)
        return render(figure)

    def _maps(self, figure: Any, sets: Mapping[str, NDArray[np.float64]]) -> None:
        panels = figure.subplots(1, len(sets), squeeze=False)[0]
        top = max(float(shares.max()) for shares in sets.values())
        half = self._pitch / 2
        (left, bottom), (right, up) = self._low - half, np.asarray(self.high) + half
        for axes, (name, shares) in zip(panels, sets.items(), strict=True):
            drawn = axes.imshow(
                shares.reshape(self.sizes).T,
                extent=(left, right, bottom, up),
                origin="lower",
                aspect="auto",
                vmin=0,
                vmax=top,
            )
            axes.set_title(name)
        figure.colorbar(drawn, ax=list(panels), label="share of measurements")

    def _bars(self, figure: Any, sets: Mapping[str, NDArray[np.float64]]) -> None:
        axes = figure.subplots()
        first = next(iter(sets.values()))
        shown = np.arange(self.places)
        if self.places > TOP:
            shown = np.sort(np.argsort(-first, kind="stable")[:TOP])
        wide = 0.8 / len(sets)
        for i, (name, shares) in enumerate(sets.items()):
            colour = "0.5" if name == "real" else "#e07b00"
            axes.bar(np.arange(len(shown)) + i * wide, shares[shown], wide, label=name, color=colour)
        axes.set_xticks(
            np.arange(len(shown)), [self.said(i) for i in shown.tolist()], rotation=90, fontsize=7
        )
        axes.set_ylabel("share of measurements")
        axes.legend()

    def said(self, number: int) -> str:
        """An outcome for people: its bits, or its coordinate where there is one axis of several qubits."""
        if len(self.qubits) == 1:
            return f"{self.grid[number, 0]:.3g}"
        return format(number, f"0{sum(self.qubits)}b")
