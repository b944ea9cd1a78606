"""Sending a run to trackers once it has ended: its log is complete."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from PIL import Image

from ptarmigan.core.errors import one_line
from ptarmigan.media.foreign import read_bytes
from ptarmigan.media.progress import Bar
from ptarmigan.training import run_folder
from ptarmigan.training.log_lines import Line, Lines
from ptarmigan.training.loggers import Logger
from ptarmigan.training.trackers import ALWAYS, trackers
from ptarmigan.training.trackers.tracker import FILE

LARGEST = 1 << 26
"""Bytes of a picture."""
Call = Callable[[Logger], None]


def send(folder: Path, names: Sequence[str]) -> int:
    """Send what a run has logged: values, events and pictures, by step.

    Args:
        folder: the run's folder.
        names: of the trackers.

    Returns:
        How many values, events and pictures were sent.

    Raises:
        ValueError: it holds no run, there is no such tracker, or one failed.
    """
    run_folder.load(folder)
    there = [name for name in dict.fromkeys(names) if name != ALWAYS]
    calls = [call for _, call in sorted(logged(folder), key=lambda pair: pair[0])]
    (folder / FILE).unlink(
        missing_ok=True
    )  # trackers take no values of earlier steps: so it is a run of its own
    for name, tracker in zip(there, trackers(there, folder), strict=True):
        with failing(name), Bar(len(calls), f"sending to {name}") as bar:
            for done, call in enumerate(calls, 1):
                call(tracker)
                bar.reach(done)
            tracker.close()
    return len(calls)


def logged(folder: Path) -> Iterator[tuple[int, Call]]:
    """What was logged after which step, as calls of a logger."""
    for line in Lines(folder / "log.jsonl").read():
        yield line.step, partial(pass_on, line)
    for path in sorted((folder / "samples").glob("step-*.png")):
        if (number := path.stem.removeprefix("step-")).isdecimal():
            yield int(number), partial(pass_picture, int(number), path)


def pass_on(line: Line, logger: Logger) -> None:
    """Log a line again."""
    if line.values:
        logger.values(line.step, line.values)
    if line.event:
        logger.event(line.step, line.event)


def pass_picture(step: int, path: Path, logger: Logger) -> None:
    """Log a picture again."""
    with Image.open(io.BytesIO(read_bytes(path, LARGEST)), formats=("PNG",)) as image:
        logger.picture(step, image.convert("RGB"))


@contextmanager
def failing(name: str) -> Iterator[None]:
    """A block in which the errors of a tracker, which may be any, become one line.

    Raises:
        ValueError: it failed.
    """
    try:
        yield
    except Exception as error:
        raise ValueError(f"the tracker {name} failed ({type(error).__name__}: {one_line(error)})") from error
