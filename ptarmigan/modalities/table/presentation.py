"""Rows of a table as data frames, CSV files, HTML and histograms."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray
from PIL import Image

from ptarmigan.data.space import Surface
from ptarmigan.data.space.presentation import Presentation
from ptarmigan.data.writers import Writer, tables
from ptarmigan.media.markup import table
from ptarmigan.modalities.table.encoding import TableEncoding
from ptarmigan.modalities.table.frames import pandas_or_error, restored

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 12
"""Columns in a picture."""


class TablePresentation(TableEncoding, Presentation):
    """Raw rows, shown and written."""

    def frame(self, raw: NDArray[Any], first: int = 0) -> pd.DataFrame:
        """Raw rows as a data frame like the one that was learnt from; ids are new, numbered from ``first``.

        Raises:
            ValueError: pandas is missing.
        """
        pandas = pandas_or_error()
        columns = {i: restored(column, raw[:, i], first) for i, column in enumerate(self.columns)}
        found: pd.DataFrame = pandas.DataFrame(columns)  # by place: a name may be a number
        found.columns = pandas.Index([column.name for column in self.columns])
        return found

    def writers(self) -> Mapping[str, Writer]:
        """Also data frames: a ``.csv`` or a ``.parquet``."""
        return {**super().writers(), **tables(self.frame, "rows")}

    def save(self, raw: NDArray[Any], path: Path, first: int = 0) -> None:
        """Write ``table.csv`` under ``path``; unless ``first`` is 0, after the rows that are there."""
        path.mkdir(parents=True, exist_ok=True)
        self.frame(raw, first).to_csv(
            path / "table.csv", index=False, header=not first, mode="a" if first else "w"
        )

    def html(self, raw: NDArray[Any]) -> str:
        """Rows under the names of their columns.

        Raises:
            ValueError: pandas is missing.
        """
        frame = self.frame(raw)
        return table(list(frame.columns), frame.itertuples(index=False))

    def render(
        self, raw: NDArray[Any], real: NDArray[Any] | None = None, surface: Surface | None = None
    ) -> Image.Image:
        """How the first columns that are learnt are distributed, beside real rows."""
        from ptarmigan.modalities.table.histograms import histograms

        shown = [i for i, column in enumerate(self.columns) if column.width][:SHOWN]
        return histograms([(self.columns[i], raw[:, i], None if real is None else real[:, i]) for i in shown])
