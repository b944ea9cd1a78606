"""A run's folder as the page tells it: curves, events and pictures, read from what training wrote."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ptarmigan.doctor.history import Curve
from ptarmigan.doctor.history import read as read_history
from ptarmigan.training.log_lines import Lines


@dataclass
class RunRecord:
    """What happened.

    Attributes:
        folder: the run's folder.
        described: its run.json.
        terms: every term's values, ``(step, value)``, the finite ones.
        scores: every metric's values, alike.
        vitals: every vital sign's values, alike.
        skipped: at which looks steps had been skipped, and which share of them.
        events: what was said, ``(step, words)``.
        seconds: of training.
        step: how far it came.
        seen: samples seen.
        pictures: of samples, ``(step, file)``, in order.
    """

    folder: Path
    described: dict[str, Any]
    terms: dict[str, Curve] = field(default_factory=dict)
    scores: dict[str, Curve] = field(default_factory=dict)
    vitals: dict[str, Curve] = field(default_factory=dict)
    skipped: Curve = field(default_factory=list)
    events: list[tuple[int, str]] = field(default_factory=list)
    seconds: float = 0.0
    step: int = 0
    seen: int = 0
    pictures: list[tuple[int, Path]] = field(default_factory=list)

    @property
    def recipe(self) -> str:
        """The recipe's name."""
        return str(self.described["recipe"])

    @property
    def data(self) -> str:
        """What it was trained on."""
        return str(self.described["options"].get("data", ""))

    @property
    def title(self) -> str:
        """Recipe and data."""
        recipe, data = (Path(name).name or name for name in (self.recipe, self.data))
        return f"{recipe} on {data}" if data else f"A run of {recipe}"

    @property
    def ending(self) -> str:
        """How it ended, in words."""
        for step, words in reversed(self.events):
            if step == self.step and words.startswith(("finished: ", "stopped: ")):
                return words
        steps = self.described["options"].get("steps", "?")
        return f"not finished: at step {self.step} of {steps}; the same command goes on"

    @property
    def rollbacks(self) -> list[tuple[int, str]]:
        """When it went back to a checkpoint."""
        return [(step, words) for step, words in self.events if words.startswith(("went back", "treated"))]


def read(folder: Path) -> RunRecord:
    """The story in a run's folder.

    Raises:
        ValueError: it is not a run's.
    """
    log = read_history(folder)
    record = RunRecord(folder, log.described, log.terms, log.scores, log.vitals, events=log.events)
    record.skipped = [(step, share) for step, share in log.skipped if share > 0]
    record.step, record.seen = log.step, log.samples
    for line in Lines(folder / "clock.jsonl").read():
        record.seconds = line.values.get("seconds", record.seconds)
    record.pictures = sorted(
        (int(number), path)
        for path in (folder / "samples").glob("step-*.png")
        if (number := path.stem.removeprefix("step-")).isdecimal()
    )
    return record
