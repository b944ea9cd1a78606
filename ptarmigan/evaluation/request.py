"""What is asked of the judge, whatever the samples are."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from ptarmigan.metrics.features import Features
from ptarmigan.metrics.panel import SAYING_NOTHING

Seen: TypeAlias = str | Features | Callable[[Any], Any]
"""What of a sample is looked at, by name or as a function."""
Weights: TypeAlias = str | os.PathLike[str] | None


@dataclass(frozen=True)
class Asked:
    """What is asked.

    Attributes:
        metrics: which measures, by their short names; the usual ones when empty.
        features: what of a sample is looked at.
        weights: a file of the extractor's weights, where it is not to be downloaded.
        held_out: of tables, real rows that were not learnt from; None where there are none.
        target: of tables, the column that classifiers learn to tell; none when empty.
        tell: is told what is being done, as it takes a while.
    """

    metrics: Sequence[str] = ()
    features: Seen = "auto"
    weights: Weights = None
    held_out: Any = None
    target: str = ""
    tell: Callable[[str], None] = SAYING_NOTHING

    def of_no_table(self) -> None:
        """Refuse what only tables have.

        Raises:
            ValueError: it is asked for.
        """
        if self.held_out is not None or self.target:
            raise ValueError("--held-out and --target are for tables, and these samples are none")


def counted(there: int, n: int | None) -> int:
    """How many samples are scored, where there are so many.

    Raises:
        ValueError: there are not so many as are asked for.
    """
    if n is not None and not 1 <= n <= there:
        raise ValueError(f"there are {there:,} samples to score, not {n:,} (--n)")
    return there if n is None else n
