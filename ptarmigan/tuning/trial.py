"""One trial: a run with options of its own, which is trained up to a step and then paused."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, final

from typing_extensions import TypedDict

from ptarmigan.api import train
from ptarmigan.core.errors import Diverged, one_line
from ptarmigan.core.game import Terms
from ptarmigan.doctor import Fault, examine
from ptarmigan.media.files import write
from ptarmigan.media.plain import read_json
from ptarmigan.training.hooks import Scores
from ptarmigan.training.outcome import Outcome
from ptarmigan.training.schema import check
from ptarmigan.training.trainer import Hook, Trainer

WORST = float("inf")
GRAVE = frozenset(
    {
        Fault.COLLAPSE,
        Fault.DATA,
        Fault.DIVERGENCE,
        Fault.IGNORED,
        Fault.MEMORISATION,
        Fault.ONE_FOR_ALL,
        Fault.SATURATION,
        Fault.UNCHANGED,
    }
)
"""Faults that a good score can hide; of others, such as a discriminator that is too strong, scores tell."""


class Result(TypedDict):
    """What a trial reached: the loss is the first score, negated where higher is better; None is none."""

    step: int
    loss: float | None
    scores: dict[str, float]
    faults: list[str]


class Record(TypedDict):
    """A trial's file."""

    results: list[Result]
    error: str


@dataclass(frozen=True)
class Trial:
    """A trial.

    Attributes:
        number: from 0.
        options: that are searched.
        folder: of its run.
        results: of the rungs so far.
        error: why it cannot go on; empty where it can.
    """

    number: int
    options: dict[str, Any]
    folder: Path
    results: tuple[Result, ...] = ()
    error: str = ""

    @property
    def file(self) -> Path:
        """Where its results are kept."""
        return self.folder.with_suffix(".json")

    def rank(self, rung: int) -> tuple[bool, float]:
        """What is compared at a rung: whether the doctor finds a grave fault, then the loss."""
        result = self.results[rung]
        return is_faulty(result), WORST if result["loss"] is None else result["loss"]

    def read(self) -> Trial:
        """With the results in its file, if there is one.

        Raises:
            ValueError: it cannot be read.
        """
        if not self.file.exists():
            return self
        try:
            found = read_json(self.file)
            check(Record, found, "it holds no results")
        except ValueError as error:
            raise ValueError(f"{self.file} cannot be read ({one_line(error)}): remove it") from error
        return replace(self, results=tuple(found["results"]), error=found["error"])

    def write(self) -> None:
        """Keep the results."""
        record = {"options": self.options, "results": list(self.results), "error": self.error}
        write(self.file, (json.dumps(record, indent=2) + "\n").encode())

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self) | {"folder": str(self.folder)}


def is_faulty(result: Result) -> bool:
    """Whether the doctor found a grave fault."""
    return bool(GRAVE.intersection(result["faults"]))


@final
class Pause(Hook):
    """Stops training after a step, from which it can go on.

    Args:
        step: the last.

    Attributes:
        loss: of the scores there; infinite where there are none.
    """

    name = "pause"

    def __init__(self, step: int) -> None:
        self.last, self.loss = step, WORST

    def start(self, trainer: Trainer) -> None:
        """It may be there already."""
        self.check(trainer)

    def step(self, trainer: Trainer, terms: Terms) -> None:
        """Stop there."""
        self.check(trainer)

    def check(self, trainer: Trainer) -> None:
        """Stop at the step."""
        if trainer.step >= self.last:
            trainer.stop(f"paused after {self.last} steps")

    def end(self, trainer: Trainer, outcome: Outcome) -> None:
        """Read off the loss."""
        scores = next(hook for hook in trainer.hooks if isinstance(hook, Scores))
        loss = scores.task.loss(outcome.scores)
        self.loss = loss if loss == loss else WORST


def train_up_to(
    trial: Trial, step: int, recipe: str, options: dict[str, Any]
) -> tuple[Trial, Outcome | None]:
    """Train a trial up to a step, from where it is, and keep what it reached.

    Args:
        trial: which.
        step: after which it is paused.
        recipe: its recipe.
        options: of the recipe and of the training that are not searched.

    Returns:
        The trial with one more result, or with an error, and how the training ended, if it began.
    """
    pause = Pause(step)
    try:
        outcome = train(
            recipe,
            out=trial.folder,
            quiet=True,
            report=False,
            hooks=[pause],
            **{**options, **trial.options},
        )
    except (ArithmeticError, Diverged, MemoryError, ValueError) as error:
        failed = replace(trial, error=one_line(error))
        failed.write()
        return failed, None
    if not outcome.complete:
        return trial, outcome
    faults = [finding.fault.value for finding in examine(trial.folder)]
    loss = pause.loss if pause.loss < WORST else None
    result = Result(step=outcome.step, loss=loss, scores=outcome.scores, faults=faults)
    done = replace(trial, results=(*trial.results, result))
    done.write()
    return done, outcome
