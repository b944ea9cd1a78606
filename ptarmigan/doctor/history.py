"""The history of a run, read from its folder: what a diagnosis is made from."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from ptarmigan.training import run_folder as folders
from ptarmigan.training.log_lines import Line, Lines
from ptarmigan.training.loggers import VITAL
from ptarmigan.training.rules import SKIPPED

Curve: TypeAlias = list[tuple[int, float]]

SCORE, DATA = "score/", "data/"
ENDINGS = ("finished: ", "stopped: ")
UNCALIBRATED = "uncalibrated"
"""The fact of data on whose kind no threshold was tuned."""
FORMER = {
    "told": "auc",
    "told_held_out": "auc_held_out",
    "known": "membership_auc",
    "slope": "gradient_norm",
    "apart": "two_sample_accuracy",
    "near": "precision",
    "heed": "input_sensitivity",
    "obeyed": "class_accuracy",
}
"""What signs were called in logs before, and are called now."""


@dataclass
class History:
    """A run so far.

    Attributes:
        steps: how many there are to be.
        step: how many there were.
        samples: real samples in the batches so far.
        ended: how it ended; empty while it may go on.
        terms: every term's values, ``(step, value)``; those that are not finite are left out.
        skipped: the share of steps that were skipped between looks.
        vitals: vital signs by name, without ``vital/``.
        scores: values of every metric.
        data: facts of the data by name, without ``data/``.
        events: what happened, ``(step, words)``.
        described: the run's description.
    """

    steps: int
    step: int = 0
    ended: str = ""
    terms: dict[str, Curve] = field(default_factory=dict)
    skipped: Curve = field(default_factory=list)
    vitals: dict[str, Curve] = field(default_factory=dict)
    scores: dict[str, Curve] = field(default_factory=dict)
    data: dict[str, float] = field(default_factory=dict)
    events: list[tuple[int, str]] = field(default_factory=list)
    described: dict[str, Any] = field(default_factory=dict)
    samples: int = 0

    @property
    def over(self) -> bool:
        """Whether all of its steps are done."""
        return self.ended.startswith("finished: ")

    @property
    def calibrated(self) -> bool:
        """Whether thresholds were tuned on samples of this kind; older logs do not say."""
        return UNCALIBRATED not in self.data

    def until(self, step: int) -> History:
        """The history as it was after ``step`` steps."""
        if step >= self.step:
            return self

        def cut(curves: dict[str, Curve]) -> dict[str, Curve]:
            kept = {name: [pair for pair in curve if pair[0] <= step] for name, curve in curves.items()}
            return {name: curve for name, curve in kept.items() if curve}

        return History(
            self.steps,
            step,
            "",
            cut(self.terms),
            [pair for pair in self.skipped if pair[0] <= step],
            cut(self.vitals),
            cut(self.scores),
            self.data,
            [event for event in self.events if event[0] <= step and not event[1].startswith(ENDINGS)],
            self.described,
            self.samples * step // self.step,
        )


def read(folder: Path) -> History:
    """The history in a run's folder, finished or not; half-written lines are passed over.

    Raises:
        ValueError: it is not a run's.
    """
    described = folders.load(folder)
    steps = described["options"].get("steps")
    history = History(steps if isinstance(steps, int) else 0, described=described)
    for line in Lines(folder / "log.jsonl").read():
        add(history, line)
    history.steps = max(history.steps, history.step)
    return history


def add(history: History, line: Line) -> None:
    """Add one line of the log."""
    step = line.step
    history.step, history.samples = max(history.step, step), max(history.samples, line.samples)
    if line.event:
        history.events.append((step, line.event))
        history.ended = line.event if line.event.startswith(ENDINGS) else history.ended
        return
    history.ended = ""  # it went on
    for name, value in line.values.items():
        if name == SKIPPED:
            history.skipped.append((step, value))
        elif name.startswith(DATA):
            history.data[renamed(name.removeprefix(DATA))] = value
        elif math.isfinite(value):
            curves, name = place(history, name)
            curves.setdefault(name, []).append((step, value))


def renamed(name: str) -> str:
    """A sign's name as it is now, of older logs too."""
    group, slash, sign = name.rpartition("/")
    return f"{group}{slash}{FORMER.get(sign, sign)}"


def place(history: History, name: str) -> tuple[dict[str, Curve], str]:
    """The curves that a name belongs to, and its name among them."""
    if name.startswith(SCORE):
        return history.scores, name.removeprefix(SCORE)
    if name.startswith(VITAL):
        return history.vitals, renamed(name.removeprefix(VITAL))
    return history.terms, name
