"""Fields as netCDF-3 files with coordinates and CF attributes, as other programs open them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.modalities.field.grid import Axis
from ptarmigan.modalities.field.variable import Variable

MISSING = np.float32(9.96921e36)
"""The number of netCDF for what is missing."""
ORDER = ("member", "time")


def write_netcdf(
    path: Path,
    raw: NDArray[Any],
    variables: Sequence[Variable],
    axes: tuple[Axis, Axis],
    time: NDArray[Any],
    time_units: str,
    note: str = "",
) -> None:
    """Write fields ``([members,] time, variables, height, width)``.

    Args:
        path: of the file.
        raw: the fields, NaN where missing.
        variables: their names and units.
        axes: coordinates down and across.
        time: of each field, in ``time_units``.
        time_units: such as ``minutes since 2020-01-01``.
        note: for the attribute ``history``.
    """
    from scipy.io import netcdf_file

    names = [*ORDER[5 - raw.ndim :], axes[0].name, axes[1].name]
    with netcdf_file(path, "w") as file:
        file.Conventions = b"CF-1.8"
        if note:
            file.history = note.encode()
        sizes = (*raw.shape[: raw.ndim - 3], *raw.shape[-2:])
        for name, size in zip(names, sizes, strict=True):
            file.createDimension(name, size)
        if raw.ndim == 5:
            member = file.createVariable("member", "i4", ("member",))
            member[:] = np.arange(len(raw))
            member.standard_name = b"realization"
        put_axis(file, Axis("time", time, (("units", time_units), ("standard_name", "time"), ("axis", "T"))))
        for axis, letter in zip(axes, "YX", strict=True):
            put_axis(file, Axis(axis.name, axis.values, (*axis.attributes, ("axis", letter))))
        for i, variable in enumerate(variables):
            values = file.createVariable(variable.name, "f4", names)
            values[:] = np.where(np.isfinite(raw[..., i, :, :]), raw[..., i, :, :], MISSING)
            values._FillValue = MISSING
            values.units = variable.units.encode() or b"1"
            values.long_name = (variable.words or variable.name).encode()


def put_axis(file: Any, axis: Axis) -> None:
    """Write a coordinate."""
    values = file.createVariable(axis.name, "f8", (axis.name,))
    values[:] = axis.values
    for name, words in dict(axis.attributes).items():
        setattr(values, name, words.encode())
