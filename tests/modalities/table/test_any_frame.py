"""Of any frame: what comes out could have stood there, or it is refused before training by a name."""

from __future__ import annotations

import datetime
import json
from typing import Any

import numpy as np
import pandas as pd
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ptarmigan.modalities.registry import from_json
from ptarmigan.modalities.table.source import Table, read_frame

ROWS = 24
GENERAL = ("there is nothing to learn", "there are two columns", "are written alike", "is named by no text")
NAMES = st.one_of(
    st.sampled_from(
        ["a[b]", " blank ", "dot.ted", "a=b", "a+b", "<x>", "$x$", "ü 名", "", "series", "1", "nan"]
    ),
    st.text(max_size=4),
    st.integers(-2, 2),
    st.sampled_from([None, True, ("a", 1), 1.5]),
)
DAYS = st.dates(datetime.date(1700, 1, 1), datetime.date(2200, 1, 1))
CELLS: list[st.SearchStrategy[Any]] = [
    st.integers(-(2**63), 2**63 - 1),
    st.integers(-3, 30),
    st.integers(0, 2**64 - 1),
    st.floats(allow_infinity=False),
    st.floats(-1e6, 1e6, width=32),
    st.integers(-400, 400).map(lambda v: v / 4),
    st.booleans(),
    st.text(max_size=3),
    st.sampled_from(["NA", "007", "None", "true", "-", "1e5"]),
    DAYS,
    DAYS.map(pd.Timestamp),
    st.datetimes(datetime.datetime(1700, 1, 1), datetime.datetime(2200, 1, 1)).map(pd.Timestamp),
    st.timedeltas(datetime.timedelta(-(10**5)), datetime.timedelta(10**5)).map(pd.Timedelta),
    st.decimals(-10, 10, places=2),
    st.lists(st.integers(0, 2), max_size=2),
    st.dictionaries(st.sampled_from("ab"), st.integers(0, 2), max_size=1),
    st.frozensets(st.integers(0, 2), max_size=2),
    st.binary(max_size=2),
    st.complex_numbers(max_magnitude=10),
    st.one_of(st.integers(0, 3), st.text(max_size=2)),
]
DTYPES = [
    "int8", "uint64", "Int64", "Int16", "float16", "float32", "float64", "Float32", "boolean", "string",
    "category", "object", "Sparse[float64]", "int64[pyarrow]", "double[pyarrow]", "string[pyarrow]",
    "datetime64[s]",
    "datetime64[ns]", "timestamp[ms][pyarrow]", "timedelta64[ms]", "duration[us][pyarrow]",
]  # fmt: skip


@st.composite
def columns(draw: st.DrawFn) -> pd.Series:
    """Cells of one kind, few or many of them different, some missing, as a dtype that they go into."""
    kind = draw(st.sampled_from(CELLS))
    several = draw(st.sampled_from([1, 3, ROWS]))
    pool = draw(st.lists(kind, min_size=several, max_size=several))
    cells = [pool[i % several] for i in range(ROWS)]
    for gone in draw(st.sets(st.integers(0, ROWS - 1), max_size=4)):
        cells[gone] = None
    series = pd.Series(cells, dtype=draw(st.sampled_from([None, object])))
    try:
        with np.errstate(all="raise"):
            return series.astype(draw(st.sampled_from([str(series.dtype), *DTYPES])))
    except (
        RuntimeWarning,
        FloatingPointError,
        TypeError,
        ValueError,
        OverflowError,
        NotImplementedError,
        pd.errors.OutOfBoundsDatetime,
    ):
        return series


@st.composite
def frames(draw: st.DrawFn, names: st.SearchStrategy[Any] = NAMES) -> pd.DataFrame:
    """A column of numbers and some of anything, under any names."""
    parts = draw(st.lists(columns(), min_size=1, max_size=3))
    frame = pd.DataFrame(dict(enumerate([*parts, pd.Series(np.arange(ROWS) / 7)])))
    frame.columns = pd.Index(
        [*draw(st.lists(names, min_size=len(parts), max_size=len(parts))), "x"], dtype=object
    )
    return frame


def made_of(space: Any, seed: int = 0) -> pd.DataFrame:
    """What a network that says anything makes, of a space as a file holds it."""
    space = from_json(json.loads(json.dumps(space.to_json())))
    x = 3 * torch.randn(60, *space.shape, generator=torch.Generator().manual_seed(seed))
    return space.frame(space.decode(x))


def stood_there(column: Any, real: pd.Series, made: pd.Series) -> None:
    assert made.dtype == real.dtype
    assert made.notna().all() or real.isna().any()
    there, found = real.dropna(), made.dropna()
    if column.kind == "id":
        assert not set(found) & set(there)
    elif column.by_value or column.kind in ("constant", "boolean") or column.only:
        assert set(found) <= set(there)
        assert set(map(type, found)) <= set(map(type, there))
    elif len(found):
        assert there.min() <= found.min() <= found.max() <= there.max()


def opened(data: Any) -> tuple[Any, str]:
    """The space of a table, or why there is none."""
    try:
        return Table(data).open(batch=2).space, ""
    except ValueError as error:
        return None, str(error)


@settings(max_examples=50)
@given(columns())
def test_what_is_made_of_any_column_could_have_stood_there(cells):
    space, reason = opened(pd.DataFrame({"here": cells, "x": [0.5, 1.5] * (ROWS // 2)}))
    if reason:
        assert reason.startswith("the column 'here'")
        assert "\n" not in reason
        return
    made = made_of(space)
    stood_there(space.columns[0], cells, made["here"])
    assert made["x"].isin([0.5, 1.5]).all()


@settings(max_examples=20)
@given(frames())
def test_what_is_made_of_any_frame_could_have_stood_there(frame):
    before = frame.copy(deep=True)
    space, reason = opened(frame)
    pd.testing.assert_frame_equal(frame, before)
    if reason:
        assert "\n" not in reason
        named = [repr(name) for name in frame.columns]
        assert any(part in reason for part in (*named, *GENERAL)), reason
        return
    made = made_of(space)
    assert made.columns.tolist() == frame.columns.tolist()
    for i, column in enumerate(space.columns):
        stood_there(column, frame.iloc[:, i], made.iloc[:, i])


@settings(max_examples=20)
@given(frames(st.text("abü[] .$<=+,\n\"'", min_size=1, max_size=4)))
def test_what_is_made_of_any_file_could_have_stood_there(tmp_path_factory, frame):
    path = tmp_path_factory.mktemp("any") / "t.csv"
    frame.to_csv(path, index=False)
    space, reason = opened(str(path))
    if reason:
        assert "\n" not in reason
        assert any(part in reason for part in (str(path), "the column", *GENERAL)), reason
        return
    real, made = read_frame(path), made_of(space)
    for i, column in enumerate(space.columns):
        stood_there(column, real.iloc[:, i], made.iloc[:, i])
    (path.parent / "made").mkdir()
    made.to_csv(path.parent / "made" / "t.csv", index=False)
    again = read_frame(path.parent / "made" / "t.csv")
    assert again.columns.tolist() == real.columns.tolist()
