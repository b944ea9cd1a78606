"""The request to an evaluator, for samples of any kind."""

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
Notify: TypeAlias = Callable[[str], None]


def ignore(words: str) -> None:
    """Show nothing."""


@dataclass(frozen=True)
class Request:
    """The request to an evaluator.

    Attributes:
        metrics: measures by their short names, or of your own; the default ones when empty.
        features: the feature extractor.
        weights: a file of the extractor's weights, where it is not to be downloaded.
        n: how many samples are scored; the evaluator's default when None.
        conditional: whether the classes of samples are those of their conditions.
        options: of some kinds of data only, such as a ``target`` of tables, by name.
        notify: is called with a line on what is being computed.
    """

    metrics: Sequence[Wanted] = ()
    features: Extractor = "auto"
    weights: Weights = None
    n: int | None = None
    conditional: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    notify: Notify = ignore

    def count(self, there: int) -> int:
        """How many of ``there`` samples are scored.

        Raises:
            ValueError: there are fewer than ``n``.
        """
        if self.n is not None and not 1 <= self.n <= there:
            raise ValueError(f"there are {there:,} samples to score, not {self.n:,} (--n)")
        return there if self.n is None else self.n
