"""Maps of fields: one colour scale a variable, with its units, and spectra beside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ptarmigan.media.plot import render
from ptarmigan.modalities.field.colours import scale
from ptarmigan.modalities.field.spectrum import spectrum
from ptarmigan.modalities.field.strips import strip

if TYPE_CHECKING:
    from ptarmigan.modalities.field.variable import Variable

COLUMNS, PANELS = 6, 48
"""Maps in a row, and in all, at most."""
INCHES = 1.35
"""Of a side of a map."""


def maps(
    raw: NDArray[Any],
    variables: Sequence[Variable],
    real: NDArray[Any] | None = None,
    north_up: bool = True,
    range_of: NDArray[Any] | None = None,
) -> Image.Image:
    """Maps of raw fields ``(n, times, variables, height, width)``, and the mean spectrum of each variable.

    Args:
        raw: the fields, a row of times for each; of one time each they fill rows.
        variables: with units.
        real: others, whose spectrum is drawn in grey, and whose range the colours have.
        north_up: the first row is the highest on a map.
        range_of: fields whose range the colours have, where that is not of these.
    """
    from matplotlib.figure import Figure

    n, times = raw.shape[:2]
    if n == 1 and real is None:  # of which reports show many: a plot of one takes a third of a second
        upright = raw[0] if north_up else raw[0, :, :, ::-1]
        return strip(upright, variables, raw if range_of is None else range_of, COLUMNS)
    columns = min(COLUMNS, times if times > 1 else n)
    which = np.unique(np.linspace(0, times - 1, min(times, COLUMNS)).round().astype(int))
    rows = min(n, PANELS // columns) if times > 1 else -(-min(n, PANELS) // columns)
    figure = Figure(
        figsize=(INCHES * (columns + 2.4), max(1.9, INCHES * rows) * len(variables) + 0.2),
        dpi=100,
        layout="constrained",
    )
    parts = figure.subfigures(len(variables), 1, squeeze=False)[:, 0]
    for i, variable in enumerate(variables):
        grid = parts[i].add_gridspec(rows, columns + 1, width_ratios=[1] * columns + [1.6])
        seen = raw if real is None else real
        colours = scale(variable, (seen if range_of is None else range_of)[:, :, i])
        panels = raw[:, which, i].reshape(-1, *raw.shape[-2:])[: rows * columns]
        axes = [parts[i].add_subplot(grid[k // columns, k % columns]) for k in range(len(panels))]
        for each, panel in zip(axes, panels, strict=True):
            drawn = each.imshow(
                np.ma.masked_invalid(panel),
                origin="upper" if north_up else "lower",
                interpolation="nearest",
                **colours,
            )
            each.set_xticks([])
            each.set_yticks([])
        parts[i].colorbar(drawn, ax=axes, label=variable.label, location="left", extend=colours_end(colours))
        axis = parts[i].add_subplot(grid[: min(rows, 2), columns])
        draw_spectra(axis, raw[:, :, i], None if real is None else real[:, :, i], variable)
    return render(figure)


def colours_end(colours: dict[str, Any]) -> str:
    """Whether a bar goes on at its end."""
    return "max" if "norm" in colours else "neither"


def draw_spectra(axes: Any, raw: NDArray[Any], real: NDArray[Any] | None, variable: Variable) -> None:
    """The mean spectrum of fields, over that of real ones, as networks see them."""
    for values, colour, name in ((real, "0.6", "real"), (raw, "#e07b00", "shown")):
        if values is not None:
            power = spectrum(variable.encode(values).reshape(-1, *values.shape[-2:])).mean(0)[1:]
            level = 10 * np.log10(np.maximum(power, 1e-9))
            axes.plot(np.arange(1, 1 + len(power)), level, color=colour, label=name)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda waves, _: f"{waves:g}")
    axes.xaxis.set_minor_formatter(lambda waves, _: "")
    if real is not None:
        axes.legend(fontsize=6, frameon=False)
    axes.set_title("spectrum (dB)", fontsize=7)
    axes.set_xlabel("waves", fontsize=6)
    axes.tick_params(labelsize=6)
