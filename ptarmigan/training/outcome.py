"""How a training ended."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Outcome:
    """How a training ended: ``reason`` in words; ``complete`` is False where it was left and can go on.

    Where it is to go on with other options, ``treatment`` has them, as run.json does.
    """

    folder: Path
    step: int
    reason: str
    complete: bool
    scores: dict[str, float]
    signal: int = 0
    treatment: dict[str, Any] | None = None

    @property
    def interrupted(self) -> bool:
        """Whether a signal ended it."""
        return not self.complete and self.treatment is None
