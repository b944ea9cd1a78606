"""Points: vectors of a few numbers, drawn in the plane."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ptarmigan.data.space import Space, Surface
from ptarmigan.data.writers import Writer, lines
from ptarmigan.media.markup import table
from ptarmigan.media.tables import write_rows


@dataclass(frozen=True)
class PointSpace(Space):
    """Points with ``size`` coordinates; networks see them divided by ``scale``."""

    size: int = 2
    scale: float = 1.0
    classes: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int]:
        """The number of coordinates."""
        return (self.size,)

    @property
    def words(self) -> str:
        """``points of 2 coordinates``."""
        return f"points of {self.size} coordinates"

    def encode(self, raw: NDArray[Any]) -> Tensor:
        """``(n, size)`` coordinates to the same, scaled, as float32."""
        return torch.from_numpy(np.asarray(raw, np.float32) / np.float32(self.scale))

    def decoded(self, x: Tensor) -> Tensor:
        """The inverse of ``encode``."""
        return x.float() * self.scale

    def save(self, raw: NDArray[Any], path: Path, first: int = 0) -> None:
        """Write ``points.csv`` under ``path``; unless ``first`` is 0, after the points that are there."""
        path.mkdir(parents=True, exist_ok=True)
        with open(path / "points.csv", "a" if first else "w") as file:
            write_rows(file, raw)

    def html(self, raw: NDArray[Any]) -> str:
        """Coordinates, a point a row."""
        return table((), raw.tolist())

    def writers(self) -> Mapping[str, Writer]:
        """Also a ``.csv``."""
        return {**super().writers(), ".csv": lines(write_rows)}

    def frames(self, walk: NDArray[Any]) -> Iterator[Image.Image]:
        """The path up to each sample."""
        from ptarmigan.media.plot import scatter

        return (scatter(walk[: i + 1], within=walk) for i in range(len(walk)))

    def render(
        self, raw: NDArray[Any], real: NDArray[Any] | None = None, surface: Surface | None = None
    ) -> Image.Image:
        """A scatter plot of the first two coordinates, over real points and a function's surface."""
        from ptarmigan.media.plot import scatter

        return scatter(raw, real, surface if self.size == 2 else None)
