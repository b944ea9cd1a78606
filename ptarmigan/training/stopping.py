"""Early stopping: on convergence, or when time is up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

import torch
from torch import Tensor

from ptarmigan.core.game import Terms
from ptarmigan.training import distributed
from ptarmigan.training.hooks import Logging
from ptarmigan.training.restored import optional_tensor
from ptarmigan.training.rules import parameters
from ptarmigan.training.trainer import Hook, Trainer

STILL = 3
"""Lines of the log in a row without change."""


@final
class Convergence(Hook):
    """Stops once weights and mean losses change by less than a fraction between lines of the log.

    Args:
        tolerance: the fraction; 0 for never.
        logging: has the mean losses.
    """

    name = "convergence"

    def __init__(self, tolerance: float, logging: Logging) -> None:
        self.tolerance, self.logging = tolerance, logging
        self.still = 0
        self.weights: Tensor | None = None

    def start(self, trainer: Trainer) -> None:
        """A run that had stopped stays so."""
        self.stop(trainer)

    def step(self, trainer: Trainer, terms: Terms) -> None:
        """Compare, where losses were just logged."""
        if self.tolerance and self.logging.means:
            self.check_convergence(trainer, self.logging.means)

    def finish(self, trainer: Trainer) -> None:
        """Compare what was logged last."""
        if self.tolerance and self.logging.means:
            self.check_convergence(trainer, self.logging.means)

    def check_convergence(self, trainer: Trainer, means: Mapping[str, float]) -> None:
        """Compare weights and losses with those of the previous line."""
        held = [p.detach() for o in trainer.run.optimizers.values() for p in parameters(o)]
        now = torch.cat([p.reshape(-1).float() for p in held] + [torch.tensor(list(means.values()))])
        then, self.weights = self.weights, now
        if then is not None and len(then) == len(now):
            moved = float((now - then).norm() / then.norm().clamp_min(1e-12))
            self.still = self.still + 1 if moved < self.tolerance else 0
            self.stop(trainer)

    def stop(self, trainer: Trainer) -> None:
        """Stop after ``STILL`` lines without change."""
        if self.still >= STILL:
            trainer.stop(f"converged: weights and losses move less than {self.tolerance:g}")

    def state_dict(self) -> Mapping[str, Any]:
        """What to compare with."""
        return {"still": self.still, "weights": self.weights}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Compare with it."""
        self.still, self.weights = state["still"], optional_tensor(state["weights"], None)


@final
class TimeLimit(Hook):
    """Stops after ``minutes`` of training (0: no limit); ranks decide together."""

    name = "time"

    def __init__(self, minutes: float) -> None:
        self.minutes = minutes

    def start(self, trainer: Trainer) -> None:
        """The time may be up already."""
        self.check(trainer)

    def step(self, trainer: Trainer, terms: Terms) -> None:
        """Stop where the time is up."""
        self.check(trainer)

    def check(self, trainer: Trainer) -> None:
        """Stop where the time is up on any rank."""
        limit = 60 * self.minutes
        asked = limit and not trainer.over and trainer.ranks.meet(trainer.step)
        if asked and distributed.agree(trainer.seconds >= limit, trainer.device):
            trainer.stop(f"the {self.minutes:g} minutes are up")
