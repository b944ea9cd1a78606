"""Predictions for the fields in a file: ensembles on its grid, of any size, written with its coordinates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ptarmigan.core import noise
from ptarmigan.core.game import Game
from ptarmigan.core.inference import inference
from ptarmigan.core.memory import check_memory
from ptarmigan.core.text import printable
from ptarmigan.media.files import create
from ptarmigan.modalities.field.files import read_grid
from ptarmigan.modalities.field.grid import Axis, Grid
from ptarmigan.modalities.field.maps import maps
from ptarmigan.modalities.field.space import FieldSpace
from ptarmigan.modalities.field.write import write_netcdf
from ptarmigan.modalities.modality import Predictor

MULTIPLE = 16
"""Cells that the sides of what networks see are multiples of."""
ENDINGS = (".nc", ".png")
BYTES = 1_000
"""Of memory that networks take for a cell of their input, about."""


def predict(run: Predictor, data: Any, out: Path, members: int, seed: int) -> str:
    """Write an ensemble of what follows from the fields in a file, as ``.nc``, or as maps in a ``.png``.

    Args:
        run: trained on conditions that are fields.
        data: the path of a file with the run's variables, in its units.
        out: the file to write.
        members: how many.
        seed: of the first; each further one has the next seed.

    Returns:
        What was written, in words.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it does not fit the run, or cannot be written.
    """
    given, space = run.inputs, run.space
    if not isinstance(given, FieldSpace) or not isinstance(space, FieldSpace):
        raise ValueError(f"this run makes {space.words} of nothing: use sample")
    if out.suffix.lower() not in ENDINGS:
        raise ValueError(f"--out {out}: predictions are written to {' or '.join(ENDINGS)}")
    grid = read_grid(data, tuple(v.name for v in given.variables)).upright()
    if reason := unfit(grid, given):
        raise ValueError(f"{printable(str(data))}: {reason}")
    raw = inputs_of(grid, given)
    factor = space.height // given.height
    check_memory(
        BYTES * raw.shape[-2] * raw.shape[-1] * factor**2, "the prediction", "take a part of the field"
    )
    found = np.stack(list(ensemble(run.game, given, space, raw, members, seed)))
    axes = (finer(grid.y, factor), finer(grid.x, factor))
    ahead = given.times > 1 or space.times > 1
    steps = (space.step or grid.step) / grid.seconds * np.arange(1, space.times + 1)
    time = grid.time[-1] + steps if ahead else grid.time
    with create(out) as draft:
        if out.suffix.lower() == ".png":
            maps(found, space.variables).save(draft, "PNG")
        else:
            note = f"{members} members by ptarmigan from seed {seed}"
            write_netcdf(draft, found, space.variables, axes, time, grid.time_units or "seconds", note)
    times = f"{len(time)} time{'s' * (len(time) > 1)}"
    return f"{members} members at {times}, {found.shape[-2]}×{found.shape[-1]} cells"


def unfit(grid: Grid, given: FieldSpace) -> str:
    """Why a run cannot take some fields; empty where it can."""
    for mine, theirs in zip(given.variables, grid.variables, strict=True):
        if mine.units and theirs.units and mine.units != theirs.units:
            return f"{printable(mine.name)} is in {printable(theirs.units)}, and the run is of {mine.units}"
    if len(grid.time) < given.times:
        return f"it has {len(grid.time)} times, and {given.times} are needed"
    if given.times > 1 and given.step and abs(grid.step - given.step) > 1e-3 * given.step:
        return f"its times are {grid.step:g} s apart, and those of the run {given.step:g} s"
    (down, across), (y, x) = given.spacing, (abs(grid.y.spacing), abs(grid.x.spacing))
    if down and across and not np.allclose((down, across), (y, x), rtol=1e-3):
        return f"its cells are {y:g} × {x:g}, and those of the run {down:g} × {across:g}"
    if min(grid.values.shape[-2:]) < 2:
        return "it is no field"
    return ""


def inputs_of(grid: Grid, given: FieldSpace) -> NDArray[np.float32]:
    """The inputs in a grid ``(n, times, variables, y, x)``: the last times, or every time by itself."""
    if given.times > 1:
        return grid.values[None, -given.times :]
    return grid.values[:, None]


def ensemble(
    game: Game, given: FieldSpace, space: FieldSpace, raw: NDArray[Any], members: int, seed: int
) -> Iterator[NDArray[Any]]:
    """Members ``(times, variables, y, x)`` of raw inputs of any size; what is missing in an input stays so.

    Networks see the mean of the training range in its place, or nothing where the variable has a threshold.
    """
    missing = np.isnan(raw).any((1, 2))
    low = [0.0 if v.transform == "log" else float(v.decode(np.zeros(1))[0]) for v in given.variables]
    filled = np.where(np.isnan(raw), np.array(low, np.float32)[:, None, None], raw)
    rows, columns = raw.shape[-2:]
    pad = [(-side) % MULTIPLE for side in (rows, columns)]
    filled = np.pad(filled, ((0, 0), (0, 0), (0, 0), (0, pad[0]), (0, pad[1])), mode="edge")
    height, width = filled.shape[-2:]
    latent = game.latent * (height * width) // (given.height * given.width)
    factor = space.height // given.height
    holes = missing.repeat(factor, 1).repeat(factor, 2)
    device = next(game.parameters()).device
    x = replace(given, height=height, width=width).encode(filled).to(torch.get_default_dtype())
    for member in range(members):
        found = []
        for one in x.split(1):
            with inference(game, seed + member, "predict", samples=1):
                made = game.sample(noise.normal(1, latent), one.to(device))
            found.append(space.decode(made)[0, :, :, : rows * factor, : columns * factor])
        fields = np.stack(found)
        fields[np.broadcast_to(holes[:, None, None], fields.shape)] = np.nan
        yield fields.reshape(-1, *fields.shape[2:])


def finer(axis: Axis, factor: int) -> Axis:
    """The coordinate of cells, so many along each."""
    if factor == 1:
        return axis
    spacing = axis.spacing / factor
    inside = spacing * (np.arange(factor) - (factor - 1) / 2)
    return replace(axis, values=(axis.values[:, None] + inside).ravel())
