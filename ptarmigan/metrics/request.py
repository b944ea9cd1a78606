"""What is asked of an evaluator, whatever the samples are."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ptarmigan.metrics.features import Features
from ptarmigan.metrics.measure import Wanted

Extractor: TypeAlias = str | Features | Callable[[Any], Any]
"""Features by name, or a function of raw samples to vectors."""
Weights: TypeAlias = str | os.PathLike[str] | None
Tell: TypeAlias = Callable[[str], None]


def silent(words: str) -> None:
    """Tells nobody."""


@dataclass(frozen=True)
class Request:
    """What is asked of an evaluator.

    Attributes:
        metrics: which measures, by their short names or as one's own; the usual ones when empty.
        features: what of a sample is looked at.
        weights: a file of the extractor's weights, where it is not to be downloaded.
        n: how many samples are scored; None where they tell.
        conditional: whether the classes of samples are those that they were asked to be.
        options: what only some kinds of data have, such as a ``target`` of tables, by name.
        tell: is told what is being done, as it takes a while.
    """

    metrics: Sequence[Wanted] = ()
    features: Extractor = "auto"
    weights: Weights = None
    n: int | None = None
    conditional: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    tell: Tell = silent

    def count(self, there: int) -> int:
        """How many samples are scored, where there are so many.

        Raises:
            ValueError: there are not so many as are asked for.
        """
        if self.n is not None and not 1 <= self.n <= there:
            raise ValueError(f"there are {there:,} samples to score, not {self.n:,} (--n)")
        return there if self.n is None else self.n
