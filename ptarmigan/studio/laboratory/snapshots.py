"""States of a session that are kept in memory, to go back to."""

from __future__ import annotations

import copy
from typing import Any

from ptarmigan.training.draw import Draw
from ptarmigan.training.ema import EMA
from ptarmigan.training.run import Run

MOST = 120
"""States that are kept; with more every other one is dropped."""
APART = 10
"""Steps between two of them, at first."""


class Snapshots:
    """The states of one run.

    Args:
        run: its game and optimizers.
        draw: its batches and noise.
        ema: its EMA weights.
    """

    def __init__(self, run: Run, draw: Draw, ema: EMA) -> None:
        self.run, self.draw, self.ema = run, draw, ema
        self.apart, self.kept = APART, dict[int, Any]()

    def keep(self, step: int) -> None:
        """Keep the state after a step, where one is due."""
        if step % self.apart:
            return
        state = {
            "game": self.run.game.state_dict(),
            "optimizers": {name: o.state_dict() for name, o in self.run.optimizers.items()},
            "ema": self.ema.networks.state_dict(),
            "draw": self.draw.state_dict(),
        }
        self.kept[step] = copy.deepcopy(state)
        if len(self.kept) > MOST:
            self.apart *= 2
            self.kept = {at: kept for at, kept in self.kept.items() if at % self.apart == 0}

    def before(self, step: int) -> int:
        """The last step up to this one whose state is kept."""
        return max(kept for kept in self.kept if kept <= step)

    def restore(self, step: int) -> None:
        """Be as after a step that was kept."""
        state = copy.deepcopy(self.kept[step])
        self.run.game.load_state_dict(state["game"])
        for name, optimizer in self.run.optimizers.items():
            optimizer.load_state_dict(state["optimizers"][name])
        self.ema.networks.load_state_dict(state["ema"])
        self.draw.load_state_dict(state["draw"])
