"""Fields as maps with colour bars and units, and as netCDF files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ptarmigan.data.space import Surface
from ptarmigan.data.space.presentation import Presentation
from ptarmigan.data.writers import Chunks, Writer
from ptarmigan.modalities.field.maps import maps
from ptarmigan.modalities.field.variable import Variable


class FieldPresentation(Presentation):
    """Raw fields ``(n, times, variables, height, width)``, drawn and written.

    Attributes:
        variables: with names and units.
        step: seconds from one time to the next.
        spacing: of cells, down and across.
        north_up: the first row is the highest on a map.
    """

    shown = 12
    variables: tuple[Variable, ...]
    step: float
    spacing: tuple[float, float]
    north_up: bool

    @property
    def most(self) -> int:
        """Fields in one picture, at most."""
        return 64

    def render(
        self, raw: NDArray[Any], real: NDArray[Any] | None = None, surface: Surface | None = None
    ) -> Image.Image:
        """Maps on one scale a variable, a row of times for each field, and mean spectra beside."""
        return maps(raw[: self.most], self.variables, None if real is None else real, self.north_up)

    def writers(self) -> Mapping[str, Writer]:
        """Also one ``.nc``, with samples as a dimension."""
        return {**super().writers(), ".nc": Writer(self._write_netcdf, whole=True)}

    def save(self, raw: NDArray[Any], path: Path, first: int = 0) -> None:
        """Write every field as ``000000.nc`` and so on, of netCDF-3."""
        path.mkdir(parents=True, exist_ok=True)
        for number, one in enumerate(raw, first):
            self._netcdf(path / f"{number:06d}.nc", one)

    def frames(self, walk: NDArray[Any]) -> Iterator[Image.Image]:
        """The pictures of a film, one a field."""
        return (maps(walk[i : i + 1], self.variables, None, self.north_up, walk) for i in range(len(walk)))

    def _write_netcdf(self, path: Path, batches: Chunks, n: int) -> None:
        self._netcdf(path, np.concatenate(list(batches)))

    def _netcdf(self, path: Path, raw: NDArray[Any]) -> None:
        from ptarmigan.modalities.field.grid import Axis
        from ptarmigan.modalities.field.write import write_netcdf

        height, width = raw.shape[-2:]
        down, across = (abs(each) or 1.0 for each in self.spacing)
        y, x = down * np.arange(height), across * np.arange(width)
        axes = Axis("y", y[::-1] if self.north_up else y), Axis("x", x)
        seconds = (self.step or 1.0) * np.arange(raw.shape[-4])
        write_netcdf(path, raw, self.variables, axes, seconds, "seconds since 1970-01-01 00:00:00")
