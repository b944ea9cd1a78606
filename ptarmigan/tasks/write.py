"""Samples and walks as files: written under another name first, so that none looks whole before it is."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from ptarmigan.data.space import Space
from ptarmigan.data.writers import Part, Writer
from ptarmigan.media.files import check_vacant, create
from ptarmigan.media.gif import write_gif
from ptarmigan.media.pictures import on_white
from ptarmigan.media.progress import counted
from ptarmigan.media.video import pyav, write_mp4
from ptarmigan.tasks.caption.show import writers

LONG = 1_000
"""Samples from which on a progress bar is drawn."""
FPS = 12


def write_samples(
    space: Space,
    batches: Iterator[NDArray[Any]],
    n: int,
    out: Path,
    captions: Sequence[str] = (),
    first: int = 0,
) -> str:
    """Write ``n`` raw samples in the form that the name ``out`` asks for, and say so in one line.

    A folder holds what ``space.save`` writes (a PNG each, points.csv or table.csv); ``.npy`` and ``.npz`` one
    array, in an archive under the name ``arr_0`` as numpy's own; ``.png`` a picture of all; and a kind of
    samples may have further forms (``Space.writers``). Memory does not grow with ``n``, but for a picture.

    Args:
        space: what a sample is.
        batches: the samples, some at a time.
        n: how many there are.
        out: where to.
        captions: of the samples, where they have such: they stand under each in a picture, and in a folder in
            a table.
        first: the number of the first one, where others write those before it.

    Raises:
        ValueError: something is at ``out``, its ending is not known or does not fit, or a picture would be
            too large.
    """
    form = "" if out.is_dir() else out.suffix.lower()
    known = writers(space, captions) if captions else space.writers()
    if form not in known:
        raise ValueError(f"{out}: {refusal(form, known)}")
    writer = known[form]
    if writer.most is not None:
        check_fits(n, writer.most)
    with create(out) as draft:
        mine = counted(batches, n, shown=n >= LONG and not writer.whole)
        writer.write(draft, Part(mine, first) if first else mine, n)
    return f"samples: {out}{'' if form else os.sep} ({writer.words.format(n=n)})"


def refusal(form: str, known: Mapping[str, Writer]) -> str:
    """Why samples are not written in a form, and in which they are."""
    if form == ".csv":
        return "a .csv holds points; write images to a folder, .npz, .npy or .png"
    endings = [f"{name} (a picture)" if name == ".png" else name for name in known if name]
    return f"samples are written to {', '.join(['a folder', *endings])}"


def write_walk(space: Space, walk: NDArray[Any], frames: int, out: Path) -> str:
    """Write a walk of ``frames`` samples for each leg and the last stop, and say so in one line.

    Args:
        space: what a sample is.
        walk: raw samples, as ``Generator.interpolate`` gives them.
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
        check_fits(len(walk), space.most)
    with create(out) as draft:
        if form == ".png":
            space.strip(walk, frames).save(draft, "PNG")
        elif form == ".gif":
            write_gif(map(on_white, space.frames(walk)), draft, 1000 // FPS)
        else:
            write_mp4(space.frames(walk), draft, FPS)
    return f"walk: {out} ({len(walk)} samples)"


def check_picture_place(out: Path) -> None:
    """See that a picture can be written there, before there is one.

    Raises:
        ValueError: something is at ``out``, or its ending is another's.
    """
    if out.suffix.lower() != ".png":
        raise ValueError(f"{out}: this picture is written to a .png")
    check_vacant(out)


def check_fits(n: int, most: int) -> None:
    """See that so many samples fit in a picture.

    Raises:
        ValueError: they do not.
    """
    if n > most:
        raise ValueError(
            f"a picture holds at most {most:,} of these samples, not {n:,}: ask for fewer with --n"
        )
