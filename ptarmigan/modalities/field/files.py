"""Files of gridded data: netCDF-3 alone, and by xarray netCDF-4, HDF5, GRIB and zarr."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.core.errors import must_fit
from ptarmigan.core.memory import check_memory
from ptarmigan.core.text import printable
from ptarmigan.media.files import path_of
from ptarmigan.media.foreign import read_bytes, regular
from ptarmigan.media.optional import is_installed, needs
from ptarmigan.modalities.field.grid import Axis, Grid, Named
from ptarmigan.modalities.field.netcdf import Stored, is_netcdf3, read_netcdf3

ENGINES = {
    ".nc": "h5netcdf",
    ".nc4": "h5netcdf",
    ".h5": "h5netcdf",
    ".hdf5": "h5netcdf",
    ".cdf": "h5netcdf",
    ".grib": "cfgrib",
    ".grib2": "cfgrib",
    ".grb": "cfgrib",
    ".grb2": "cfgrib",
    ".zarr": "zarr",
}
"""Of xarray, by the ending of a name."""
RECOGNISED = tuple(ending for ending in ENGINES if ending not in (".h5", ".hdf5"))
"""Endings that say that a file holds fields; HDF5 may hold anything."""
ROLES = {
    "time": ("time", "t", "valid_time", "date"),
    "y": ("y", "lat", "latitude", "rlat", "northing", "row", "nj", "south_north"),
    "x": ("x", "lon", "longitude", "rlon", "easting", "column", "ni", "west_east"),
}
"""Names of dimensions."""
LARGEST, SIDES = 1 << 34, 1 << 16
"""Numbers in a variable, and cells of a side, from which on a header is not believed."""
COPIES = 16
"""Bytes of a number while it is read: as float64, and as it is kept."""

MOST_METADATA = 1 << 26
"""Bytes of what says how a zarr store is packed."""


def read_grid(path: str | Path, variables: tuple[str, ...] = ()) -> Grid:
    """The fields in a file.

    Args:
        path: of the file.
        variables: by name; all that have the dimensions of the first one that is on a grid when empty.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it cannot be read, or has no such variable.
    """
    place = path_of(path)
    if not place.exists():
        raise FileNotFoundError(f"there is no file {str(path)!r}")
    with opened(place) as stored:
        return grid_of(stored, variables, str(path))


@contextmanager
def opened(path: Path) -> Iterator[Mapping[str, Stored]]:
    """The variables of a file, of which none is read yet.

    Raises:
        ValueError: it cannot be read.
    """
    ending = path.suffix.lower()
    if ending not in ENGINES:
        raise ValueError(f"{path} is no kind of field that is read: expected {', '.join(ENGINES)}")
    if not path.is_dir() and is_netcdf3(regular(path)):
        yield read_netcdf3(path)
        return
    engine = ENGINES[ending]
    xarray = needs("xarray", extra="field", why=f"{path} is no netCDF-3, and other fields need xarray")
    if not is_installed(engine):
        raise ValueError(f"{path}: {ending} needs {engine}: pip install {engine}")
    if engine == "zarr":
        refuse_pickles(path)
    how: dict[str, Any] = {"indexpath": ""} if engine == "cfgrib" else {}
    if engine == "h5netcdf":
        how["phony_dims"] = "sort"
    with must_fit(f"{path} cannot be read by {engine}"):
        try:
            found = xarray.open_dataset(
                path,
                engine=engine,
                decode_times=False,
                create_default_indexes=False,
                backend_kwargs=how,
                cache=False,
            )
        except (OSError, ValueError) as error:
            raise ValueError(
                f"{path} cannot be read by {engine} ({str(error).splitlines()[0][:120]})"
            ) from error
    with found:
        yield {str(name): of_xarray(each) for name, each in found.variables.items()}


def of_xarray(variable: Any) -> Stored:
    """A variable of xarray, whose packing it undoes."""

    def read(part: Any = slice(None)) -> NDArray[np.float64]:
        if variable.dtype.kind not in "fiu":
            raise ValueError("it holds no numbers")
        with must_fit("it cannot be read"):
            return np.asarray(variable[part].values, np.float64)

    words = {str(k): v for k, v in variable.attrs.items() if isinstance(v, str | int | float)}
    return Stored(tuple(map(str, variable.dims)), tuple(map(int, variable.shape)), words, read)


def refuse_pickles(path: Path) -> None:
    """See that no array of a zarr store is unpacked by running what it says.

    Raises:
        ValueError: one would be.
    """
    for name in (".zarray", ".zmetadata", "zarr.json"):
        for file in sorted(path.rglob(name)):
            if b"pickle" in read_bytes(file, MOST_METADATA).lower():
                raise ValueError(f"{path} has an array of pickled objects, which are not read")


def grid_of(stored: Mapping[str, Stored], variables: tuple[str, ...], where: str) -> Grid:
    """The fields among variables.

    Raises:
        ValueError: there is no such variable, it is on no grid, or it is too large or missing everywhere.
    """
    on_grid = [name for name, each in stored.items() if roles_of(each) and not is_axis(name, each)]
    if not on_grid:
        raise ValueError(f"{where} has no variable on a grid of rows and columns")
    for name in variables:
        if name not in on_grid:
            known = ", ".join(map(printable, on_grid[:12]))
            raise ValueError(f"{where} has no variable {printable(name)!r} on a grid; there are {known}")
    first = stored[variables[0] if variables else on_grid[0]]
    chosen = variables or tuple(name for name in on_grid if stored[name].dims == first.dims)
    parts, named = [], []
    for name in chosen:
        each = stored[name]
        if each.dims != first.dims or each.shape != first.shape:
            raise ValueError(
                f"{where}: {printable(name)} is not on the grid of {printable(chosen[0])}: name a --variable"
            )
        values, levels = values_of(each, f"{where}: {printable(name)}", len(chosen))
        parts.append(values)
        units, words = (printable(str(each.attributes.get(key, ""))) for key in ("units", "long_name"))
        named += [
            Named(f"{name}{level}", units, f"{words or name}{level.replace('_', ' ')}") for level in levels
        ]
    roles = roles_of(first)
    time, time_units = coordinate(stored, roles.get("time", ""), parts[0].shape[0], where)
    axes = [axis_of(stored, roles[role], first, where) for role in ("y", "x")]
    return Grid(np.concatenate(parts, 1), tuple(named), time, axes[0], axes[1], time_units, where)


def values_of(stored: Stored, where: str, several: int) -> tuple[NDArray[np.float32], list[str]]:
    """Values ``(time, levels, y, x)`` of one variable, and the ends of its levels' names.

    All dimensions but time and those of space are levels.

    Raises:
        ValueError: it is too large, empty, holds no numbers, or is missing everywhere.
    """
    size = int(np.prod([float(n) for n in stored.shape]))
    roles = roles_of(stored)
    sides = [stored.shape[stored.dims.index(roles[role])] for role in ("y", "x")]
    if not size or min(sides) < 2:
        raise ValueError(f"{where} is empty, of shape {stored.shape}")
    if size > LARGEST or max(sides) > SIDES:
        raise ValueError(f"{where} would have {size:,} values, of shape {stored.shape}: take a part of it")
    check_memory(COPIES * size * several, where)
    try:
        values = stored.read()
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error
    if values.shape != stored.shape:
        raise ValueError(f"{where} has {values.shape} values and not {stored.shape}")
    if not np.isfinite(values).any():
        raise ValueError(f"{where} is missing everywhere")
    order = [roles[role] for role in ("time", "y", "x") if role in roles]
    others = [dim for dim in stored.dims if dim not in order]
    values = values.transpose([stored.dims.index(dim) for dim in [*order[:-2], *others, *order[-2:]]])
    if "time" not in roles:
        values = values[None]
    values = values.reshape(len(values), -1, *values.shape[-2:])
    levels = [f"_{i}" for i in range(values.shape[1])] if values.shape[1] > 1 else [""]
    return np.where(np.isfinite(values), values, np.nan).astype(np.float32), levels


def roles_of(stored: Stored) -> dict[str, str]:
    """Which dimension is time, which goes down and which across; nothing where these are not known."""
    found = {role: dim for role, names in ROLES.items() for dim in stored.dims if dim.lower() in names}
    if {"y", "x"} <= found.keys():
        return found
    phony = [dim for dim in stored.dims if dim.startswith(("phony_dim", "dim_"))]
    if len(stored.dims) in (2, 3) and len(phony) == len(stored.dims):  # HDF5 without names
        return dict(zip(("time", "y", "x")[3 - len(phony) :], stored.dims, strict=True))
    return {}


def is_axis(name: str, stored: Stored) -> bool:
    """Whether a variable is a coordinate, such as the latitude of every cell."""
    return name in stored.dims or name.lower() in (*ROLES["y"], *ROLES["x"])  # t may be temperature


def coordinate(
    stored: Mapping[str, Stored], name: str, size: int, where: str
) -> tuple[NDArray[np.float64], str]:
    """The values of a coordinate, and its units; numbers from 0 where there is none.

    Raises:
        ValueError: it holds no finite numbers.
    """
    if name not in stored or stored[name].shape != (size,):
        return np.arange(size, dtype=np.float64), ""
    values = stored[name].read()
    if not np.isfinite(values).all():
        raise ValueError(f"{where}: the coordinate {printable(name)} has missing values")
    return values, printable(str(stored[name].attributes.get("units", "")))


def axis_of(stored: Mapping[str, Stored], name: str, of: Stored, where: str) -> Axis:
    """The coordinate of a dimension of space."""
    values, units = coordinate(stored, name, of.shape[of.dims.index(name)], where)
    if not units and name not in stored:
        return Axis("row" if name.lower() in ROLES["y"] else name, values)
    kept = stored[name].attributes if name in stored else {}
    words = (
        (key, printable(str(kept[key]))) for key in ("units", "standard_name", "long_name") if key in kept
    )
    return Axis(name, values, tuple(words))
