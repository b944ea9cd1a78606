"""Recovery: restore the latest checkpoint at the start, and after steps that were not finite."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, final

import torch

from ptarmigan.core.errors import Diverged
from ptarmigan.core.game import Terms
from ptarmigan.training.checkpoint import State
from ptarmigan.training.restored import tensor
from ptarmigan.training.rules import SKIPPED
from ptarmigan.training.trainer import Hook, Trainer

LOOK = 10
"""Steps in a row that are not finite before a rollback; also the interval at which they are counted."""
ROLLBACKS = 3
ADVICE = (
    "The steps are too large, or a number is out of the range of its precision: "
    "try a third of the learning rate (--lr), --precision fp32, or a larger penalty"
)
"""Advice against terms or gradients that stay infinite or NaN."""


def latest(trainer: Trainer) -> State | None:
    """The latest undamaged checkpoint, on every rank; None where there is none."""
    first = trainer.ranks.first
    found: State | None = trainer.ranks.from_first(
        trainer.checkpoints.newest() if first else None, trainer.device
    )
    return found


def give_up(trainer: Trainer) -> bool:
    """No last resort."""
    return False


@final
class Recovery(Hook):
    """Restores the latest checkpoint at the start, and after steps in a row that were not finite.

    Args:
        trainer: what is restored.
        restore: the state to start from.
        last_resort: called when rollbacks do not help; returns whether training can go on.

    Attributes:
        streak: steps in a row that were not finite, as a number on the device.
    """

    name = "recovery"

    def __init__(
        self,
        trainer: Trainer,
        restore: Callable[[Trainer], State | None] = latest,
        last_resort: Callable[[Trainer], bool] = give_up,
    ) -> None:
        self.device, self.restore, self.last_resort = trainer.device, restore, last_resort
        self.streak, self.rollbacks = torch.zeros((), device=trainer.device), 0

    def start(self, trainer: Trainer) -> None:
        """Restore the latest checkpoint, where there is one, and drop what was logged after it."""
        state = self.restore(trainer)
        if state is not None:
            trainer.load_state_dict(state)
            trainer.resumed = True
        trainer.log.start(trainer.step)
        if not trainer.resumed:
            trainer.log.rewind(-1)

    def step(self, trainer: Trainer, terms: Terms) -> None:
        """Count steps that were not finite, and go back once there are too many in a row."""
        self.streak = (self.streak + terms[SKIPPED]) * terms[SKIPPED]
        if trainer.step % LOOK == 0 and float(self.streak) >= LOOK:
            self.roll_back(trainer, terms)

    def roll_back(self, trainer: Trainer, terms: Terms) -> None:
        """Restore the latest checkpoint, and go on with fresh noise.

        Raises:
            Diverged: after ``ROLLBACKS`` of them, where there is no last resort.
        """
        step, tried = trainer.step, self.rollbacks + 1
        culprits = [name for name, term in terms.items() if not torch.isfinite(term)]
        cause = f"the term {culprits[0]!r} is not finite" if culprits else "a gradient is not finite"
        state = latest(trainer)
        if state is None or tried > ROLLBACKS:
            trainer.log.event(step, f"stopped: {cause}")
            if self.last_resort(trainer):
                return
            raise Diverged(f"{cause} for {LOOK} steps in a row at step {step}. {ADVICE}")
        trainer.load_state_dict(state)
        self.rollbacks = trainer.draw.stream = tried
        trainer.log.rewind(trainer.step)
        trainer.log.event(trainer.step, f"went back here from step {step} with fresh noise: {cause}")

    def state_dict(self) -> Mapping[str, Any]:
        """What was counted."""
        return {"streak": self.streak, "rollbacks": self.rollbacks}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on counting."""
        self.streak, self.rollbacks = tensor(state["streak"]).to(self.device), state["rollbacks"]
