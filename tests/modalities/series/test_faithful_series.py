"""What goes in comes out: channels of every dtype, their grids, names that are numbers; or a refusal."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import torch

from ptarmigan import SeriesGAN
from ptarmigan.modalities.registry import from_json
from ptarmigan.modalities.series.source import Series

RNG = np.random.default_rng(0)
N = 120
WHOLE = pd.Series(RNG.integers(0, 100, N))
SIZES = (8, 16, 32, 64)
DTYPES = [f"{name}{size}" for name in ("int", "uint", "Int", "UInt") for size in SIZES]
DTYPES += ["float16", "float32", "float64", "Float32", "Float64", "int64[pyarrow]", "double[pyarrow]"]
CHANNELS = {dtype: WHOLE.astype(dtype) for dtype in DTYPES}
CHANNELS |= {dtype: (WHOLE > 50).astype(dtype) for dtype in ("bool", "boolean", "bool[pyarrow]")}
CHANNELS |= {
    "prices": (WHOLE * 0.25 + 0.1).round(2),
    "tenths of float32": (WHOLE / 10).astype("float32"),
    "few": (WHOLE % 3) * 0.7,
    "constant": WHOLE * 0 + 5,
    "always true": WHOLE > -1,
    "up to 2**53": WHOLE + 2**53 - 99,
    "measured": pd.Series(RNG.normal(size=N)),
}


def made_of(data, **more) -> tuple[Series, object, np.ndarray]:
    """The space of series, after JSON, and what a network that says anything makes of it."""
    raw, space = Series(data, length=6, **more).read()
    space = from_json(json.loads(json.dumps(space.to_json())))
    again = space.decode(space.encode(raw))
    said = torch.rand(40, *space.shape, generator=torch.Generator().manual_seed(0)) * 1.4 - 0.2
    return raw, again, space, space.decode(said)


@pytest.mark.parametrize("name", CHANNELS)
def test_every_channel_comes_back_as_itself(name):
    frame = pd.DataFrame({"here": CHANNELS[name], "beside": RNG.normal(size=N)})
    raw, again, space, made = made_of(frame)
    assert space.frame(again)["here"].dtype == frame["here"].dtype
    if name != "measured":
        np.testing.assert_array_equal(again[..., 0], raw[..., 0])
    found = space.frame(made)["here"]
    assert found.dtype == frame["here"].dtype
    assert frame["here"].min() <= found.min() <= found.max() <= frame["here"].max()
    if name in ("few", "constant", "always true", "bool"):
        assert set(found) <= set(frame["here"])
    if name == "prices":
        assert ((found - 0.1) % 0.25).round(9).isin([0.0, 0.25]).all()
    if name == "tenths of float32":
        assert (found == found.round(1)).all()


@pytest.mark.parametrize("dtype", ["int8", "int64", "uint16", "float32", "float64", "bool"])
@pytest.mark.parametrize("whole", [True, False])
def test_arrays_come_back_in_their_dtype(dtype, whole, tmp_path):
    array = RNG.integers(0, 2, (20, 6, 2) if whole else (60, 2)).astype(dtype)
    raw, again, space, made = made_of(array)
    np.testing.assert_array_equal(again, raw)
    assert space.array(made).dtype == dtype
    assert set(np.unique(space.array(made))) <= {0, 1}
    space.writers()[".npy"].write(tmp_path / "made.npy", [made], len(made))
    assert np.load(tmp_path / "made.npy").dtype == dtype
    space.save(made[:2], tmp_path)
    first = (tmp_path / "series.csv").read_text().splitlines()[1]
    assert first.split(",")[1:] == [str(v) for v in space.array(made)[0, 0].tolist()]


def test_arrays_of_unequal_length_are_floats_where_they_end():
    arrays = [RNG.integers(0, 9, (length, 2)) for length in (3, 6, 5)]
    _, again, space, made = made_of(arrays)
    assert space.array(made).dtype == np.float64
    assert np.isnan(again).any()
    assert (made[~np.isnan(made)] % 1 == 0).all()


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (pd.DataFrame({"series": WHOLE, "x": WHOLE}), "'series'"),
        (pd.DataFrame({1: WHOLE, "1": WHOLE}), "written alike"),
        (pd.DataFrame({("a", 1): WHOLE, ("a", 2): WHOLE}), "no text"),
        (pd.DataFrame({"here": WHOLE + 2**60}), "'here' has whole numbers beyond 2"),
        (pd.DataFrame({"here": WHOLE.astype("Int64").mask(WHOLE > 50)}), "missing"),
        (pd.DataFrame({"here": WHOLE.astype(float).mask(WHOLE > 50)}), "missing"),
        (pd.DataFrame({"here": WHOLE.astype(float) * np.nan}), "'here' is empty"),
        (pd.DataFrame({"here": WHOLE.astype(str)}), "'here' holds no numbers"),
        (pd.DataFrame({"here": WHOLE.astype("category")}), "'here' holds no numbers"),
        (pd.DataFrame({"here": pd.to_timedelta(WHOLE, "s")}), "'here' holds no numbers"),
        (pd.DataFrame({"here": WHOLE * 1j}), "'here' holds no numbers"),
        (pd.DataFrame({"here": WHOLE.astype(np.longdouble) + np.longdouble(1) / 3}), "'here'"),
        (pd.DataFrame({"here": pd.arrays.SparseArray(WHOLE, fill_value=7)}), "'here'"),
        (np.full((9, 2), 2**60), "beyond 2"),
    ],
)
def test_what_would_not_is_refused(frame, words):
    with pytest.raises(ValueError, match=words) as raised:
        Series(frame, length=5).read()
    assert "\n" not in str(raised.value)


def test_names_that_are_numbers_or_odd_come_back(tmp_path):
    names = [3, "a[b]", " blank ", "dot.ted", "a,b", "ü 名", "$x$"]
    frame = pd.DataFrame({name: WHOLE + i for i, name in enumerate(names)})
    frame[7], frame["site"] = WHOLE.index // 30, "here"
    model = SeriesGAN(steps=2, length=5, id="7", metadata=["site"], options={"width": 8}).fit(frame)
    made = model.sample(3)
    assert made.columns.tolist() == ["7", "site", *names]
    space = model._trained.space
    space.save(model._trained.sample(2), tmp_path)
    assert pd.read_csv(tmp_path / "series.csv").columns.tolist() == ["7", "site", *map(str, names)]


def test_a_description_of_an_older_run_is_read():
    _, space = Series(RNG.normal(size=(9, 2)), length=5).read()
    plain = space.to_json()
    del plain["forms"]
    older = from_json(plain)
    assert older.decode(torch.rand(2, *older.shape)).shape == (2, 5, 2)
    assert older.frame(older.decode(torch.rand(2, *older.shape))).columns.tolist() == ["series", "0", "1"]
