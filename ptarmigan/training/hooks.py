"""The hooks of every training: EMA, logging, samples, scores, files."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, final

from ptarmigan.core.errors import one_line
from ptarmigan.core.game import Terms
from ptarmigan.data.left_out import left_out
from ptarmigan.media.files import write
from ptarmigan.tasks.task import Task
from ptarmigan.training import distributed
from ptarmigan.training.logging import Meter
from ptarmigan.training.outcome import Outcome
from ptarmigan.training.recovery import Recovery
from ptarmigan.training.run_folder import moved_since
from ptarmigan.training.trainer import Hook, Trainer
from ptarmigan.training.weights_file import write_weights

SAVE_SECONDS = 300.0
"""The longest time between checkpoints."""


def due(step: int, every: int) -> bool:
    """Whether something that is done at every ``every``-th step is due; never where that is 0."""
    return bool(every) and step % every == 0


@final
class UpdateEMA(Hook):
    """Updates the EMA weights after every step."""

    name = "ema"

    def step(self, trainer: Trainer, terms: Terms) -> None:
        """Update the average; its half-life grows with the steps done."""
        run = trainer.run
        trainer.ema.update(batch=run.samples.batch, half_life=run.remembers(trainer.step))


@final
class Logging(Hook):
    """Logs the mean losses at every ``every``-th step, with the values of other hooks.

    Args:
        trainer: of the run.
        every: steps between lines of the log; 0 for never.

    Attributes:
        means: the losses that were logged at this step, if any were.
    """

    name = "logging"

    def __init__(self, trainer: Trainer, every: int) -> None:
        self.every, self.device = every, trainer.device
        self.meter = Meter()
        self.means: dict[str, float] = {}

    def start(self, trainer: Trainer) -> None:
        """Of a new run, name the files that are left out."""
        if not trainer.resumed:
            for line in trainer.run.samples.understood:
                trainer.log.screen.say(line)
            trainer.log.skipped(left_out(trainer.run.samples))
        elif trainer.step:
            trainer.log.screen.say(f"going on from step {trainer.step}{moved_since(trainer.folder)}")

    def step(self, trainer: Trainer, terms: Terms) -> None:
        """Count the losses, and log them where that is due."""
        self.meter.add(terms)
        trainer.log.screen.advance(trainer.step)
        self.means = {}
        if due(trainer.step, self.every):
            self.write(trainer)

    def finish(self, trainer: Trainer) -> None:
        """Log what was counted since."""
        self.write(trainer)

    def write(self, trainer: Trainer) -> None:
        """One line of the log, unless nothing was counted."""
        self.means = self.meter.take()
        if self.means:
            more = {name: value for hook in trainer.hooks for name, value in hook.values(trainer).items()}
            trainer.record(self.means | more)

    def state_dict(self) -> Mapping[str, Any]:
        """What was counted."""
        return self.meter.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on counting."""
        self.meter.load_state_dict(state, self.device)


@final
class Samples(Hook):
    """Draws pictures of samples of the EMA weights at every ``every``-th step, and at the end."""

    name = "samples"

    def __init__(self, every: int, task: Task) -> None:
        self.every, self.task = every, task

    def step(self, trainer: Trainer, terms: Terms) -> None:
        """A picture, where one is due."""
        if due(trainer.step, self.every):
            self.draw(trainer)

    def end(self, trainer: Trainer, outcome: Outcome) -> None:
        """The last picture, unless it was drawn already."""
        if outcome.complete and self.every and trainer.step % self.every:
            self.draw(trainer)

    def draw(self, trainer: Trainer) -> None:
        """A picture of the same latents and inputs every time."""
        if trainer.ranks.first:
            with trainer.ema.applied_to(trainer.run.game) as game:
                picture = self.task.picture(game)
            trainer.log.picture(trainer.step, picture)


@final
class Scores(Hook):
    """Scores the EMA weights at every ``every``-th step and at the end, and keeps the best.

    Args:
        trainer: of the run.
        every: steps between scores; 0 for never.
        patience: stop after this number of scores without a better one; 0 for never.
        task: computes the scores.
    """

    name = "scores"

    def __init__(self, trainer: Trainer, every: int, patience: int, task: Task) -> None:
        self.every, self.patience, self.task = every, patience, task
        self.best, self.worse = float("inf"), 0
        self.best_step: int | None = None
        self.scored: int | None = None
        self.failed = False
        trainer.checkpoints.protect(lambda step: step == self.best_step)

    def start(self, trainer: Trainer) -> None:
        """A run that had stopped stays so."""
        self.check_patience(trainer)

    def step(self, trainer: Trainer, terms: Terms) -> None:
        """Scores, where they are due."""
        if due(trainer.step, self.every):
            self.score(trainer)

    def finish(self, trainer: Trainer) -> None:
        """The last scores."""
        if self.every and self.scored != trainer.step:
            self.score(trainer)

    def score(self, trainer: Trainer) -> None:
        """Score the EMA weights; keep them where they are the best."""
        self.scored, first = trainer.step, trainer.ranks.first
        if first:
            trainer.scores = self.measure(trainer)
        if distributed.agree(first and not trainer.scores, trainer.device):
            return
        if first:
            trainer.record({f"score/{name}": value for name, value in trainer.scores.items()})
        loss = self.task.loss(trainer.scores)
        if distributed.agree(first and loss < self.best, trainer.device):
            self.best, self.best_step, self.worse = loss, trainer.step, 0
            if first:
                write_weights(trainer, self.task, "best.safetensors")
            trainer.save()
        else:
            self.worse += 1
            self.check_patience(trainer)

    def measure(self, trainer: Trainer) -> dict[str, float]:
        """The scores; none where they fail, which is logged once and does not end training."""
        try:
            with trainer.ema.applied_to(trainer.run.game) as game:
                return self.task.scores(game)
        except (ArithmeticError, OSError, ValueError) as error:
            if not self.failed:
                trainer.log.event(trainer.step, f"training goes on without scores: {one_line(error)}")
            self.failed = True
            return {}

    def check_patience(self, trainer: Trainer) -> None:
        """Stop after ``patience`` scores without a better one."""
        if self.patience and self.worse >= self.patience:
            trainer.stop(f"converged: no better score for {self.worse} evaluations")

    def state_dict(self) -> Mapping[str, Any]:
        """The best score, and how long ago it was."""
        return {
            "best": self.best,
            "best_step": self.best_step,
            "worse": self.worse,
            "scored": self.scored,
            "failed": self.failed,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from there."""
        self.best, self.best_step = state["best"], state["best_step"]
        self.worse, self.scored = state["worse"], state["scored"]
        self.failed = state.get("failed", False)  # runs of earlier versions ended there


@final
class Saving(Hook):
    """Writes a checkpoint at the start, at every ``every``-th step, every five minutes and at the end.

    Args:
        every: steps between checkpoints; 0 for none but the others.
        recovery: counts steps that are not finite; while there are any, no checkpoint is written.
    """

    name = "saving"

    def __init__(self, every: int, recovery: Recovery) -> None:
        self.every, self.recovery = every, recovery

    def start(self, trainer: Trainer) -> None:
        """The first one, to go back to."""
        if not trainer.resumed:
            trainer.save()

    def step(self, trainer: Trainer, terms: Terms) -> None:
        """One where it is due; the first rank writes, so it decides."""
        overdue = trainer.ranks.first and time.monotonic() - trainer.saved_at > SAVE_SECONDS
        if (due(trainer.step, self.every) or overdue) and not float(self.recovery.streak):
            trainer.save()

    def finish(self, trainer: Trainer) -> None:
        """The last one."""
        trainer.save()

    def end(self, trainer: Trainer, outcome: Outcome) -> None:
        """One to go on from after a signal."""
        if outcome.interrupted:
            trainer.save()


@final
class Export(Hook):
    """Writes the EMA weights as ``generator.safetensors``, and logs that the run is complete."""

    name = "export"

    def __init__(self, task: Task) -> None:
        self.task = task

    def end(self, trainer: Trainer, outcome: Outcome) -> None:
        """The file, of a run that is complete."""
        if outcome.complete and trainer.ranks.first:
            write_weights(trainer, self.task, "generator.safetensors")
            for name, content in trainer.run.space.companions().items():
                write(trainer.folder / name, content)
            for line in trainer.run.samples.named:
                trainer.log.screen.say(f"generator.safetensors: {line}")
            trainer.log.finished(trainer.step, outcome.reason)
