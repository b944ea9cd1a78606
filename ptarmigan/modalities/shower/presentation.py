"""Showers as pictures, tables and files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import LogNorm
from numpy.typing import NDArray
from PIL import Image

from ptarmigan.data.space import Surface
from ptarmigan.data.space.presentation import Presentation, inside
from ptarmigan.data.writers import Writer
from ptarmigan.modalities.shower import files
from ptarmigan.modalities.shower.encoding import ShowerEncoding
from ptarmigan.modalities.shower.geometry import parts

DARKEST = 1e-4
"""GeV that are drawn as nothing."""
WIDE, HIGH, GAP = 192, 60, 2
"""Pixels of a layer's map in a page, and between two."""


class ShowerPresentation(ShowerEncoding, Presentation):
    """Raw showers, shown and written."""

    shown: ClassVar[int] = 512

    def writers(self) -> Mapping[str, Writer]:
        """Also HDF5, in the layouts of CaloGAN and of the CaloChallenge (``.challenge.hdf5``)."""
        own = {end: files.writer(self.layers) for end in (".hdf5", ".h5")}
        return {**super().writers(), **own}

    def save(self, raw: NDArray[Any], path: Path, first: int = 0) -> None:
        """Write an ``.npz`` for every shower under ``path``, with the arrays of CaloGAN's layout."""
        path.mkdir(parents=True, exist_ok=True)
        for i, one in enumerate(raw, first):
            with open(path / f"{i:06}.npz", "wb") as file:
                np.savez(file, **files.as_calogan(one[None], self.layers))  # type: ignore[arg-type]

    def html(self, raw: NDArray[Any]) -> str:
        """Pictures of showers, a layer above the next, and their energies below."""
        shown = "".join(inside(self._painted(one), self.words) for one in raw)
        found = ", ".join(f"{one:.3g} GeV" for one in raw[:, 0])
        return f"<figure>{shown}<figcaption>{found}</figcaption></figure>"

    def _painted(self, one: NDArray[Any]) -> Image.Image:
        """A shower in colours of the logarithms of its cells: at once, where a plot takes a second."""
        top = np.log(max(float(one[1:].max()), 10 * DARKEST) / DARKEST)
        rows = []
        for layer, part in zip(self.layers, parts(self.layers), strict=True):
            share = np.log(np.maximum(one[1:][part].reshape(layer.shape), DARKEST) / DARKEST) / top
            pixels = Image.fromarray(colormaps["viridis"](share[::-1], bytes=True)[..., :3])
            rows.append(pixels.resize((WIDE, HIGH), Image.Resampling.NEAREST))
        sheet = Image.new("RGB", (WIDE, (HIGH + GAP) * len(rows) - GAP), "white")
        for i, pixels in enumerate(rows):
            sheet.paste(pixels, (0, i * (HIGH + GAP)))
        return sheet

    def render(
        self, raw: NDArray[Any], real: NDArray[Any] | None = None, surface: Surface | None = None
    ) -> Image.Image:
        """The first shower and the mean of all, a layer a map; beside real ones, histograms too."""
        from matplotlib.figure import Figure

        from ptarmigan.media.plot import render

        named = {"a shower": raw[0], "mean of generated" if real is not None else "mean": raw.mean(0)}
        if real is not None:
            named["mean of real"] = real.mean(0)
        rows = len(named) + (real is not None)
        figure = Figure(figsize=(3.2 * len(self.layers), 2.2 * rows), dpi=90, layout="constrained")
        panels = figure.subplots(rows, len(self.layers), squeeze=False)
        for axes, (name, one) in zip(panels, named.items(), strict=False):
            self._draw(figure, axes, name, one)
        if real is not None:
            self._histograms(panels[-1], raw, real)
        return render(figure)

    def _draw(self, figure: Any, panels: Any, name: str, one: NDArray[Any]) -> None:
        top = max(float(one[1:].max()), 10 * DARKEST)
        for i, (layer, part) in enumerate(zip(self.layers, parts(self.layers), strict=True)):
            cells = np.maximum(one[1:][part].reshape(layer.shape), DARKEST)
            ends = (layer.columns[0], layer.columns[-1], layer.rows[0], layer.rows[-1])
            drawn = panels[i].imshow(
                cells, origin="lower", extent=ends, aspect="auto", norm=LogNorm(DARKEST, top)
            )
            panels[i].set_title(f"{name} ({one[0]:.3g} GeV), layer {i}", fontsize=8)
            panels[i].tick_params(labelsize=7)
        bar = figure.colorbar(drawn, ax=list(panels), label="GeV", format=lambda value, _: f"{value:g}")
        bar.ax.tick_params(labelsize=7)

    def _histograms(self, panels: Any, raw: NDArray[Any], real: NDArray[Any]) -> None:
        """Response, share of cells that are hit, and depth."""
        layer = np.repeat(np.arange(len(self.layers)), [each.cells for each in self.layers])

        def response(x: NDArray[Any]) -> NDArray[Any]:
            return np.asarray(x[:, 1:].sum(1) / x[:, 0])

        def hit(x: NDArray[Any]) -> NDArray[Any]:
            return np.asarray((x[:, 1:] > 0).mean(1))

        def depth(x: NDArray[Any]) -> NDArray[Any]:
            return np.asarray(x[:, 1:] @ layer / np.maximum(x[:, 1:].sum(1), 1e-9))

        shown = {"response": response, "share of cells hit": hit, "mean layer": depth}
        for axes, (name, of) in zip(panels, shown.items(), strict=False):
            first, second = of(real), of(raw)
            bins = np.linspace(first.min(), first.max() + 1e-9, 30)
            axes.hist(np.clip(first, bins[0], bins[-1]), bins, density=True, color="0.7", label="real")
            axes.hist(
                np.clip(second, bins[0], bins[-1]),
                bins,
                density=True,
                histtype="step",
                color="#e07b00",
                label="generated",
            )
            axes.set_xlabel(name, fontsize=8)
            axes.tick_params(labelsize=7)
        panels[0].legend(fontsize=7)
