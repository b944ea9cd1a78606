"""Where a player's weights are, in a few numbers that keep lengths and angles."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ptarmigan.core.noise import key
from ptarmigan.training.restored import optional_tensor

SIZE = 256


class Sketch:
    """A count sketch (Charikar et al. 2002): weights with random signs, summed into ``SIZE`` buckets.

    Lengths and inner products of differences are kept on average, to about a part in ``SIZE ** 0.5``.

    Args:
        name: names the signs.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.signs: Tensor | None = None
        self.at: Tensor | None = None
        self.step: Tensor | None = None

    def follow(self, weights: list[Tensor]) -> tuple[float, float]:
        """How far the weights went since the last time, and the cosine of that way with the way before.

        Not a number where there was no last time.
        """
        now = self.of(weights)
        moved = turned = float("nan")
        step = None if self.at is None else now - self.at
        if step is not None:
            moved = float(step.norm())
            if self.step is not None:
                lengths = moved * float(self.step.norm())
                turned = float(step @ self.step) / lengths if lengths else float("nan")
        self.at, self.step = now, step
        return moved, turned

    def of(self, weights: list[Tensor]) -> Tensor:
        """The sketch, of shape (SIZE,), on the CPU."""
        flat = torch.cat([w.detach().reshape(-1).float() for w in weights])
        size = -(-len(flat) // SIZE) * SIZE
        if self.signs is None or len(self.signs) != len(flat):
            drawn = torch.Generator().manual_seed(key("sketch", self.name))
            self.signs = (torch.randint(0, 2, (len(flat),), generator=drawn, dtype=torch.int8) * 2 - 1).to(
                flat.device
            )
        flat = torch.nn.functional.pad(flat * self.signs, (0, size - len(flat)))
        return flat.view(-1, SIZE).sum(0).cpu().double()

    def state_dict(self) -> dict[str, Any]:
        """What is remembered."""
        return {"at": self.at, "step": self.step}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Remember it."""
        self.at, self.step = (optional_tensor(state[name], SIZE) for name in ("at", "step"))
