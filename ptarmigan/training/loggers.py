"""Loggers of the values, pictures and events of a run: files, TensorBoard, the screen."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from PIL import Image

from ptarmigan.media.console import on_terminal, say
from ptarmigan.media.events import EventFile
from ptarmigan.media.progress import Bar
from ptarmigan.training.log_lines import Lines

VITAL, DATA = "vital/", "data/"
"""Prefixes of vital signs and of facts about the data, which are not shown on the screen."""


class Logger(Protocol):
    """Receives the values, pictures and events of a run, on the first rank.

    A logger that raises an error is reported once and then left out.
    """

    def values(self, step: int, values: Mapping[str, float]) -> None:
        """Losses, scores or other numbers after ``step`` steps."""

    def picture(self, step: int, image: Image.Image) -> None:
        """Samples of the EMA weights after ``step`` steps."""

    def event(self, step: int, words: str) -> None:
        """An event that the user should know of."""

    def close(self) -> None:
        """Training has ended."""


class RunFiles:
    """``log.jsonl``, ``clock.jsonl`` and ``samples/`` in the run's folder.

    ``log.jsonl`` has all computed values and is the same for every repetition of a run; ``clock.jsonl`` has
    times.

    Args:
        folder: the run's folder.
        batch: samples in a step.
        full: is called with the error when a file cannot be written, as on a full disk.
    """

    def __init__(self, folder: Path, batch: int, full: Callable[[OSError], None]) -> None:
        self.folder, self.batch, self.full = folder, batch, full
        self.log, self.clock = Lines(folder / "log.jsonl"), Lines(folder / "clock.jsonl")
        self.last = (0, time.monotonic())

    def rewind(self, step: int) -> None:
        """Drop every line after ``step``."""
        self.log.cut(step)
        self.clock.cut(step)
        self.last = (max(step, 0), time.monotonic())

    def values(self, step: int, values: Mapping[str, float]) -> None:
        """One line."""
        with unless_full(self.full):
            self.log.add({"step": step, "samples": step * self.batch, **values})

    def time(self, step: int, seconds: float) -> None:
        """When ``step`` was logged first, and how fast training was since the line before."""
        (before, then), self.last = self.last, (step, time.monotonic())
        if step > before:
            speed = (step - before) * self.batch / max(self.last[1] - then, 1e-9)
            with unless_full(self.full):
                self.clock.add({"step": step, "seconds": round(seconds, 3), "speed": round(speed, 1)})

    def picture(self, step: int, image: Image.Image) -> None:
        """One file."""
        path = self.folder / "samples" / f"step-{step:08d}.png"
        with unless_full(self.full):
            path.parent.mkdir(exist_ok=True)
            image.save(path)

    def event(self, step: int, words: str, **more: Any) -> None:
        """One line."""
        with unless_full(self.full):
            self.log.add({"step": step, "event": words, **more})

    def ends_with(self, words: str) -> bool:
        """Whether this event is the last line."""
        lines = self.log.read()
        return bool(lines) and lines[-1].event == words

    def close(self) -> None:
        """Every line is written already."""


class TensorBoard:
    """Events for TensorBoard, which need not be installed to write them.

    Args:
        folder: where their file is.
        step: events after this step, of an earlier attempt, are dropped; none when 0.
        full: is called with the error when the file cannot be written, as on a full disk.
    """

    def __init__(self, folder: Path, step: int, full: Callable[[OSError], None]) -> None:
        self.full, self.file = full, EventFile(folder)
        with unless_full(full):
            self.file.begin(step + 1 if step else 0)

    def values(self, step: int, values: Mapping[str, float]) -> None:
        """All of them as one event."""
        with unless_full(self.full):
            self.file.values(step, {name: value for name, value in values.items() if np.isfinite(value)})

    def picture(self, step: int, image: Image.Image) -> None:
        """One image."""
        png = io.BytesIO()
        image.convert("RGB").save(png, "PNG")
        with unless_full(self.full):
            self.file.picture(step, "samples", png.getvalue(), image.height, image.width)

    def event(self, step: int, words: str) -> None:
        """Words are for the log."""

    def close(self) -> None:
        """Every event is written already."""


class Screen:
    """Progress on stderr: a bar on a terminal, else a line every ten seconds.

    Args:
        steps: the length of the run.
        batch: samples in a step.
        quiet: no progress; only important lines.
        silent: nothing at all.
    """

    def __init__(self, steps: int, batch: int, *, quiet: bool, silent: bool) -> None:
        self.steps, self.batch, self.quiet, self.silent = steps, batch, quiet, silent
        self.bar: Bar | None = None
        self.last = (0, time.monotonic())
        self.plain_next = 0.0

    def start(self, step: int) -> None:
        """Show a bar, where that is wanted and there is a terminal."""
        if not self.quiet and on_terminal():
            self.bar = Bar(self.steps, "step", start=step, keep=True)
        self.last = (step, time.monotonic())

    def advance(self, step: int) -> None:
        """One step was made."""
        if self.bar is not None:
            self.bar.reach(step)

    def values(self, step: int, values: Mapping[str, float]) -> None:
        """The numbers in short."""
        hidden = (VITAL, DATA)
        shown = {n: v for n, v in values.items() if n != "skipped" and not n.startswith(hidden)}
        if not shown:
            return
        (before, then), self.last = self.last, (step, time.monotonic())
        speed = (step - before) * self.batch / max(self.last[1] - then, 1e-9)
        words = "  ".join(f"{name} {value:.3g}" for name, value in shown.items())
        if self.bar is not None:
            self.bar.reach(step)
            self.bar.note(f"{speed:,.0f} samples/s  {words}")
        elif not self.quiet and time.monotonic() > self.plain_next:
            self.plain_next = time.monotonic() + 10
            self.say(f"step {step}/{self.steps}  {step * self.batch:,} samples  {speed:,.0f}/s  {words}")

    def picture(self, step: int, image: Image.Image) -> None:
        """Pictures are in the run's folder."""

    def event(self, step: int, words: str) -> None:
        """Print an important line."""
        self.tell(f"step {step}: {words}")

    def tell(self, words: str) -> None:
        """The same without a step."""
        if not self.silent:
            self._print(words)

    def say(self, words: str) -> None:
        """Print a line of progress."""
        if not self.quiet:
            self._print(words)

    def close(self) -> None:
        """Remove the bar."""
        if self.bar is not None:
            self.bar.close()
            self.bar = None

    def _print(self, words: str) -> None:
        if self.bar is not None:
            self.bar.say(words)
        else:
            say(words)


@contextmanager
def unless_full(full: Callable[[OSError], None]) -> Iterator[None]:
    """A context for writing that may fail, as on a full disk, without ending training."""
    try:
        yield
    except OSError as error:
        full(error)
