"""What a person and TensorBoard see of a run while it is played, and what its logs keep."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ptarmigan.core.game import Terms
from ptarmigan.media.progress import Bar, on_terminal, say
from ptarmigan.training.log import Lines

SHOWN = 5
"""Skipped files that are named on the screen."""
VITAL = "vital/"
"""What the names of vital signs begin with: they are for the doctor, and not for the screen."""


class Meter:
    """Means of the terms since the last look; tensors until then, so nobody waits for a GPU."""

    def __init__(self) -> None:
        self.sums: dict[str, Tensor] = {}
        self.counts: dict[str, int] = {}

    def add(self, terms: Terms) -> None:
        """Count one step's terms."""
        for name, term in terms.items():
            self.sums[name] = self.sums[name] + term if name in self.sums else term.clone()
            self.counts[name] = self.counts.get(name, 0) + 1

    def take(self) -> dict[str, float]:
        """The means, and start afresh."""
        means = {name: float(self.sums[name]) / self.counts[name] for name in sorted(self.sums)}
        self.sums, self.counts = {}, {}
        return means

    def state_dict(self) -> dict[str, Any]:
        """What was counted."""
        return {"sums": {k: v.clone() for k, v in self.sums.items()}, "counts": dict(self.counts)}

    def load_state_dict(self, state: dict[str, Any], device: torch.device) -> None:
        """Go on counting."""
        self.sums = {name: value.to(device) for name, value in state["sums"].items()}
        self.counts = dict(state["counts"])


class Watch:
    """Writes ``log.jsonl``, ``clock.jsonl``, TensorBoard events and pictures, and draws the progress bar.

    ``log.jsonl`` holds what was computed and is the same for every repetition of a run; ``clock.jsonl`` holds
    when. A disk that is full stops no training: it is told once.

    Args:
        folder: the run's folder; None (on every rank but the first) watches nothing.
        steps: the length of the run.
        batch: samples in a step.
        quiet: no progress; only what must not be missed.
    """

    def __init__(self, folder: Path | None, steps: int, batch: int, *, quiet: bool = False) -> None:
        self.folder, self.steps, self.batch = folder, steps, batch
        self.log = Lines(folder / "log.jsonl") if folder else None
        self.clock = Lines(folder / "clock.jsonl") if folder else None
        self.bar: Bar | None = None
        self.board: Any = None
        self.last = (0, time.monotonic())
        self.quiet = quiet or folder is None
        self.plain_next = 0.0
        self.full = False

    def start(self, step: int) -> None:
        """Begin, or go on after ``step``: later lines of an earlier attempt are dropped."""
        if self.folder is None:
            return
        from torch.utils.tensorboard import SummaryWriter

        for lines in (self.log, self.clock):
            if lines is not None:
                lines.cut(step)
        self.board = SummaryWriter(str(self.folder), purge_step=step + 1 if step else None)
        if not self.quiet and on_terminal():
            self.bar = Bar(self.steps, "step", start=step, keep=True)
        self.last = (step, time.monotonic())

    def rewind(self, step: int) -> None:
        """Go back to ``step``."""
        for lines in (self.log, self.clock):
            if lines is not None:
                lines.cut(step)

    def advance(self, step: int) -> None:
        """One step was made."""
        if self.bar is not None:
            self.bar.reach(step)

    def values(self, step: int, values: Mapping[str, float], seconds: float) -> None:
        """Terms or scores at ``step``, ``seconds`` of training into the run."""
        if self.folder is None:
            return
        before, then = self.last
        self.last = (step, time.monotonic())
        speed = (step - before) * self.batch / max(self.last[1] - then, 1e-9)
        self._add(self.log, {"step": step, "samples": step * self.batch, **values})
        if step > before:
            self._add(self.clock, {"step": step, "seconds": round(seconds, 3), "speed": round(speed, 1)})
        finite = {name: value for name, value in values.items() if np.isfinite(value)}
        self._on_board(lambda: self._scalars(finite, step))
        shown = {name: v for name, v in values.items() if name != "skipped" and not name.startswith(VITAL)}
        words = "  ".join(f"{name} {value:.3g}" for name, value in shown.items())
        if self.bar is not None:
            self.bar.reach(step)
            self.bar.note(f"{speed:,.0f} samples/s  {words}")
        elif not self.quiet and time.monotonic() > self.plain_next:
            self.plain_next = time.monotonic() + 10
            self.say(f"step {step}/{self.steps}  {step * self.batch:,} samples  {speed:,.0f}/s  {words}")

    def facts(self, values: Mapping[str, float]) -> None:
        """What is known of the data before the first step."""
        if self.folder is not None:
            self._add(self.log, {"step": 0, "samples": 0, **values})

    def event(self, step: int, words: str) -> None:
        """Something happened that people should know of; it is logged and said."""
        if self.folder is not None:
            self._add(self.log, {"step": step, "event": words})
        self.tell(f"step {step}: {words}")

    def skipped(self, files: tuple[str, ...]) -> None:
        """Files of the data that cannot be used; all are named in the log, some to the person."""
        if files and self.folder is not None:
            self._add(self.log, {"step": 0, "event": f"skipped {len(files)} files", "files": files})
            more = f" and {len(files) - SHOWN} more (see log.jsonl)" if len(files) > SHOWN else ""
            self.tell(f"skipped {len(files)} files: {'; '.join(files[:SHOWN])}{more}")

    def finished(self, step: int, reason: str) -> None:
        """The run is over; said every time, logged once."""
        words = f"finished: {reason}"
        lines = self.log.read() if self.log else []
        if not lines or lines[-1].event != words:
            self._add(self.log, {"step": step, "event": words})
        self.say(f"step {step}: {words}")

    def picture(self, step: int, image: Image.Image) -> None:
        """Keep a picture of samples."""
        if self.folder is None:
            return
        path = self.folder / "samples" / f"step-{step:08d}.png"
        try:
            path.parent.mkdir(exist_ok=True)
            image.save(path)
        except OSError as error:
            self._no_room(error)
        pixels = np.asarray(image.convert("RGB"))
        self._on_board(lambda: self.board.add_image("samples", pixels, step, dataformats="HWC"))

    def tell(self, words: str) -> None:
        """One line that a person must not miss, on stderr."""
        if self.folder is not None:
            self._print(words)

    def say(self, words: str) -> None:
        """One line for a person who wants to watch."""
        if not self.quiet:
            self._print(words)

    def _print(self, words: str) -> None:
        if self.bar is not None:
            self.bar.say(words)
        else:
            say(words)

    def close(self) -> None:
        """Stop drawing and flush."""
        if self.bar is not None:
            self.bar.close()
            self.bar = None
        if self.board is not None:
            self._on_board(self.board.close)

    def _add(self, lines: Lines | None, line: dict[str, Any]) -> None:
        try:
            if lines is not None:
                lines.add(line)
        except OSError as error:
            self._no_room(error)

    def _scalars(self, values: Mapping[str, float], step: int) -> None:
        """All of them as one event: an event each takes longer than some steps."""
        from tensorboard.compat.proto.summary_pb2 import Summary

        each = [Summary.Value(tag=name, simple_value=value) for name, value in values.items()]
        self.board.file_writer.add_summary(Summary(value=each), step)

    def _on_board(self, write: Callable[[], object]) -> None:
        try:
            write()
        except OSError as error:
            self._no_room(error)

    def _no_room(self, error: OSError) -> None:
        if not self.full:
            self.full = True
            self.tell(
                f"could not write to {self.folder} ({error.strerror}): training goes on without its log"
            )
