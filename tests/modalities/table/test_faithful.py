"""What goes in comes out: every dtype as itself, or refused with the column's name before training."""

from __future__ import annotations

import datetime
import decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import torch

from ptarmigan.modalities.table.conditions import code_of
from ptarmigan.modalities.table.describe_columns import described, described_column
from ptarmigan.modalities.table.frames import restored
from ptarmigan.modalities.table.polars_frames import to_polars
from ptarmigan.modalities.table.source import Table, read_frame

N = 120
RNG = np.random.default_rng(0)
WHOLE = pd.Series(RNG.integers(0, 100, N))
TIMES = pd.Series(pd.Timestamp("2024-01-01") + pd.to_timedelta(RNG.integers(0, 10**6, N) * 100, "ms"))
TEXT = pd.Series(RNG.choice(["a", "NA", "None", "007"], N))
SIZES = (8, 16, 32, 64)
NUMBERS = [f"{name}{size}" for name in ("int", "uint", "Int", "UInt") for size in SIZES]
NUMBERS += ["float16", "float32", "float64", "Float32", "Float64"]
NUMBERS += ["int64[pyarrow]", "uint8[pyarrow]", "double[pyarrow]"]
UNITS = ("s", "ms", "us", "ns")
SECONDS = pd.to_timedelta(WHOLE, "s")


def arrow(cells, kind):
    return pd.Series(pd.array(list(cells), dtype=pd.ArrowDtype(kind)))


KEPT = {
    **{dtype: WHOLE.astype(dtype) for dtype in NUMBERS},
    **{f"datetime64[{u}]": TIMES.dt.floor("s").astype(f"datetime64[{u}]") for u in UNITS},
    **{f"zoned {u}": TIMES.astype(f"datetime64[{u}]").dt.tz_localize("Europe/Berlin") for u in UNITS},
    **{f"timedelta64[{u}]": SECONDS.astype(f"timedelta64[{u}]") for u in UNITS},
    **{f"Arrow's {u}": arrow(TIMES.dt.floor("s"), pa.timestamp(u)) for u in UNITS},
    **{f"Arrow's duration {u}": arrow(SECONDS, pa.duration(u)) for u in UNITS},
    "Arrow's zoned": arrow(TIMES.dt.tz_localize("Europe/Berlin"), pa.timestamp("us", "Europe/Berlin")),
    "Arrow's dates": arrow((time.date() for time in TIMES), pa.date32()),
    "Arrow's dates in ms": arrow((time.date() for time in TIMES), pa.date64()),
    "Arrow's text": arrow(TEXT, pa.string()),
    "Arrow's large text": arrow(TEXT, pa.large_string()),
    "text of Python": TEXT.astype(pd.StringDtype("python")),
    "text of Python with NaN": TEXT.astype(pd.StringDtype("python", na_value=np.nan)),
    "bool": WHOLE > 50,
    "boolean": (WHOLE > 50).astype("boolean"),
    "bool[pyarrow]": (WHOLE > 50).astype("bool[pyarrow]"),
    "dates": pd.Series([time.date() for time in TIMES], dtype=object),
    "str": TEXT,
    "string": TEXT.astype("string"),
    "objects of text": TEXT.astype(object),
    "objects of numbers": WHOLE.astype(object),
    "objects of numpy's numbers": pd.Series(list(np.arange(N) / 7), dtype=object),
    "category": TEXT.astype("category"),
    "category of numbers": (WHOLE / 3).astype("category"),
    "category of uint8": WHOLE.astype("uint8").astype("category"),
    "category of Int64": WHOLE.astype("Int64").astype("category"),
    "category of float32": (WHOLE / 3).astype("float32").astype("category"),
    "category of text of Python": TEXT.astype(pd.StringDtype("python")).astype("category"),
    "categories in order": pd.Series(pd.Categorical(TEXT, ["b", "None", "a", "NA", "007"], ordered=True)),
    "sparse floats": (WHOLE / 3).astype("Sparse[float64]"),
    "sparse booleans": (WHOLE > 50).astype("Sparse[bool]"),
    "sparse": WHOLE.astype("Sparse[int64]"),
    "beyond 2**53": pd.Series(RNG.integers(2**60, 2**62, N) | 1),
    "ends of int64": pd.Series([-(2**63), 2**63 - 1] * 20 + RNG.integers(-(2**62), 2**62, 80).tolist()),
    "end of uint64": pd.Series([2**64 - 1] * 40 + WHOLE[:80].tolist(), dtype="uint64"),
    "beyond int64": pd.Series([10**30 + int(v) for v in WHOLE], dtype=object),
    "tiny": pd.Series(RNG.normal(size=N) * 1e-310),
    "huge": pd.Series(RNG.normal(size=N) * 1e300),
}  # fmt: skip
REFUSED = {
    "datetimes": pd.Series([time.to_pydatetime() for time in TIMES], dtype=object),
    "times": pd.Series([time.time() for time in TIMES], dtype=object),
    "period": TIMES.dt.to_period("D"),
    "durations as objects": pd.Series([time.to_pytimedelta() for time in SECONDS], dtype=object),
    "Arrow's times": arrow((time.time() for time in TIMES), pa.time64("us")),
    "Arrow's decimals": arrow((decimal.Decimal(int(v)) for v in WHOLE), pa.decimal128(10, 2)),
    "Arrow's bytes": arrow([b"a", b"b"] * 60, pa.binary()),
    "Arrow's lists": arrow([[1], [2]] * 60, pa.list_(pa.int64())),
    "Arrow's structs": arrow([{"a": 1}, {"a": 2}] * 60, pa.struct([("a", pa.int64())])),
    "Arrow's dictionary": arrow(TEXT, pa.dictionary(pa.int32(), pa.string())),
    "interval": pd.cut(WHOLE, 5),
    "complex": WHOLE * 1j,
    "long": WHOLE.astype(np.longdouble) + np.longdouble(1) / 3,
    "bytes": pd.Series([b"a", b"b"] * 60, dtype=object),
    "decimals": pd.Series([decimal.Decimal(int(v)) for v in WHOLE], dtype=object),
    "lists": pd.Series([[1], [2]] * 60),
    "dicts": pd.Series([{"a": 1}, {"a": 2}] * 60),
    "sets": pd.Series([{1}, {2}] * 60),
    "tuples": pd.Series([(1,), (2,)] * 60),
    "categories of dates": TIMES.astype("category"),
}


def form(cells: pd.Series, which: str) -> pd.Series:
    """Many, few or one of the values of a column, or some of them missing."""
    if which == "missing":
        if str(cells.dtype)[:4] in ("int8", "int1", "int3", "int6", "uint", "bool", "Spar"):
            cells = cells.astype(object) if str(cells.dtype)[0] != "S" else cells.astype("Sparse[float64]")
        return cells.where(pd.Series(np.arange(N) % 7 > 0), None).astype(cells.dtype)
    places = {"many": np.arange(N), "few": np.arange(N) % 3, "constant": np.zeros(N, int)}[which]
    return cells.iloc[places].reset_index(drop=True)


def made(cells: pd.Series) -> pd.Series:
    """What a network that says anything makes of a column."""
    column, _ = described_column("here", cells)
    x = 3 * np.random.default_rng(1).normal(size=(300, column.width)).astype(np.float32)
    return restored(column, column.decode(x), 0)


@pytest.mark.parametrize("which", ["many", "few", "constant", "missing"])
@pytest.mark.parametrize("name", KEPT)
def test_every_dtype_comes_back_as_itself(name, which):
    cells = form(KEPT[name], which)
    column, raw = described_column("here", cells)
    if column.kind != "id":
        again = restored(column, raw, 0)
        assert again.isna().equals(cells.isna())
    found = made(cells)
    assert found.dtype == cells.dtype
    real, found = cells.dropna(), found.dropna()
    if which in ("few", "constant"):
        assert set(found) <= set(real)
    elif column.kind in ("integer", "continuous", "date", "duration") and len(found):
        assert real.min() <= found.min() <= found.max() <= real.max()


@pytest.mark.parametrize("which", ["many", "few", "constant", "missing"])
@pytest.mark.parametrize("name", REFUSED)
def test_what_would_not_is_refused_with_the_name_of_its_column(name, which):
    cells = form(REFUSED[name], which)
    with pytest.raises(ValueError, match="'here'") as raised:
        described_column("here", cells)
    assert "\n" not in str(raised.value)


FORMS = ("many", "few", "constant", "missing")


def made_and_read(data, tmp_path, ending):
    """A source's frame, and what is made of it, written and read again."""
    samples = Table(data).open(batch=2)
    space = samples.space
    x = 3 * torch.randn(300, *space.shape, generator=torch.Generator().manual_seed(0))
    (tmp_path / "made").mkdir()
    space.writers()[ending].write(tmp_path / "made" / f"made{ending}", [space.decode(x)], 300)
    return Table(data).frame(), read_frame(tmp_path / "made" / f"made{ending}"), space


def all_stood_there(real: pd.DataFrame, made: pd.DataFrame, space) -> None:
    assert list(made.columns) == list(real.columns)
    for column in space.columns:
        here, found = real[column.name].dropna(), made[column.name].dropna()
        if column.by_value or column.kind == "constant" or column.only:
            assert set(found.astype(str)) <= set(here.astype(str)), column
        elif column.kind != "id" and len(found):
            assert here.min() <= found.min() <= found.max() <= here.max(), column


SOME = [name for name in KEPT if not name.endswith(("8", "16", "32", " s", " us", "[s]", "[us]"))]


@pytest.mark.parametrize("which", FORMS)
def test_parquet_files_of_every_dtype_come_back(tmp_path, which):
    out = ("beyond int64", "end of uint64", "sparse")  # what pandas cannot write, or reads as another dtype
    kept = {name: form(KEPT[name], which) for name in SOME if not name.startswith(out)}
    pd.DataFrame(kept | {"x": RNG.normal(size=N)}).to_parquet(tmp_path / "t.parquet", index=False)
    real, made, space = made_and_read(tmp_path / "t.parquet", tmp_path, ".parquet")
    assert made.dtypes.astype(str).to_dict() == real.dtypes.astype(str).to_dict()
    all_stood_there(real, made, space)


@pytest.mark.parametrize("which", FORMS)
def test_csv_files_of_every_dtype_come_back(tmp_path, which):
    kept = {
        name: form(KEPT[name], which) for name in SOME if not name.startswith(("Arrow", "Int", "UInt", "cat"))
    }
    pd.DataFrame(kept | {"x": RNG.normal(size=N)}).to_csv(tmp_path / "t.csv", index=False)
    real, made, space = made_and_read(tmp_path / "t.csv", tmp_path, ".csv")
    changed = {
        (str(real[name].dtype).lower(), str(made[name].dtype).lower())
        for name in kept
        if made[name].notna().any()
    }
    # where nothing that was made is missing, Int64 and int64 are written alike
    assert all(a == b for a, b in changed), changed
    all_stood_there(real, made, space)


def test_what_parquet_cannot_hold_is_said_in_a_line(tmp_path):
    samples = Table(pd.DataFrame({"here": KEPT["beyond int64"], "x": WHOLE / 7})).open(batch=2)
    raw = samples.source.read(np.arange(N))
    with pytest.raises(ValueError, match="Parquet") as raised:
        samples.space.writers()[".parquet"].write(tmp_path / "made.parquet", [raw], N)
    assert "\n" not in str(raised.value)


POLARS = {
    **{name: pl.Series(WHOLE).cast(getattr(pl, name)) for name in ("Int8", "Int64", "UInt8", "UInt64")},
    **{name: pl.Series(WHOLE / 7).cast(getattr(pl, name)) for name in ("Float32", "Float64")},
    **{f"Datetime {u}": pl.Series(TIMES).cast(pl.Datetime(u)) for u in ("ms", "us", "ns")},
    **{f"Duration {u}": pl.Series(SECONDS).cast(pl.Duration(u)) for u in ("ms", "us", "ns")},
    "zoned": pl.Series(TIMES).cast(pl.Datetime("us")).dt.replace_time_zone("Asia/Tokyo"),
    "Date": pl.Series(TIMES).cast(pl.Date),
    "Boolean": pl.Series(WHOLE > 50),
    "String": pl.Series(TEXT.tolist()),
    "Categorical": pl.Series(TEXT.tolist(), dtype=pl.Categorical),
    "Enum": pl.Series(TEXT.tolist(), dtype=pl.Enum(["b", "None", "a", "NA", "007"])),
    "beyond 2**53": pl.Series(KEPT["beyond 2**53"].tolist()),
    "end of uint64": pl.Series(KEPT["end of uint64"].tolist(), dtype=pl.UInt64),
}  # fmt: skip


@pytest.mark.parametrize("which", FORMS)
def test_polars_of_every_dtype_comes_back(which):
    places = {"many": range(N), "few": [i % 3 for i in range(N)], "constant": [0] * N, "missing": range(N)}
    frame = pl.DataFrame({name: cells[list(places[which])] for name, cells in POLARS.items()})
    frame = frame.with_columns(x=pl.Series(RNG.normal(size=N)))
    if which == "missing":
        gone = pl.Series(np.arange(N) % 7 == 0)
        frame = frame.with_columns(
            pl.when(gone).then(None).otherwise(pl.col(n)).alias(n) for n in frame.columns
        )
    samples = Table(frame).open(batch=2)
    space = samples.space
    again = to_polars(space.frame(samples.source.read(np.arange(N))), space.columns)
    assert again.schema == frame.schema
    plain = pl.selectors.by_dtype(pl.Categorical).cast(pl.String)  # of which each has an order of its own
    known = [
        part.drop("beyond 2**53").with_columns(plain) for part in (again, frame)
    ]  # as near as float64 has
    assert known[0].equals(known[1])
    x = 3 * torch.randn(300, *space.shape, generator=torch.Generator().manual_seed(0))
    made = to_polars(space.frame(space.decode(x)), space.columns)
    assert made.schema == frame.schema


@pytest.mark.parametrize(
    "cells",
    [
        pl.Series([datetime.time(1, i % 60) for i in range(N)]),
        pl.Series([decimal.Decimal(i) for i in range(N)]),
        pl.Series([b"a", b"b"] * 60),
        pl.Series([[1], [2]] * 60),
        pl.Series([{"a": 1}, {"a": 2}] * 60),
        pl.Series([{1}, {2}] * 60, dtype=pl.Object),
    ],
    ids=lambda cells: str(cells.dtype).split("(")[0],
)
def test_what_polars_has_more_is_refused(cells):
    with pytest.raises(ValueError, match="'here'"):
        Table(pl.DataFrame({"here": cells, "x": range(N)})).open(batch=2)


def test_a_sparse_column_that_is_mostly_something_else_is_refused():
    with pytest.raises(ValueError, match="'here'"):
        described_column("here", WHOLE.astype(pd.SparseDtype("int64", 7)))


def test_durations_are_compared_and_asked_for():
    frame = pd.DataFrame(
        {"short": SECONDS, "long": SECONDS + pd.Timedelta("1h") * (WHOLE % 5), "x": WHOLE / 7}
    )
    space = Table(frame, constraints=("short <= long", "long < 5h 2min", "0s <= short")).open(batch=2).space
    x = 3 * torch.randn(300, *space.shape, generator=torch.Generator().manual_seed(0))
    made = space.frame(space.decode(x))
    assert made.dtypes.equals(frame.dtypes)
    assert (made["short"] <= made["long"]).all()
    with pytest.raises(ValueError, match="rows break it"):
        Table(frame, constraints=("long < 1h",)).open(batch=2)
    with pytest.raises(ValueError, match="'short' is duration and 'x' is continuous"):
        Table(frame, constraints=("short < x",)).open(batch=2)


def test_whole_numbers_beyond_float64_are_those_that_occur():
    real = [9007199254740993, 9007199254740995]
    assert set(made(pd.Series(real * 60))) == set(real)
    even = made(pd.Series([2**60 + 2 + 10**6 * k for k in range(100)]))
    assert all((v - 2**60 - 2) % 10**6 == 0 for v in even)


def test_times_prices_and_amounts_are_multiples_of_what_they_were():
    for unit in ("us", "ns"):
        found = made(TIMES.astype(f"datetime64[{unit}]"))
        assert (found == found.dt.floor("100ms")).all()
    assert (made(WHOLE.map(lambda v: v * 0.25 + 0.1)).sub(0.1) % 0.25).round(9).isin([0.0, 0.25]).all()
    assert set(made(WHOLE * 100 + 7) % 100) == {7}
    tenths = made((WHOLE / 10).astype("float32"))
    assert (tenths == tenths.round(1)).all()


def test_no_minus_zero_is_made_where_there_is_none():
    found = made(pd.Series(np.random.default_rng(0).normal(size=N).round(1) + 0.0))
    assert not (np.signbit(found) & (found == 0)).any()
    assert np.signbit(made(pd.Series([-0.0] * N))).all()


def test_a_number_far_out_does_not_cost_the_others_their_places():
    found = made(pd.Series([-1e9] * 3 + np.linspace(0, 1, N - 3).tolist()))
    assert found[found > -100].between(-2, 3).all()
    column, _ = described_column("here", pd.Series([-1e9] * 3 + np.linspace(0, 1, N - 3).tolist()))
    assert max(deviation for _, mean, deviation in column.modes if abs(mean) < 2) < 1


def test_the_largest_float_beside_ordinary_numbers_is_refused_with_its_column():
    with pytest.raises(ValueError, match="'here' has 1"):
        made(pd.Series([np.finfo(float).max] * 3 + RNG.normal(size=N - 3).tolist()))


def test_new_ids_are_new_and_have_room():
    text, _ = described_column("id", pd.Series([f"new-{i}" for i in range(50)]))
    assert restored(text, np.zeros(2), 0).tolist() == ["new-new-0", "new-new-1"]
    wide, _ = described_column("id", pd.Series(range(2**60 + 1, 2**60 + 51)))
    assert restored(wide, np.zeros(2), 0).tolist() == [2**60 + 51, 2**60 + 52]
    full, _ = described_column("id", pd.Series(range(200), dtype="uint8"))
    assert full.kind == "integer"
    short, _ = described_column("id", pd.Series(range(100), dtype="uint8"))
    with pytest.raises(ValueError, match="no room"):
        restored(short, np.zeros(200), 0)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([1, "1"], "written alike"),
        (["a", "a"], "two columns 'a'"),
        ([("a", 1), ("a", 2)], "no text"),
        ([None, "a"], "no text"),
        ([True, "a"], "no text"),
        ([datetime.date(2024, 1, 1), "a"], "no text"),
    ],
)
def test_names_that_cannot_be_told_apart_are_refused(names, words):
    frame = pd.DataFrame([[0, 1], [1, 0]] * 5)
    frame.columns = pd.Index(names)
    with pytest.raises(ValueError, match=words):
        described(frame)


def test_other_names_come_back():
    names = ["a[b]", " blank ", "dot.ted", "a=b", "a+b", "ü 名", "", "$x$", 7]
    frame = pd.DataFrame(np.arange(9 * 12).reshape(12, 9) % 5, columns=pd.Index(names, dtype=object))
    assert [column.name for column in described(frame)[0]] == names


@pytest.mark.parametrize(
    ("cells", "asked", "held"),
    [
        (pd.Series(pd.to_datetime(["2024-01-01", "2024-05-06"] * 60)), "2024-05-06", "2024-01-01"),
        (pd.Series(pd.to_timedelta(["1h", "2h"] * 60)), "2h", "0 days 01:00:00"),
        (pd.Series([1.0, 2.0] * 60), 2.0, "1, 2"),
        (pd.Series([1.0, 2.0] * 60), "2.0", "1, 2"),
        (pd.Series([2**60, 2**60 + 1] * 60), str(2**60 + 1), str(2**60)),
        (pd.Series(["007", "7"] * 60), "007", "007, 7"),
    ],
)
def test_what_is_asked_for_is_read_as_the_column_is(cells, asked, held):
    frame = pd.DataFrame({"here": cells, "x": WHOLE / 7})
    space = Table(frame, categorical=("here",)).open(batch=2).space
    code = code_of(space.columns[0], asked)
    assert space.columns[0].by_value
    assert restored(space.columns[0], np.array([float(code)]), 0)[0] == cells[1 if asked != "007" else 0]
    with pytest.raises(ValueError, match=held):
        space.conditions.vector({"here": "nothing like it"})


def test_missing_cells_of_any_kind_are_shown():
    gone = [None if i % 3 else i for i in range(N)]
    frame = pd.DataFrame({"a": pd.array(gone, "Int64"), "b": pd.to_datetime(gone), "c": gone, "x": WHOLE / 7})
    samples = Table(frame.assign(d=pd.array([None if v is None else "t" for v in gone], "string"))).open(
        batch=2
    )
    assert samples.space.html(samples.source.read(np.arange(2))).count("<td>–</td>") == 4
