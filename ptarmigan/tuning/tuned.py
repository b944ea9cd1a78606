"""What a study found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ptarmigan.evaluation.compare import Comparison
from ptarmigan.tuning.trial import Trial


@dataclass(frozen=True)
class Tuned:
    """What a study found.

    Attributes:
        folder: of the study, with ``tune.html`` and ``best.json``.
        trials: every trial, with what it reached.
        options: the best ones of those searched, also where the defaults are; None where it is not finished.
        command: that trains with them.
        comparison: of the finalists and the defaults, over new seeds.
        words: what can be said, in a line.
        signal: the number of the signal that ended it; 0 where none did.
    """

    folder: Path
    trials: tuple[Trial, ...]
    options: dict[str, Any] | None = None
    command: str = ""
    comparison: Comparison | None = None
    words: str = ""
    signal: int = 0
