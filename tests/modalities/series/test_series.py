"""Series: how they are read and cut, and that they survive being encoded and decoded."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import torch

from ptarmigan.data.blank import Blank
from ptarmigan.data.windows import windows
from ptarmigan.modalities.registry import from_json
from ptarmigan.modalities.series.source import Series, sines
from ptarmigan.modalities.series.space import SeriesSpace


def walk(steps: int, channels: int = 2, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((steps, channels)).cumsum(0)


def test_windows_are_cut_with_a_stride():
    series = walk(10)
    cut = windows([series], 4, 3)
    np.testing.assert_array_equal(cut, np.stack([series[0:4], series[3:7], series[6:10]]))
    assert windows([series, walk(5)], 4).shape == (7 + 2, 4, 2)


def test_a_series_that_is_shorter_ends():
    short, longer = walk(3), walk(6)
    samples = Series([short, longer], length=5).open(batch=2)
    raw = samples.source.read(np.arange(3))
    assert raw.shape == (3, 5, 2)
    np.testing.assert_array_equal(raw[0, :3], short)
    assert np.isnan(raw[0, 3:]).all()
    x = samples.space.encode(raw)
    assert x.shape[1:] == samples.space.shape == (5, 3)
    assert torch.isfinite(x).all()
    np.testing.assert_allclose(samples.space.decode(x), raw, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("ends", [False, True])
def test_series_are_the_same_after_encoding_and_decoding(ends):
    raw = np.stack([walk(6, 3, seed) * [1, 1e6, 0] + [0, 5, 7] for seed in range(4)])
    if ends:
        raw[1, 4:] = np.nan
    space = SeriesSpace.of(raw, ("a", "b", "c"))
    x = space.encode(raw)
    assert x.dtype == torch.float32
    assert 0 <= x.min() <= x.max() <= 1
    np.testing.assert_allclose(space.decode(x), raw, rtol=1e-5, atol=1e-5)
    again = from_json(json.loads(json.dumps(space.to_json())))
    assert again == space
    # whatever a network says of what was constant, it stays so, and a series has one step at least
    said = space.decode(torch.zeros(2, *space.shape) - 0.5)
    assert (said[:, 0, 2] == 7).all()
    assert Series(Blank(space)).open(batch=3).space == space


def test_frames_wide_and_long():
    wide = pd.DataFrame(walk(30), columns=["a", "b"]).assign(day=pd.date_range("2020-01-01", periods=30))
    samples = Series(wide.sample(frac=1, random_state=0), length=30, time="day").open(batch=1)
    np.testing.assert_array_equal(samples.source.read(np.arange(1))[0], wide[["a", "b"]])
    assert samples.space.columns == ("a", "b")
    long = pd.concat([wide.assign(who="x"), wide[:20].assign(who="y")])
    raw, space = Series(long, length=25, stride=5, id="who", time="day").read()
    assert (raw.shape, space.columns, space.name) == ((3, 25, 2), ("a", "b"), "who")
    assert np.isnan(raw[2, 20:]).all()


def test_frames_of_what_was_made():
    raw, space = Series(pd.DataFrame(walk(5), columns=["a", "b"]), length=4).read()
    raw[1, 2:] = np.nan
    frame = SeriesSpace.of(raw, space.columns, "who").frame(raw, 7)
    assert list(frame.columns) == ["who", "a", "b"]
    assert frame["who"].tolist() == [7] * 4 + [8] * 2
    np.testing.assert_array_equal(frame[["a", "b"]], np.concatenate([raw[0], raw[1, :2]]))


def measured() -> pd.DataFrame:
    """Series of unequal length, with metadata of several kinds; the rows are in no order."""
    rng = np.random.default_rng(1)
    series = []
    for i in range(30):
        rows = pd.DataFrame(walk(int(rng.integers(3, 9))), columns=["a", "b"])
        site = ["north", "south"][i % 2]
        series.append(
            rows.assign(who=f"w{i}", hour=range(len(rows)), site=site, size=rng.normal(), old=i > 9)
        )
    return pd.concat(series).sample(frac=1, random_state=0)


def test_metadata_is_said_of_whole_series(tmp_path):
    frame = measured()
    data = Series(frame, length=8, id="who", time="hour", metadata=("site", "size", "old"))
    raw, space = data.read()
    assert raw.shape == (30, 8, 5)
    assert space.channels == 2
    assert [column.kind for column in space.metadata] == ["categorical", "continuous", "boolean"]
    x = space.encode(raw)
    assert tuple(x.shape[1:]) == space.shape
    assert 0 <= x.min() <= x.max() <= 1
    assert from_json(json.loads(json.dumps(space.to_json()))) == space
    back = space.decode(x)
    np.testing.assert_allclose(back[:, :, :2], raw[:, :, :2], atol=1e-5)
    np.testing.assert_allclose(back[:, :, 2:], raw[:, :, 2:], atol=1e-5)
    made = space.frame(back)
    assert list(made.columns) == ["who", "site", "size", "old", "a", "b"]
    expected = frame.groupby("who")[["site", "size", "old"]].first()
    found = made.groupby("who")[["site", "size", "old"]].first()
    assert sorted(found["site"] + found["old"].astype(str)) == sorted(
        expected["site"] + expected["old"].astype(str)
    )
    np.testing.assert_allclose(sorted(found["size"]), sorted(expected["size"]), atol=1e-4)
    assert (made.groupby("who")["site"].nunique() == 1).all()
    space.save(back[:4], tmp_path)
    space.save(back[4:], tmp_path, 4)
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "series.csv"), made, check_dtype=False)


def test_files(tmp_path):
    series = walk(12)
    np.save(tmp_path / "x.npy", series)
    pd.DataFrame(series, columns=["a", "b"]).to_csv(tmp_path / "x.csv.gz", index=False)
    for name in ("x.npy", "x.csv.gz"):
        raw, _ = Series(str(tmp_path / name), length=12).read()
        np.testing.assert_allclose(raw[0], series)
    space = SeriesSpace.of(raw, ("a", "b"))
    for first in (0, 1):
        space.save(raw, tmp_path, first)
    saved = pd.read_csv(tmp_path / "series.csv")
    assert saved["series"].tolist() == [0] * 12 + [1] * 12
    np.testing.assert_allclose(saved[["a", "b"]], np.tile(series, (2, 1)), rtol=1e-8)
    assert space.render(raw, raw).size[0] > 100


def test_the_named_set_is_what_it_says():
    raw = sines(50, 24)
    assert raw.shape == (50, 24, 5)
    assert 0.5 < raw[:, 0].mean() < 0.6  # phases are small


def test_stocks(shared):
    samples = Series(str(shared / "series" / "google_stock.csv")).open(batch=4)
    assert len(samples) == 3_685 - 23
    assert samples.space.shape == (24, 6)
    assert samples.space.columns[-1] == "Volume"


FRAME = pd.DataFrame({"a": [1.0, 2, 3], "b": [1, 2, 3], "t": ["x", "y", "z"]})


@pytest.mark.parametrize(
    ("data", "more", "words"),
    [
        (FRAME, {}, "'t' holds no numbers"),
        (FRAME, dict(time="when"), "no column 'when'; there are a, b, t"),
        (FRAME.assign(t=[None, 1, 2]), dict(id="t"), "missing values"),
        (FRAME.assign(b=[1, np.nan, 3]), dict(time="t"), "nan at step 2 in channel 2; 1 numbers"),
        (FRAME[["a", "a"]], {}, "two columns 'a'"),
        (FRAME[["a"]][:0], {}, "the table is empty"),
        (FRAME[["t"]], dict(time="t"), "no channel to learn"),
        (np.array([[1.0], [np.inf]]), {}, "inf at step 2"),
        (np.ones((0, 3)), {}, "shape"),
        (np.ones((2, 3, 4, 5)), {}, "shape"),
        (np.ones((2, 1, 4)), {}, "2 steps"),
        (np.array([["a"]]), {}, "not numbers"),
        ([], {}, "no channels"),
        ([np.ones((3, 2)), np.ones((3, 1))], {}, "1 or 2 channels"),
        (3, {}, "not int"),
        (measured(), dict(id="who", time="hour", metadata=("a", "site")), "'a' changes within series w"),
        (measured(), dict(id="who", metadata=("place",)), "no column 'place'"),
        (measured(), dict(id="who", metadata=("site", "who")), "name 'who' twice"),
        ("nothing", {}, "no series 'nothing'"),
        (np.ones((9, 2)), dict(length=1), "--length"),
    ],
)
def test_what_is_no_series(data, more, words):
    with pytest.raises(ValueError, match=words):
        Series(data, **more).open(batch=2)


def test_a_gap_is_no_end():
    raw = np.stack([walk(4), walk(4)])
    raw[0, 1] = np.nan
    with pytest.raises(ValueError, match="step 2"):
        Series(raw).open(batch=2)
    raw[0, 1:] = np.nan
    assert Series(raw).open(batch=2).space.ends
