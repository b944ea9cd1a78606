"""Vectors: rows of numbers whose columns mean different things, on different scales."""

from __future__ import annotations

from collections.abc import Mapping
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

NEAR = 4.0
"""Standard deviations from the centre up to which numbers stay nearly as they are."""
FARTHEST = 100.0 * NEAR
"""Encoded numbers are taken back from within these bounds, beyond which a float64 would overflow."""


@dataclass(frozen=True)
class VectorSpace(Space):
    """Rows of numbers, of which networks see ``4 arsinh((x - centre) / (4 scale))`` for every column.

    That is standardised near the centre, and logarithmic far from it: a single number that is a thousand
    standard deviations off does not drown the others, and is told from one that is a hundred.

    Attributes:
        centre: of every column.
        scale: of every column, above 0.
        columns: their names; empty where they have none.
    """

    centre: tuple[float, ...]
    scale: tuple[float, ...]
    columns: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()

    @staticmethod
    def of(raw: NDArray[Any], columns: tuple[str, ...] = ()) -> VectorSpace:
        """The space in which columns of ``raw`` have mean 0 and, unless constant, standard deviation 1."""
        centre, deviation = raw.mean(0), raw.std(0)
        # what rounding leaves of a constant column is no standard deviation
        flat = deviation <= 1e-12 * np.abs(raw).max(0)
        scale = np.where(flat, 1.0, deviation)
        return VectorSpace(tuple(centre.tolist()), tuple(scale.tolist()), columns)

    @property
    def shape(self) -> tuple[int]:
        """The number of columns."""
        return (len(self.centre),)

    @property
    def words(self) -> str:
        """``rows of 30 numbers``."""
        return f"rows of {self.shape[0]} numbers"

    def check(self, raw: NDArray[Any]) -> None:
        """See that an array holds rows with these columns.

        Raises:
            ValueError: it does not.
        """
        if raw.shape[1:] != self.shape:
            raise ValueError(
                f"this run is of rows of {self.shape[0]} numbers, and these are of shape {raw.shape}"
            )

    def encode(self, raw: NDArray[Any]) -> Tensor:
        """``(n, columns)`` numbers to the same, standardised, as float32."""
        x = (np.asarray(raw, np.float64) - self.centre) / self.scale
        return torch.from_numpy((NEAR * np.arcsinh(x / NEAR)).astype(np.float32))

    def decode(self, x: Tensor) -> NDArray[Any]:
        """The inverse of ``encode``, as float64."""
        far = x.detach().double().clamp(-FARTHEST, FARTHEST).cpu().numpy()
        raw: NDArray[np.float64] = NEAR * np.sinh(far / NEAR) * self.scale + self.centre
        return raw

    def decoded(self, x: Tensor) -> Tensor:
        """``decode`` as a tensor, up to rounding."""
        far = x.double().clamp(-FARTHEST, FARTHEST) / NEAR
        sinh = (far.exp() - (-far).exp()) / 2
        scale, centre = (torch.tensor(one, dtype=torch.float64) for one in (self.scale, self.centre))
        return NEAR * sinh * scale + centre

    def save(self, raw: NDArray[Any], path: Path, first: int = 0) -> None:
        """Write ``rows.csv`` under ``path``; unless ``first`` is 0, after the rows that are there."""
        path.mkdir(parents=True, exist_ok=True)
        with open(path / "rows.csv", "a" if first else "w", encoding="utf-8") as file:
            if self.columns and not first:
                file.write(",".join(self.columns) + "\n")
            np.savetxt(file, raw, delimiter=",", fmt="%.9g")

    def html(self, raw: NDArray[Any]) -> str:
        """Rows under the names of their columns, where they have names."""
        return table(self.columns, raw.tolist())

    def writers(self) -> Mapping[str, Writer]:
        """Also a ``.csv``, without names."""
        return {**super().writers(), ".csv": lines(write_rows)}

    def render(
        self, raw: NDArray[Any], real: NDArray[Any] | None = None, surface: Surface | None = None
    ) -> Image.Image:
        """A scatter plot of the first two columns as networks see them, over real ones."""
        from ptarmigan.media.plot import scatter

        return scatter(self.encode(raw).numpy(), None if real is None else self.encode(real).numpy())
