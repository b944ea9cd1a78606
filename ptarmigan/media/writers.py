"""Samples and walks as files: written under another name first, so that none looks whole before it is."""

from __future__ import annotations

import io
import os
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ptarmigan.data.space import Space
from ptarmigan.media.files import check_vacant, create
from ptarmigan.media.optional import needs
from ptarmigan.media.plot import scatter
from ptarmigan.modalities.image.space import ImageSpace, grid
from ptarmigan.modalities.point.space import PointSpace, write_rows
from ptarmigan.modalities.series.space import SeriesSpace
from ptarmigan.modalities.table.space import TableSpace
from ptarmigan.modalities.vector.space import VectorSpace

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
            _write_table(space, grouped(_shown(batches, n)), draft, form)
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
            space.preview(np.concatenate(list(batches))).save(draft, "PNG")
            return f"samples: {out} ({n:,} in a picture)"
        with open(draft, "wb") as file:
            _stream(file, form, _shown(batches, n), n)
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
        _video()  # before anything is drawn
    if form == ".png":
        _check_picture(space, len(walk))
    with create(out) as draft:
        if form == ".png":
            _strip(space, walk, frames).save(draft, "PNG")
        elif form == ".gif":
            write_gif(_frames(space, walk), draft)
        else:
            _write_mp4(_frames(space, walk), draft)
    return f"walk: {out} ({len(walk)} samples)"


def place_for_picture(out: Path) -> None:
    """See that a picture can be written there, before there is one.

    Raises:
        ValueError: something is at ``out``, or its ending is another's.
    """
    if out.suffix.lower() != ".png":
        raise ValueError(f"{out}: this picture is written to a .png")
    check_vacant(out)


def write_gif(
    frames: Iterator[Image.Image], path: Path | IO[bytes], milliseconds: int = 1000 // FPS, last: int = 0
) -> None:
    """Write pictures as a GIF that repeats.

    Args:
        frames: the pictures, of one size.
        path: where to.
        milliseconds: how long each is shown.
        last: how long the last one is, if otherwise.
    """
    pictures = [on_white(frame).quantize(256) for frame in frames]
    times = [milliseconds] * (len(pictures) - 1) + [last or milliseconds]
    pictures[0].save(path, "GIF", save_all=True, append_images=pictures[1:], duration=times, loop=0)


def on_white(image: Image.Image) -> Image.Image:
    """The picture as RGB; what is transparent becomes white."""
    if image.mode not in ("RGBA", "LA"):
        return image.convert("RGB")
    image = image.convert("RGBA")
    canvas = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(canvas, image).convert("RGB")


def _folder(space: Space, batches: Chunks, n: int, out: Path) -> str:
    with create(out) as draft:
        made = 0
        for raw in _shown(batches, n):
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
    made = 0
    if form == ".csv":
        for raw in batches:
            frame = space.frame(raw, made)
            frame.to_csv(path, index=False, header=made == 0, mode="a")
            made += len(raw)
        return
    pyarrow = needs("pyarrow", extra="parquet", why="a .parquet needs pyarrow")
    from pyarrow import parquet

    writer = None
    try:
        for raw in batches:
            frame = space.frame(raw, made)
            rows = pyarrow.Table.from_pandas(frame, None if writer is None else writer.schema, False)
            writer = writer or parquet.ParquetWriter(path, rows.schema)
            writer.write_table(rows)
            made += len(raw)
    finally:
        if writer is not None:
            writer.close()


def _stream(file: IO[bytes], form: str, batches: Chunks, n: int) -> None:
    if form == ".npy":
        _write_array(file, batches, n)
    elif form == ".npz":
        with (
            zipfile.ZipFile(file, "w") as archive,
            archive.open("arr_0.npy", "w", force_zip64=True) as member,
        ):
            _write_array(member, batches, n)
    else:
        text = io.TextIOWrapper(file, "ascii")
        for raw in batches:
            write_rows(text, raw)
        text.detach()


def _write_array(file: IO[bytes], batches: Chunks, n: int) -> None:
    """The npy format, a chunk at a time; a memory map would count as memory."""
    made = 0
    for raw in batches:
        if made == 0:
            header = {
                "descr": np.lib.format.dtype_to_descr(raw.dtype),
                "fortran_order": False,
                "shape": (n, *raw.shape[1:]),
            }
            np.lib.format.write_array_header_1_0(file, header)
        file.write(raw.tobytes())
        made += len(raw)
    if made != n:
        raise ValueError(f"{n} samples were announced and {made} came")


def _shown(batches: Chunks, n: int) -> Chunks:
    """The same batches, with a progress bar where there are many and somebody looks."""
    if n < LONG or not sys.stderr.isatty():
        yield from batches
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = (BarColumn(bar_width=20), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), refresh_per_second=4) as bar:
        task = bar.add_task("", total=n)
        for raw in batches:
            yield raw
            bar.advance(task, len(raw))


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
        return space.preview(walk)
    starts = range(0, len(walk) - 1, frames)
    return grid(np.concatenate([walk[i : i + frames + 1] for i in starts]), columns=frames + 1)


def _frames(space: Space, walk: NDArray[Any]) -> Iterator[Image.Image]:
    """A picture for each sample; of points, the path up to each."""
    for i in range(len(walk)):
        if isinstance(space, PointSpace):
            yield scatter(walk[: i + 1], within=walk)
        else:
            yield space.preview(walk[i : i + 1])


def _video() -> Any:
    return needs("av", extra="video", why="an .mp4 needs PyAV")


def _write_mp4(frames: Iterator[Image.Image], path: Path) -> None:
    av = _video()
    codec = "libx264" if "libx264" in av.codecs_available else "mpeg4"
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream(codec, rate=FPS)
        stream.pix_fmt = "yuv420p"
        for i, frame in enumerate(frames):
            pixels = _even(np.asarray(on_white(frame)))
            if i == 0:
                stream.height, stream.width = pixels.shape[:2]
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())


def _even(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """An image with its last row and column repeated where their number is odd: yuv420p halves them."""
    height, width = pixels.shape[:2]
    return np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
