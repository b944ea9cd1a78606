"""Series by one argument: a CSV or Parquet file, a data frame or arrays in memory, or a set by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.core.errors import about
from ptarmigan.core.noise import key
from ptarmigan.data.blank import Blank
from ptarmigan.data.numbers import read_npy
from ptarmigan.data.reading import Data, Reading, check_text
from ptarmigan.data.samples import ArraySource, Samples
from ptarmigan.data.windows import windows
from ptarmigan.media.files import path_of
from ptarmigan.modalities.series.channels import channel_in, channel_of
from ptarmigan.modalities.series.space import NUMBERED, SeriesSpace
from ptarmigan.modalities.table.column import Column
from ptarmigan.modalities.table.describe_columns import described_column
from ptarmigan.modalities.table.frames import pandas_or_error
from ptarmigan.modalities.table.names import check_names
from ptarmigan.modalities.table.rare import rare_values, to_name
from ptarmigan.modalities.table.source import CSV, READ, read_frame
from ptarmigan.modalities.vector.source import LARGEST

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

NAME = "sines"
SINES, WAVES = 10_000, 5
"""Series of the named set, and their channels."""
ENDS = "it names the smallest and the largest number of every channel, or all of them where few occur"


@dataclass(frozen=True)
class Series(Reading, Data):
    """The series to learn from, and how they are cut."""

    data: Any = NAME
    """sines, or the path of a .csv, .tsv (also packed), .parquet or .npy file, one step of time a row. In
    Python also a pandas DataFrame, an array (time, channels) or (series, time, channels), a list of arrays
    (time, channels), or a Blank."""
    length: int = 24
    """Steps of a window. Longer series are cut into windows, shorter ones are kept with their end; series of
    one array (series, time, channels) are not cut."""
    stride: int = 1
    """Steps from the beginning of one window to that of the next."""
    id: str = ""
    """The column that says which series a row is of; all rows are one series when empty."""
    time: str = ""
    """The column that orders the rows of a series, and is not learnt; they are in order when empty."""
    metadata: tuple[str, ...] = ()
    """Columns that are the same in all rows of a series, such as where it was measured."""

    def open(self, *, batch: int, seed: int = 0) -> Samples[SeriesSpace]:
        """Windows of the series, shuffled by ``seed`` and cut into batches.

        Args:
            batch: windows in a batch.
            seed: the random seed of the shuffle.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: it does not hold series; the message says why and what to do.
        """
        if isinstance(self.data, Blank):
            return Samples(self.data, self.data.of(SeriesSpace), batch=batch, seed=seed)
        check_text(self, CSV)
        found = self.loaded()
        with about(self.data):
            raw, space = replace(self, data=found).read()
        samples = Samples(ArraySource(raw), space, batch=batch, seed=seed)
        samples.understood = tuple(getattr(found, "attrs", {}).get(READ, ()))
        if not (isinstance(self.data, str) and self.data == NAME):
            rare = rare_values(space.metadata, raw[:, 0, space.channels :])
            samples.named = (*(f"{line} (of metadata)" for line in to_name(rare)), ENDS)
        return samples

    def loaded(self) -> Any:
        """The frame or the arrays that the data are.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: it cannot be read.
        """
        if not isinstance(self.data, str | Path):
            return self.data
        if self.data == NAME:
            return sines(SINES, self.length)
        if str(self.data).endswith(".npy"):
            return read_npy(path_of(self.data))
        return frame_in(self.data, self)

    def read(self) -> tuple[Floats, SeriesSpace]:
        """The windows ``(n, length, channels)``, NaN after the end of a series, and what they are.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: it does not hold series.
        """
        if self.length < 2:
            raise ValueError(f"a window of {self.length} steps is no series: choose a --length of 2 or more")
        found = self.loaded()
        if isinstance(found, np.ndarray) and found.ndim == 3:
            return known(checked(found, "the array"), [found])
        if isinstance(found, np.ndarray):
            found = [found]
        if isinstance(found, list | tuple):
            arrays = [np.asarray(one) for one in found]
            several = [checked(one, f"series {i + 1}") for i, one in enumerate(arrays)]
            return known(windows(several, self.length, self.stride), arrays)
        if not isinstance(found, pandas_or_error().DataFrame):
            raise ValueError(f"series are a path, a DataFrame or arrays, not {type(found).__name__}")
        several, forms, metadata = split_into_series(found, self.id, self.time, self.metadata)
        raw = windows(several, self.length, self.stride)
        names = tuple(form.name for form in forms)
        return raw, SeriesSpace.of(raw, names, self.id or NUMBERED, metadata, forms)


def known(raw: Floats, arrays: Sequence[NDArray[Any]]) -> tuple[Floats, SeriesSpace]:
    """Series without names, and what they are by the arrays that they came in."""
    dtype = np.result_type(*arrays)
    cells = [
        np.concatenate([one.reshape(-1, raw.shape[2])[:, i] for one in arrays]) for i in range(raw.shape[2])
    ]
    forms = tuple(channel_of(i, there[there == there], str(dtype)) for i, there in enumerate(cells))
    return raw, SeriesSpace.of(raw, forms=forms)


def comparable(
    real: Any,
    fake: Any,
    length: int,
    id: str,
    time: str,
    metadata: Sequence[str] = (),
    **reading: Any,
) -> tuple[Floats, Floats]:
    """The windows of two sets of series, with the channels in the order of the first, and no metadata.

    Args:
        real: what ``Series`` takes as data.
        fake: the same.
        length: steps of a window.
        id: the column that says which series a row is of, where a table has it.
        time: the column that orders the rows of a series, where a table has it.
        metadata: columns that are the same in all rows of a series, where a table has them.
        **reading: how text files are read, as ``Reading`` has it.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: these are no series, or of other channels.
    """
    (first, space), (others, second) = (
        read_as(data, length, id, time, metadata, Reading(**reading)) for data in (real, fake)
    )
    names, called = (some.names if some.columns else () for some in (space, second))
    if not names or not called or names == called:
        return first[:, :, : space.channels], others[:, :, : second.channels]
    if set(names) != set(called):
        raise ValueError(
            f"channels {', '.join(names)} cannot be compared with {', '.join(called)}: say with --id, "
            "--time and --metadata which columns are none"
        )
    return first[:, :, : space.channels], others[:, :, [called.index(name) for name in names]]


def read_as(
    data: Any, length: int, id: str, time: str, metadata: Sequence[str], reading: Reading
) -> tuple[Floats, SeriesSpace]:
    """The windows of series, and what they are; of a table, by those of the columns that it has."""
    where = data
    if isinstance(data, str | Path) and data != NAME and not str(data).endswith(".npy"):
        data = frame_in(data, reading)
    has = tuple(map(str, getattr(data, "columns", ())))
    said = tuple(name for name in metadata if name in has)
    series = Series(data, length, id=id if id in has else "", time=time if time in has else "", metadata=said)
    with about(where):
        return series.read()


def split_into_series(
    frame: pd.DataFrame, name: str = "", time: str = "", metadata: Sequence[str] = ()
) -> tuple[list[Floats], tuple[Column, ...], tuple[Column, ...]]:
    """The series in a frame, one step of time a row; what the channels are; and the columns of metadata.

    Metadata stands beside the channels of a series, the same in every row.

    Args:
        frame: the rows.
        name: the column that says which series a row is of; they are one series when empty.
        time: the column that orders the rows of a series.
        metadata: columns that are the same in all rows of a series.

    Raises:
        ValueError: there is no such column, one holds no finite numbers, or metadata changes.
    """
    check_names(frame.columns)
    if not len(frame):
        raise ValueError("the table is empty: it has no rows")
    markers = [column for column in (name, time) if column]
    apart_from = [*markers, *metadata]
    called = {str(column): column for column in frame.columns}
    for i, column in enumerate(apart_from):
        if column in apart_from[:i]:
            raise ValueError(f"--id, --time and --metadata name {column!r} twice: a column is one of them")
        if column not in called:
            raise ValueError(f"there is no column {column!r}; there are {', '.join(called)}")
    for column in markers:
        if frame[called[column]].isna().any():
            raise ValueError(f"the column {column!r} has missing values: leave those rows out")
    if not name and NUMBERED in called:
        raise ValueError(
            f"the column {NUMBERED!r} is called as that which numbers series in what is made: rename it, or "
            f"say --id {NUMBERED} where it does"
        )
    learnt = [column for text, column in called.items() if text not in apart_from]
    if not learnt:
        raise ValueError("there is no channel to learn: all columns are an id, a time or metadata")
    forms = tuple(channel_in(column, frame[column]) for column in learnt)
    ordered = frame.sort_values(called[time], kind="stable") if time else frame
    groups: list[tuple[Any, pd.DataFrame]] = [("", ordered)]
    if name:
        groups = list(ordered.groupby(called[name], sort=False))
    about, said = metadata_of(groups, [called[column] for column in metadata])
    several = []
    for row, (who, rows) in zip(said, groups, strict=True):
        numbers = checked(
            rows[learnt].to_numpy(np.float64, na_value=np.nan), f"series {who}" if name else "the table"
        )
        several.append(np.column_stack([numbers, np.tile(row, (len(numbers), 1))]))
    return several, forms, about


def metadata_of(
    groups: Sequence[tuple[Any, pd.DataFrame]], metadata: Sequence[str | int]
) -> tuple[tuple[Column, ...], Floats]:
    """The metadata of series: its columns, and a raw row for each series.

    Raises:
        ValueError: it changes within a series.
    """
    for column in metadata:
        for who, rows in groups:
            if rows[column].nunique(dropna=False) > 1:
                raise ValueError(
                    f"the column {column!r} changes within series {who}: metadata is the same in all its rows"
                )
    if not metadata:
        return (), np.empty((len(groups), 0))
    heads = pandas_or_error().concat([rows.iloc[:1] for _, rows in groups])
    found = [described_column(column, heads[column]) for column in metadata]
    return tuple(column for column, _ in found), np.stack([raw for _, raw in found], 1)


def checked(raw: NDArray[Any], where: str) -> Floats:
    """A series ``(time, channels)``, or whole ones ``(series, time, channels)``, as float64.

    Numbers ``(time,)`` are one channel. NaN in all channels is where one of whole series has ended.

    Raises:
        ValueError: these are no such finite numbers.
    """
    series = raw[:, None] if raw.ndim == 1 else raw
    if series.ndim not in (2, 3) or 0 in series.shape:
        raise ValueError(f"{where} has the shape {raw.shape}, not (time, channels)")
    if series.dtype.kind not in "fiub":
        raise ValueError(f"{where} holds {raw.dtype}, not numbers")
    series = series.astype(np.float64)
    good = np.abs(series) < LARGEST  # what is not a number is not
    if series.ndim == 3:
        good |= ended(series)[:, :, None]
        if series.shape[1] < 2:
            raise ValueError(f"{where} has the shape {raw.shape}: series have 2 steps or more")
    if not good.all():
        *_, step, channel = (int(i) for i in np.argwhere(~good)[0])
        raise ValueError(
            f"{where} has {series[~good][0]:g} at step {step + 1} in channel {channel + 1}; "
            f"{int((~good).sum())} numbers are missing, infinite or absurd: fill them in or leave rows out"
        )
    return series


def ended(series: Floats) -> NDArray[np.bool_]:
    """Which steps ``(n, length)`` of series are after their last number; the first never is."""
    missing = np.asarray(np.isnan(series).all(2))
    after = np.cumprod(missing[:, ::-1], axis=1)[:, ::-1].astype(bool)
    after[:, 0] = False
    return after


def frame_in(data: str | Path, reading: Reading) -> pd.DataFrame:
    """The table in a file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it cannot be read as a table.
    """
    if not Path(data).suffix:
        raise ValueError(f"there are no series {str(data)!r}: give {NAME}, a .csv, .parquet or .npy file")
    return read_frame(data, reading)


def sines(n: int, length: int) -> Floats:
    """Sines from 0 to 1 with frequencies and phases of their own, both uniform below 0.1 radians.

    As the published script of TimeGAN has them (Yoon et al. 2019); its paper says otherwise.
    """
    rng = np.random.default_rng(key("series", NAME))
    frequency, phase = rng.uniform(0, 0.1, (2, n, 1, WAVES))
    waves: Floats = (np.sin(frequency * np.arange(length)[:, None] + phase) + 1) / 2
    return waves
