"""Rows of numbers and data frames as files, some rows at a time."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.core.errors import one_line
from ptarmigan.media.optional import needs

if TYPE_CHECKING:
    import pandas as pd


def write_csv(path: Path, frames: Iterable[pd.DataFrame]) -> None:
    """Append data frames with the same columns to a ``.csv``, with a header where it is new."""
    for frame in frames:
        frame.to_csv(path, index=False, header=not path.exists(), mode="a")


def write_parquet(path: Path, frames: Iterable[pd.DataFrame]) -> None:
    """Write data frames with the same columns as one ``.parquet``, whose schema is that of the first.

    Raises:
        ValueError: pyarrow is not installed, or a column holds what Parquet does not.
    """
    pyarrow = needs("pyarrow", extra="parquet", why="a .parquet needs pyarrow")
    from pyarrow import parquet

    writer = None
    with open(path, "wb") as file:  # pyarrow itself takes no name that is no UTF-8
        try:
            for frame in frames:
                rows = pyarrow.Table.from_pandas(frame, None if writer is None else writer.schema, False)
                writer = writer or parquet.ParquetWriter(file, rows.schema)
                writer.write_table(rows)
        except (OverflowError, pyarrow.ArrowException) as error:
            raise ValueError(
                f"this cannot be written as Parquet, as .csv it can: {one_line(error)}"
            ) from None
        finally:
            if writer is not None:
                writer.close()


def write_rows(file: IO[str], rows: NDArray[Any]) -> None:
    """Write rows of numbers as lines of a csv file, with all digits of float32."""
    np.savetxt(file, rows, delimiter=",", fmt="%.9g")
