"""The log of a run: mean losses, and all loggers as one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from ptarmigan.core.errors import one_line
from ptarmigan.core.game import Terms
from ptarmigan.training.loggers import Logger, RunFiles, Screen, TensorBoard
from ptarmigan.training.restored import tensor

NAMED = 5
"""Skipped files that are listed on the screen, at most."""


class Meter:
    """Means of the terms since they were last taken; tensors until then, so no step waits for a GPU."""

    def __init__(self) -> None:
        self.sums: dict[str, Tensor] = {}
        self.counts: dict[str, int] = {}

    def add(self, terms: Terms) -> None:
        """Count one step's terms."""
        for name, term in terms.items():
            self.sums[name] = self.sums[name] + term if name in self.sums else term.clone()
            self.counts[name] = self.counts.get(name, 0) + 1

    def take(self) -> dict[str, float]:
        """The means; start new ones."""
        means = {name: float(self.sums[name]) / self.counts[name] for name in sorted(self.sums)}
        self.sums, self.counts = {}, {}
        return means

    def state_dict(self) -> dict[str, Any]:
        """What was counted."""
        return {"sums": {k: v.clone() for k, v in self.sums.items()}, "counts": dict(self.counts)}

    def load_state_dict(self, state: Mapping[str, Any], device: torch.device) -> None:
        """Go on counting."""
        self.sums = {name: tensor(value).to(device) for name, value in state["sums"].items()}
        self.counts = {name: state["counts"][name] for name in self.sums}


class Log:
    """All loggers of a run as one.

    Args:
        folder: the run's folder; None (on every rank but the first) logs nothing.
        steps: the length of the run.
        batch: samples in a step.
        quiet: no progress; only what must not be missed.
        loggers: those of a user.
    """

    def __init__(
        self,
        folder: Path | None,
        steps: int = 0,
        batch: int = 1,
        *,
        quiet: bool = False,
        loggers: Sequence[Logger] = (),
    ) -> None:
        self.folder, self.own = folder, list(loggers)
        self.screen = Screen(steps, batch, quiet=quiet or folder is None, silent=folder is None)
        self.loggers: list[Logger] = []
        self.files: RunFiles | None = None
        if folder is not None:
            self.files = RunFiles(folder, batch, self.disk_is_full)
            self.loggers = [self.files, self.screen, *self.own]
        self.full = False

    def start(self, step: int) -> None:
        """Begin, or go on after ``step``: later lines of an earlier attempt are dropped."""
        if self.folder is not None:
            self.rewind(step)
            self.loggers.insert(1, TensorBoard(self.folder, step, self.disk_is_full))
            self.screen.start(step)

    def rewind(self, step: int) -> None:
        """Drop what the files hold of later steps."""
        if self.files is not None:
            self.files.rewind(step)

    def values(self, step: int, values: Mapping[str, float], seconds: float = 0.0) -> None:
        """Losses, scores or other numbers after ``step`` steps, ``seconds`` of training into the run."""
        self._each(lambda logger: logger.values(step, values))
        if self.files is not None:
            self.files.time(step, seconds)

    def picture(self, step: int, image: Image.Image) -> None:
        """Samples of the EMA weights after ``step`` steps."""
        self._each(lambda logger: logger.picture(step, image))

    def event(self, step: int, words: str) -> None:
        """Something happened that a person should know of."""
        self._each(lambda logger: logger.event(step, words))

    def skipped(self, files: Sequence[str]) -> None:
        """Files of the data that cannot be used; all are named in the log, some to the person."""
        if files and self.files is not None:
            words = f"skipped {len(files)} files"
            self.files.event(0, words, files=files)
            more = f" and {len(files) - NAMED} more (see log.jsonl)" if len(files) > NAMED else ""
            self.screen.tell(f"{words}: {'; '.join(files[:NAMED])}{more}")
            self._each(lambda logger: logger.event(0, words), self.own)

    def finished(self, step: int, reason: str) -> None:
        """The run is over; said every time, logged once."""
        words = f"finished: {reason}"
        if self.files is not None and not self.files.ends_with(words):
            self.files.event(step, words)
        self.screen.say(f"step {step}: {words}")
        self._each(lambda logger: logger.event(step, words), self.own)

    def disk_is_full(self, error: OSError) -> None:
        """Say once that files cannot be written; training goes on."""
        if not self.full:
            self.full = True
            self.screen.tell(
                f"could not write to {self.folder} ({error.strerror}): training goes on without its log"
            )

    def close(self, *, own: bool = True) -> None:
        """Stop showing progress, and flush.

        Args:
            own: close the user's loggers as well: training does not go on.
        """
        kept = [logger for logger in self.loggers if own or logger not in self.own]
        self._each(lambda logger: logger.close(), kept)

    def _each(self, call: Callable[[Logger], None], loggers: Sequence[Logger] | None = None) -> None:
        """Call the loggers one after another; a user's that fails is left out."""
        for logger in list(self.loggers if loggers is None else loggers):
            if logger not in self.own:
                call(logger)
            elif logger in self.loggers:
                try:
                    call(logger)
                except Exception as error:  # a user's logger may raise anything, and must not end training
                    self.loggers.remove(logger)
                    self.screen.tell(
                        f"the logger {type(logger).__name__} failed ({type(error).__name__}: "
                        f"{one_line(error)}): training goes on without it"
                    )
