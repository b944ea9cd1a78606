"""Fields read from files, in memory and from a damaged or strange file, and written back."""

from __future__ import annotations

import contextlib
import struct
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray

from ptarmigan.cli import run
from ptarmigan.data.blank import Blank
from ptarmigan.modalities.field.files import read_grid, refuse_pickles
from ptarmigan.modalities.field.grid import Axis, Grid, Named
from ptarmigan.modalities.field.rain import rain
from ptarmigan.modalities.field.source import Fields
from ptarmigan.modalities.field.variable import Variable
from ptarmigan.modalities.field.write import write_netcdf

SIDES = (20, 24)


def grid(times: int = 6, start: float = 0.0, seed: int = 0, **changed) -> Grid:
    values = np.random.default_rng(seed).normal(280, 5, (times, 2, *SIDES)).astype(np.float32)
    whole = Grid(
        values,
        (Named("t", "K", "temperature"), Named("u", "m s-1")),
        start + np.arange(times, dtype=float),
        Axis("lat", np.linspace(60, 50, SIDES[0]), (("units", "degrees_north"),)),
        Axis("lon", np.linspace(0, 12, SIDES[1]), (("units", "degrees_east"),)),
        "hours since 2020-01-01",
    )
    return replace(whole, **changed)


def put(path: Path, of: Grid) -> Path:
    variables = [Variable(v.name, v.units, words=v.words) for v in of.variables]
    write_netcdf(path, of.values, variables, (of.y, of.x), of.time, of.time_units)
    return path


def said(*args: object, capsys: pytest.CaptureFixture[str]) -> str:
    """The one line with which the command line refuses."""
    assert run([str(a) for a in args], debug=False) == 2
    *understood, line = capsys.readouterr().err.strip().splitlines()
    assert all("recognised as fields" in each for each in understood)
    return line


def test_netcdf3_comes_back_with_coordinates_units_and_what_is_missing(tmp_path):
    before = grid()
    before.values[2, 0, 3:5, 7] = np.nan
    found = read_grid(put(tmp_path / "a.nc", before))
    assert np.array_equal(found.values, before.values, equal_nan=True)
    assert [(v.name, v.units, v.words) for v in found.variables] == [
        ("t", "K", "temperature"),
        ("u", "m s-1", "u"),
    ]
    assert (found.time_units, found.step) == ("hours since 2020-01-01", 3600.0)
    assert np.allclose(found.y.values, before.y.values)
    assert dict(found.x.attributes)["units"] == "degrees_east"
    with xarray.open_dataset(tmp_path / "a.nc", engine="scipy") as other:  # as other programs see it
        assert other.t.dims == ("time", "lat", "lon")
        assert other.attrs["Conventions"] == "CF-1.8"
        assert np.isnan(other.t.values).sum() == 2


@pytest.mark.parametrize("packed", [False, True])
def test_netcdf4_is_read_by_xarray_and_packing_is_undone(tmp_path, packed):
    before = grid()
    data = xarray.Dataset(
        {"t": (("time", "lat", "lon"), before.values[:, 0], {"units": "K"})},
        {"lat": before.y.values, "lon": before.x.values},
    )
    encoding = {"t": {"dtype": "int16", "scale_factor": 0.01, "add_offset": 280.0, "_FillValue": -32768}}
    data.to_netcdf(tmp_path / "a.nc", engine="h5netcdf", encoding=encoding if packed else {})
    found = read_grid(tmp_path / "a.nc")
    assert np.allclose(found.values[:, 0], before.values[:, 0], atol=0.006 if packed else 0)
    assert found.variables[0].units == "K"


def test_packed_netcdf3_is_undone_too(tmp_path):
    from scipy.io import netcdf_file

    with netcdf_file(tmp_path / "a.nc", "w") as file:
        for name, size in zip("yx", (8, 8), strict=True):
            file.createDimension(name, size)
        packed = file.createVariable("z", "i2", ("y", "x"))
        packed[:] = np.arange(64).reshape(8, 8)
        packed._FillValue, packed.scale_factor, packed.add_offset = np.int16(63), 0.5, 10.0
    found = read_grid(tmp_path / "a.nc").values[0, 0]
    assert found[0, 2] == 11.0
    assert np.isnan(found[7, 7])


def test_plain_hdf5_levels_and_arrays_of_xarray(tmp_path):
    values = np.random.default_rng(0).normal(size=(4, 3, 16, 16))
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["rain"] = values[:, 0]
    assert np.allclose(read_grid(tmp_path / "a.h5").values[:, 0], values[:, 0])
    array = xarray.DataArray(values, dims=("time", "level", "latitude", "longitude"), name="z")
    space = Fields(array, size=8).open(batch=2).space
    assert [v.name for v in space.variables] == ["z_0", "z_1", "z_2"]


def test_what_is_upside_down_is_turned(tmp_path):
    north = grid()
    south = replace(north, values=north.values[:, :, ::-1], y=replace(north.y, values=north.y.values[::-1]))
    a, b = (
        Fields(str(put(tmp_path / n, g)), size=16).events()[0] for n, g in (("a.nc", north), ("b.nc", south))
    )
    assert np.array_equal(a.values, b.values)
    assert np.array_equal(a.y.values, b.y.values)


def test_a_folder_of_files_is_cut_into_events_and_the_last_is_held_out(tmp_path):
    put(tmp_path / "b.nc", grid(start=6.0, seed=1))
    put(tmp_path / "a.nc", grid(start=0.0))
    put(tmp_path / "c.nc", grid(start=500.0, seed=2))
    options = Fields(str(tmp_path), size=16, stride=4)
    assert [len(event.time) for event in options.events()] == [12, 6]
    samples = options.open(batch=4, past=2, future=3)
    assert samples.space.raw_shape == (3, 2, 16, 16)
    assert len(samples) == 8 * 2 * 3
    inputs = samples.require_condition()
    before, after = inputs.source.read(np.array([0])), samples.source.read(np.array([0]))
    joined = np.concatenate([grid().values, grid(seed=1).values])
    assert np.array_equal(np.concatenate([before, after], 1)[0], joined[:5, :, :16, :16])
    assert len(samples.held_out) == 2 * 2 * 3


def test_of_a_single_event_no_window_holds_what_is_held_out():
    (event,) = rain(events=1, side=16, times=20)
    samples = Fields(event, size=16).open(batch=2, past=1, future=1)
    held, trained = samples.held_out.read(np.arange(1)), samples.source.read(np.arange(len(samples)))
    assert not (trained == held).all((1, 2, 3, 4)).any()


def test_coarse_fields_are_means_of_rain_and_not_of_logarithms():
    samples = Fields(size=32).open(batch=2, coarse=8)
    fine, coarse = samples.source.read(np.arange(3)), samples.require_condition().source.read(np.arange(3))
    assert coarse.shape == (3, 1, 1, 4, 4)
    assert np.allclose(coarse[1, 0, 0, 1, 2], fine[1, 0, 0, 8:16, 16:24].mean(), rtol=1e-5)
    assert samples.require_inputs().variables[0].threshold < samples.space.variables[0].threshold


def test_missing_values_are_a_mask_or_left_out_and_never_a_number():
    holed = grid(times=4)
    holed.values[:, :, :10] = np.nan
    dropped = Fields(holed, size=8, stride=1)
    assert np.isfinite(dropped.open(batch=1).source.read(np.arange(5))).all()
    masked = Fields(holed, size=16, missing="mask").open(batch=2)
    raw = masked.source.read(np.arange(2))
    assert np.isnan(raw).any()
    x = masked.space.encode(raw)
    assert masked.space.shape == (4, 16, 16)
    assert np.allclose(masked.space.decode(x), raw, equal_nan=True, rtol=1e-5)


def test_a_blank_opens_with_its_conditions():
    samples = Fields(size=16).open(batch=2, coarse=8)
    blank = Fields(samples.blank).open(batch=2)
    assert isinstance(blank.source, Blank)
    assert blank.require_inputs() == samples.require_inputs()


def test_transforms_undo_themselves_and_what_is_below_a_threshold_is_nothing():
    rng = np.random.default_rng(0)
    values = rng.gamma(1.0, 3.0, (5, 8, 8)).astype(np.float32)
    for how in ("linear", "standard", "sqrt"):
        variable = Variable.of(values, "v", transform=how)
        assert np.allclose(variable.decode(variable.encode(values)), values, rtol=1e-4, atol=1e-4)
    wet = np.where(values < 1, 0, values)
    variable = Variable.of(wet, "rain", transform="log", threshold=1.0)
    assert np.allclose(variable.decode(variable.encode(wet)), wet, rtol=1e-4)
    assert (variable.decode(np.linspace(-3, -1, 9)) == 0).all()
    assert variable.encode(np.array([0.0]))[0] == pytest.approx(-1)
    with pytest.raises(ValueError, match="negative values"):
        Variable.of(values - 9, "v", transform="log", threshold=1.0)
    with pytest.raises(ValueError, match="no transform"):
        Variable("v", transform="cubic")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            dict(values=np.full((3, 2, *SIDES), np.nan, np.float32), time=np.arange(3.0)),
            "t is missing everywhere",
        ),
        (dict(y=Axis("level", np.arange(20.0))), "has no variable on a grid"),
        (dict(time=np.array([0.0, 2, 1, 3, 4, 5])), "times do not increase, at place 3"),
    ],
)
def test_strange_files_are_one_line(tmp_path, capsys, change, words):
    path = put(tmp_path / "a.nc", grid(**change))
    assert words in said("data", path, capsys=capsys)


def test_what_is_asked_of_a_file_and_is_not_there_is_one_line(tmp_path, capsys):
    path = put(tmp_path / "a.nc", grid())
    train = ("train", "field.gan", "--data", path, "--out", tmp_path / "run", "--steps", 1)
    assert "no variable 'rain' on a grid; there are t, u" in said(*train, "--variable", "rain", capsys=capsys)
    assert "does not go into 20×24 cells" in said(*train, "--size", 32, capsys=capsys)
    assert "there is no variable 'q'" in said(*train, "--size", 16, "--transform", "q=log", capsys=capsys)
    assert "expected one of auto, linear" in said(*train, "--size", 16, "--transform", "cube", capsys=capsys)
    assert "--wet 2.0: it is a share" in said(*train, "--wet", 2, capsys=capsys)
    assert "none of" in said(*train, "--size", 16, "--wet", 1, "--threshold", 400, capsys=capsys)


def test_files_on_other_grids_do_not_go_together(tmp_path, capsys):
    put(tmp_path / "a.nc", grid())
    moved = grid(start=9.0)
    put(tmp_path / "b.nc", replace(moved, x=replace(moved.x, values=moved.x.values + 1)))
    assert "b.nc is on another grid, with other coordinates lon, than" in said(
        "data", tmp_path, capsys=capsys
    )
    kelvin = replace(moved, variables=(Named("t", "degC"), moved.variables[1]))
    put(tmp_path / "b.nc", kelvin)
    assert "b.nc has other units than" in said("data", tmp_path, capsys=capsys)


def whole_size(data: bytes) -> int:
    return len(data) // 4


@pytest.mark.parametrize("place", range(4, 200, 13))
def test_absurd_headers_take_no_memory_and_are_one_line(tmp_path, place):
    path = put(tmp_path / "a.nc", grid(times=1))
    whole = path.read_bytes()
    path.write_bytes(whole[:place] + struct.pack(">i", 2**31 - 1) + whole[place + 4 :])
    with contextlib.suppress(ValueError):
        assert read_grid(path).values.size <= whole_size(whole)
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match="damaged"):
        read_grid(path)


def test_hdf5_that_promises_too_much_is_one_line(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("rain", (2**20, 60_000, 60_000), "f8", chunks=(1, 64, 64))
    with pytest.raises(ValueError, match="values, of shape"):
        read_grid(tmp_path / "a.h5")
    (tmp_path / "b.nc").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    with pytest.raises(ValueError, match="cannot be read by h5netcdf"):
        read_grid(tmp_path / "b.nc")


def test_pickles_in_a_zarr_store_are_refused(tmp_path):
    (tmp_path / "a.zarr" / "x").mkdir(parents=True)
    (tmp_path / "a.zarr" / "x" / ".zarray").write_text('{"filters": [{"id": "Pickle"}]}')
    with pytest.raises(ValueError, match="pickled objects"):
        refuse_pickles(tmp_path / "a.zarr")


def test_names_of_others_do_nothing_to_a_terminal(tmp_path):
    named = grid(variables=(Named("t\x1b[2J", "K"), Named("u", "m s-1")))
    with pytest.raises(ValueError, match=r"there are t\\x1b\[2J, u$"):
        read_grid(put(tmp_path / "a.nc", named), ("q",))
