"""The trainer: the loop of a run and its step; everything else is a hook."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from ptarmigan.core.game import Terms
from ptarmigan.core.precision import laid_out
from ptarmigan.training import distributed
from ptarmigan.training.checkpoint import Checkpoints, State
from ptarmigan.training.distributed import Ranks
from ptarmigan.training.draw import Draw
from ptarmigan.training.ema import EMA
from ptarmigan.training.logging import Log
from ptarmigan.training.outcome import Outcome
from ptarmigan.training.restored import goes_on, optimizer_state
from ptarmigan.training.run import Run
from ptarmigan.training.settings import Settings, pick_precision
from ptarmigan.training.signals import Interrupt, interrupts


class Hook:
    """Something that is done around the steps of training. Every method does nothing by default.

    The hooks of a trainer are called in the order of its list, on every rank. A hook that restores an earlier
    step ends the calls after this one.
    """

    @property
    def name(self) -> str:
        """The key of its state in checkpoints."""
        return type(self).__name__

    def start(self, trainer: Trainer) -> None:
        """Training begins, or goes on after ``trainer.step`` steps: states are restored by then."""

    def step(self, trainer: Trainer, terms: Terms) -> None:
        """After a step; ``terms`` are its losses, as tensors on the device."""

    def values(self, trainer: Trainer) -> Mapping[str, float]:
        """Values to log with the mean losses, each time that these are logged."""
        return {}

    def finish(self, trainer: Trainer) -> None:
        """After all steps: what is still to be logged, scored or saved."""

    def end(self, trainer: Trainer, outcome: Outcome) -> None:
        """After training: it is complete, or was interrupted and can be resumed."""

    def state_dict(self) -> Mapping[str, Any]:
        """What a resumed run needs to go on bit for bit: tensors and plain values."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from where ``state_dict`` was."""


class Trainer:
    """Trains a run.

    Args:
        run: to train; its game is moved to the device.
        folder: the run's folder.
        settings: of the training.
        device: of the networks.
        ranks: rank and number of processes.
        log: receives values, pictures and events.

    Attributes:
        precision: the dtype of autocast, or None.
        draw: draws batches, and seeds the noise.
        ema: the EMA weights of the networks in ``game.ema``.
        checkpoints: the states in the folder.
        hooks: called around the steps, in this order.
        step: steps done.
        seconds: of training.
        scores: the latest of the EMA weights.
        resumed: training went on from a checkpoint.
        treatment: the options with which the run is to go on: training then ends.

    Raises:
        ValueError: the batch cannot be shared evenly.
    """

    def __init__(
        self, run: Run, folder: Path, settings: Settings, device: torch.device, ranks: Ranks, log: Log
    ) -> None:
        self.run, self.folder, self.settings = run, folder, settings
        self.device, self.ranks, self.log = device, ranks, log
        self.precision = pick_precision(settings.precision, device, half=run.space.half_precision)
        laid_out(run.game, device, self.precision, run.space.layout)
        self.draw = Draw(
            run.samples,
            seed=run.seed,
            device=device,
            precision=self.precision,
            accumulate=settings.accumulate,
            ranks=ranks,
        )
        distributed.copy_from_first([*run.game.parameters(), *run.game.buffers()])
        self.ema = EMA(run.game)
        if settings.compile:
            for network in run.game.children():
                network.compile(dynamic=False)  # with symbolic shapes inductor fails on a U-Net's levels
        self.checkpoints = Checkpoints(folder, settings.keep, log.screen.tell)
        self.hooks: list[Hook] = []
        self.step, self.seconds, self.saved_at = 0, 0.0, time.monotonic()
        self.scores: dict[str, float] = {}
        self.resumed, self.stopped = False, ""
        self.treatment: dict[str, Any] | None = None

    def train(self) -> Outcome:
        """Train until all steps are done, or a hook or a signal ends it."""
        with interrupts() as interrupt:
            for hook in self.hooks:
                hook.start(self)
            before, started = self.seconds, time.monotonic()
            while not self.over:
                self.run.advance(self.step / self.run.steps)
                terms = self.run.rule(self.run.game, self.run.optimizers, self.draw, self.step)
                self.step += 1
                self.seconds = before + time.monotonic() - started
                self.call_hooks(terms)
                if self.treatment is not None:
                    return self.end(self.treatment["words"])
                if self.interrupted(interrupt):
                    name = interrupt.name or "another rank's signal"
                    words = f"stopped at step {self.step} of {self.run.steps} by {name}"
                    return self.end(words, signal=interrupt.number)
        for hook in self.hooks:
            hook.finish(self)
        return self.end(self.over + self.run.game.remark(), complete=True)

    def call_hooks(self, terms: Terms) -> None:
        """What comes after a step."""
        step = self.step
        for hook in self.hooks:
            hook.step(self, terms)
            if self.step != step or self.treatment is not None:
                return

    @property
    def over(self) -> str:
        """Why training is over; empty while it goes on."""
        return f"all {self.run.steps} steps are done" if self.step >= self.run.steps else self.stopped

    def stop(self, reason: str) -> None:
        """Stop after this step; the first reason counts."""
        self.stopped = self.stopped or reason

    def interrupted(self, interrupt: Interrupt) -> bool:
        """Whether a signal came, to this rank or another."""
        meet = self.ranks.meet(self.step)
        return meet and distributed.agree(interrupt.name is not None, self.device)

    def end(self, reason: str, *, complete: bool = False, signal: int = 0) -> Outcome:
        """Call the hooks; one of them may still set a treatment."""
        treatment = self.treatment
        outcome = Outcome(self.folder, self.step, reason, complete, self.scores, signal, treatment)
        for hook in self.hooks:
            hook.end(self, outcome)
            if self.treatment is not None and treatment is None:
                return self.end(self.treatment["words"])
        distributed.wait()
        return outcome

    def record(self, values: Mapping[str, float]) -> None:
        """Log values at this step."""
        self.log.values(self.step, values, self.seconds)

    def save(self) -> None:
        """Write a checkpoint, on the first rank."""
        if self.ranks.first:
            self.checkpoints.save(self.step, self.state_dict())
        self.saved_at = time.monotonic()

    def state_dict(self) -> State:
        """All that a resume needs, as tensors and plain values."""
        return {
            "step": self.step,
            "seconds": self.seconds,
            "scores": dict(self.scores),
            "game": self.run.game.state_dict(),
            "optimizers": {name: o.state_dict() for name, o in self.run.optimizers.items()},
            "ema": self.ema.networks.state_dict(),
            "draw": self.draw.state_dict(),
            "hooks": {hook.name: dict(state) for hook in self.hooks if (state := hook.state_dict())},
        }

    def load_state_dict(self, state: State) -> None:
        """Go on from where ``state`` was taken.

        Raises:
            ValueError: it is of other networks or optimizers.
        """
        with goes_on(self.folder, "its recipe was changed since, and "):
            self.run.game.load_state_dict(state["game"])
            for name, optimizer in self.run.optimizers.items():
                optimizer.load_state_dict(optimizer_state(state["optimizers"][name], optimizer))
        with goes_on(self.folder):
            self.step, self.seconds, self.scores = state["step"], state["seconds"], dict(state["scores"])
            self.ema.networks.load_state_dict(state["ema"])
            self.draw.load_state_dict(state["draw"])
            for hook in self.hooks:
                if hook.name in state["hooks"]:
                    hook.load_state_dict(state["hooks"][hook.name])
