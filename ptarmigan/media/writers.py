"""Samples and walks as files: written under another name first, so that none looks whole before it is."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ptarmigan.data.space import Space
from ptarmigan.media.arrays import write_npy, write_npz
from ptarmigan.media.files import check_vacant, create
from ptarmigan.media.gif import write_gif
from ptarmigan.media.pictures import grid, on_white
from ptarmigan.media.plot import scatter
from ptarmigan.media.progress import counted
from ptarmigan.media.tables import write_csv, write_parquet
from ptarmigan.media.video import pyav, write_mp4
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.point.space import PointSpace, write_rows
from ptarmigan.modalities.series.space import SeriesSpace
from ptarmigan.modalities.table.space import TableSpace
from ptarmigan.modalities.vector.space import VectorSpace

if TYPE_CHECKING:
    import pandas as pd

Chunks = Iterator[NDArray[Any]]

GRID = 1_024
"""Images in one picture, at most."""
PIXELS = 80_000_000
"""Pixels in one picture, at most: what image viewers still open."""
POINTS = 100_000
LONG = 1_000
"""Samples from which on a progress bar is drawn."""
FPS = 12
ROWS = 8_192
"""Rows of a table that are written at once."""


def write_samples(space: Space, batches: Chunks, n: int, out: Path) -> str:
    """Write ``n`` raw samples in the form that the name ``out`` asks for, and say so in one line.

    A folder holds what ``space.save`` writes (a PNG each, points.csv or table.csv); ``.npy`` and ``.npz`` one
    array, in an archive under the name ``arr_0`` as numpy's own; ``.csv`` points or rows of a table,
    ``.parquet`` such rows; ``.png`` a picture of all. Memory does not grow with ``n``, but for a picture.

    Args:
        space: what a sample is.
        batches: the samples, some at a time.
        n: how many there are.
        out: where to.

    Raises:
        ValueError: something is at ``out``, its ending is not known or does not fit, or a picture would be
            too large.
    """
    form = out.suffix.lower()
    if form == "" or out.is_dir():
        return _folder(space, batches, n, out)
    if isinstance(space, SeriesSpace | TableSpace) and form in (".csv", ".parquet"):
        with create(out) as draft:
            _write_table(space, grouped(counted(batches, n, shown=n >= LONG)), draft, form)
        return f"samples: {out} ({n:,} {'series' if isinstance(space, SeriesSpace) else 'rows'})"
    if form not in (".npy", ".npz", ".csv", ".png"):
        raise ValueError(
            f"{out}: samples are written to a folder, .npz, .npy, .png (a picture), .csv (points, tables, "
            "series) or .parquet (tables, series)"
        )
    if form == ".csv" and not isinstance(space, PointSpace | VectorSpace):
        raise ValueError(f"{out}: a .csv holds points; write images to a folder, .npz, .npy or .png")
    if form == ".png":
        _check_picture(space, n)
    with create(out) as draft:
        if form == ".png":
            space.render(np.concatenate(list(batches))).save(draft, "PNG")
            return f"samples: {out} ({n:,} in a picture)"
        with open(draft, "wb") as file:
            _stream(file, form, counted(batches, n, shown=n >= LONG), n)
    return f"samples: {out} ({n:,})"


def write_walk(space: Space, walk: NDArray[Any], frames: int, out: Path) -> str:
    """Write a walk of ``frames`` samples for each leg and the last stop, and say so in one line.

    Args:
        space: what a sample is.
        walk: raw samples, as ``Trained.interpolate`` gives them.
        frames: samples from one stop to the next.
        out: a ``.png`` (images: a row for each leg, from stop to stop; points: the path), a ``.gif`` that
            repeats, or an ``.mp4``.

    Raises:
        ValueError: something is at ``out``, its ending is not known, the picture would be too large, or the
            package that writes video is not there.
    """
    form = out.suffix.lower()
    if form not in (".png", ".gif", ".mp4"):
        raise ValueError(f"{out}: a walk is written to .png (a strip), .gif or .mp4")
    if form == ".mp4":
        pyav()  # before anything is drawn
    if form == ".png":
        _check_picture(space, len(walk))
    with create(out) as draft:
        if form == ".png":
            _strip(space, walk, frames).save(draft, "PNG")
        elif form == ".gif":
            write_gif(map(on_white, _frames(space, walk)), draft, 1000 // FPS)
        else:
            write_mp4(_frames(space, walk), draft, FPS)
    return f"walk: {out} ({len(walk)} samples)"


def place_for_picture(out: Path) -> None:
    """See that a picture can be written there, before there is one.

    Raises:
        ValueError: something is at ``out``, or its ending is another's.
    """
    if out.suffix.lower() != ".png":
        raise ValueError(f"{out}: this picture is written to a .png")
    check_vacant(out)


def _folder(space: Space, batches: Chunks, n: int, out: Path) -> str:
    with create(out) as draft:
        made = 0
        for raw in counted(batches, n, shown=n >= LONG):
            space.save(raw, draft, made)
            made += len(raw)
    return f"samples: {out}{os.sep} ({n:,})"


def grouped(batches: Chunks) -> Chunks:
    """The same samples, more at a time."""
    held: list[NDArray[Any]] = []
    for raw in batches:
        held.append(raw)
        if sum(map(len, held)) >= ROWS:
            yield np.concatenate(held)
            held = []
    if held:
        yield np.concatenate(held)


def _write_table(space: SeriesSpace | TableSpace, batches: Chunks, path: Path, form: str) -> None:
    def frames() -> Iterator[pd.DataFrame]:
        made = 0
        for raw in batches:
            yield space.frame(raw, made)
            made += len(raw)

    (write_csv if form == ".csv" else write_parquet)(path, frames())


def _stream(file: IO[bytes], form: str, batches: Chunks, n: int) -> None:
    if form != ".csv":
        (write_npy if form == ".npy" else write_npz)(file, batches, n)
        return
    text = io.TextIOWrapper(file, "ascii")
    for raw in batches:
        write_rows(text, raw)
    text.detach()


def _check_picture(space: Space, n: int) -> None:
    most = POINTS
    if isinstance(space, ImageSpace):
        most = min(GRID, max(1, PIXELS // (space.height * space.width)))
    if n > most:
        raise ValueError(
            f"a picture holds at most {most:,} of these samples, not {n:,}: ask for fewer with --n"
        )


def _strip(space: Space, walk: NDArray[Any], frames: int) -> Image.Image:
    if not isinstance(space, ImageSpace):
        return space.render(walk)
    starts = range(0, len(walk) - 1, frames)
    return grid(np.concatenate([walk[i : i + frames + 1] for i in starts]), columns=frames + 1)


def _frames(space: Space, walk: NDArray[Any]) -> Iterator[Image.Image]:
    """A picture for each sample; of points, the path up to each."""
    for i in range(len(walk)):
        if isinstance(space, PointSpace):
            yield scatter(walk[: i + 1], within=walk)
        else:
            yield space.render(walk[i : i + 1])
