"""How far and where the weights of players go from probe to probe."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ptarmigan.doctor.sketch import Sketch
from ptarmigan.training.rules import due, parameters
from ptarmigan.training.run import Run


class Movement:
    """The players of a run, followed from probe to probe.

    Args:
        run: its optimizers hold the players' weights.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self.sketches: dict[str, Sketch] = {}

    def follow(self, step: int) -> dict[str, float]:
        """How long gradients and weights are, and how far and where these went since the last probe."""
        found: dict[str, float] = {}
        # others have gradients of an earlier phase, or none if the run was resumed since
        moved_last = {name for turn in due(self.run.game, step - 1) for name in turn.players}
        for name, optimizer in self.run.optimizers.items():
            held = [p.detach() for p in parameters(optimizer)]
            gradients = [p.grad.detach() for p in parameters(optimizer) if p.grad is not None]
            found[f"grad/{name}"] = norm(gradients) if name in moved_last else float("nan")
            found[f"weight/{name}"] = norm(held)
            sketch = self.sketches.setdefault(name, Sketch(name))
            moved, turned = sketch.follow(held)
            found[f"moved/{name}"] = moved / max(found[f"weight/{name}"], 1e-12)
            found[f"turn/{name}"] = turned
        return found

    def state_dict(self) -> dict[str, Any]:
        """What is remembered between probes, by player."""
        return {name: sketch.state_dict() for name, sketch in self.sketches.items()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Remember it."""
        self.sketches = {name: Sketch(name) for name in state}
        for name, sketch in self.sketches.items():
            sketch.load_state_dict(state[name])


def norm(tensors: list[Tensor]) -> float:
    """The Euclidean norm of several tensors as one vector."""
    if not tensors:
        return float("nan")
    return float(torch.stack(torch._foreach_norm(tensors)).float().norm())
