"""Tables by one argument: a CSV or Parquet file, a data frame in memory, or a small set by name."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ptarmigan.core.errors import about, must_fit
from ptarmigan.data.blank import Blank
from ptarmigan.data.dialect import read_text
from ptarmigan.data.numbers import is_number
from ptarmigan.data.parquet import check_parquet
from ptarmigan.data.reading import Data, Reading, check_text
from ptarmigan.data.samples import ArraySource, Samples
from ptarmigan.media.files import path_of
from ptarmigan.media.foreign import open_binary, regular
from ptarmigan.media.optional import is_installed, needs
from ptarmigan.modalities.table.balance import Balance
from ptarmigan.modalities.table.describe_columns import described
from ptarmigan.modalities.table.frames import pandas_or_error
from ptarmigan.modalities.table.parse_constraints import constrained
from ptarmigan.modalities.table.polars_frames import from_polars, is_polars
from ptarmigan.modalities.table.rare import common_gaps, rare_values, to_name, without_rare
from ptarmigan.modalities.table.space import TableSpace
from ptarmigan.modalities.table.text import typed_columns

if TYPE_CHECKING:
    import pandas as pd

NAMES = ("iris", "wine")
CSV = (".csv", ".tsv", ".csv.gz", ".tsv.gz", ".csv.zip", ".csv.bz2", ".csv.xz")
PARQUET = (".parquet", ".pq")
READ = "read as"
"""Where a frame keeps what was understood of its file."""


@dataclass(frozen=True)
class Table(Reading, Data):
    """The table to learn from, and how it is read."""

    data: Any = "iris"
    """iris, wine, or the path of a .csv, .tsv (also packed) or .parquet file. In Python also a pandas
    or polars DataFrame, or a Blank."""
    categorical: tuple[str, ...] = ()
    """Columns that are categories although they hold numbers, or look like ids."""
    constraints: tuple[str, ...] = ()
    """What every row is to fulfil, such as "start <= end", "18 <= age < 100", or "city+country": of these
    columns only combinations that occur are made."""
    rare: int = 0
    """Leave out what fewer rows have: values, ends of ranges, combinations (0: nothing). A trained file names
    such things of single rows."""

    def open(self, *, batch: int, seed: int = 0, balanced: bool = False) -> Samples[TableSpace]:
        """The rows, shuffled by ``seed`` and cut into batches.

        Args:
            batch: rows in a batch.
            seed: the random seed of the shuffle.
            balanced: draw rows by their values instead, and say which (``Balance``), where there are columns
                to do so.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: it cannot be read as a table; the message says why and what to do.
        """
        if isinstance(self.data, Blank):
            return Samples(self.data, self.data.of(TableSpace), batch=batch, seed=seed)
        check_text(self, CSV)
        frame = self.frame()
        with about(self.data):
            found = described(frame, self.categorical)
        columns, raw, notes = without_rare(*found, self.rare, self.constraints)
        named = to_name(rare_values(columns, raw))
        columns, raw, constraints = constrained(columns, raw, self.constraints)
        if constraints is not None:
            constraints = common_gaps(constraints, columns, raw, self.rare)
        space = TableSpace(columns, constraints=constraints, polars=is_polars(self.data))
        sampler = Balance(space, raw) if balanced and space.conditions.size else None
        samples = Samples(ArraySource(raw), space, batch=batch, seed=seed, sampler=sampler)
        samples.understood, samples.named = (*frame.attrs.get(READ, ()), *notes), named
        return samples

    def frame(self) -> pd.DataFrame:
        """The table as it is.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: pandas is missing, or the file cannot be read as a table.
        """
        pandas = pandas_or_error()
        if is_polars(self.data):
            return from_polars(self.data)
        if isinstance(self.data, pandas.DataFrame):
            frame: pd.DataFrame = self.data
            return frame
        if isinstance(self.data, str | Path):
            return read_frame(self.data, self)
        raise ValueError(f"a table is a path or a pandas or polars DataFrame, not {type(self.data).__name__}")


def read_frame(data: str | Path, reading: Reading = Reading()) -> pd.DataFrame:
    """The table of that name, or in a file.

    Args:
        data: a name or a path.
        reading: what a person says of a text file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it cannot be read as a table.
    """
    if data in NAMES:
        return bundled(str(data))
    path = path_of(data)
    if not path.name.lower().endswith((*CSV, *PARQUET)):
        raise ValueError(
            f"there is no table {str(data)!r}: give {', '.join(NAMES)}, a .csv or a .parquet file"
        )
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    return read_parquet(path) if path.name.lower().endswith(PARQUET) else read_csv(path, reading)


def read_csv(path: Path, reading: Reading = Reading()) -> pd.DataFrame:
    """The table in a CSV file with a line of names; blanks after separators are skipped.

    What was understood is in the frame's ``attrs`` under ``READ``, in lines.

    Raises:
        ValueError: it is empty, has a name twice, or is no such file.
    """
    pandas = pandas_or_error()
    try:
        whole, found, head = read_text(path, reading)
        twice = [name for i, name in enumerate(head) if name in head[:i]]
        if twice and all(map(is_number, head)):
            raise ValueError("its first line holds numbers and no names: write a line of names above them")
        if twice:  # pandas would rename them
            raise ValueError(f"two columns are called {twice[0]!r}: give every column a name of its own")
        how: dict[str, Any] = {"sep": found.separator, "skipinitialspace": True, "encoding": found.encoding}
        how |= {"dtype": str, "keep_default_na": False, "index_col": False, "usecols": range(len(head))}
        frame = pandas.read_csv(io.BytesIO(whole), **how)
        frame.columns = pandas.Index(head)
        frame, notes = typed_columns(frame, reading, found.decimal)
    except (ValueError, OSError) as error:  # pandas' errors, and a wrong encoding, are ValueErrors
        said = str(error).splitlines()[0]
        if said.startswith((str(path), "--")):
            raise ValueError(said) from None
        raise ValueError(f"{path} cannot be read as a table: {said}") from None
    if all(map(is_number, head)):
        notes = [f"the first line is taken for names: {', '.join(head[:4])}, ...", *notes]
    frame.attrs[READ] = [f"read as {found.words}", *notes]
    return frame


def holds_columns(path: Path) -> bool:
    """Whether a Parquet file has any column that is no bytes; without pyarrow it is taken to."""
    if not is_installed("pyarrow"):
        return True
    import pyarrow
    from pyarrow import parquet

    try:
        schema = parquet.read_schema(regular(path))
    except (OSError, ValueError, pyarrow.ArrowException):
        return True  # whoever opens it says what is wrong
    return not any(
        pyarrow.types.is_binary(field.type)
        or (pyarrow.types.is_struct(field.type) and field.type.get_field_index("bytes") >= 0)
        for field in schema
    )


def read_parquet(path: Path) -> pd.DataFrame:
    """The table in a Parquet file.

    Raises:
        ValueError: pyarrow is missing, or it is no such file.
    """
    pandas = pandas_or_error()
    needs("pyarrow", extra="parquet", why=f"{path} needs pyarrow")
    from pyarrow import parquet

    try:
        with open_binary(path) as file, must_fit(str(path)):  # pyarrow takes no name that is no UTF-8
            check_parquet(parquet.read_metadata(file), path)
            frame: pd.DataFrame = pandas.read_parquet(file)
    except (ValueError, OSError) as error:
        raise ValueError(f"{path} cannot be read as a table: {str(error).splitlines()[0]}") from None
    return frame


def bundled(name: str) -> pd.DataFrame:
    """A table that comes with scikit-learn: its numbers, and the class by name."""
    from sklearn import datasets

    found = {"iris": datasets.load_iris, "wine": datasets.load_wine}[name](as_frame=True)
    frame: pd.DataFrame = found.data.copy()
    names = np.asarray([str(v) for v in found.target_names], object)
    frame["class"] = names[found.target.to_numpy()]
    return frame
