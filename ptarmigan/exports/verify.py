"""What a graph makes, held against what torch makes of the same inputs and the same noise."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ptarmigan.core.game import is_tempered
from ptarmigan.exports.functions import SAMPLES, Function, X
from ptarmigan.exports.graph import Case, case

Compute = Callable[[Sequence[Tensor]], list[NDArray[Any]]]
"""From the inputs of a graph to its outputs."""
BATCHES = (1, 2, 7, 64)
TOLERANCE = 1e-4
"""Largest difference of a number, beside the largest number of its output or 1."""
EQUAL, DRAWN = 0.999, 0.97
"""The least share of whole numbers that are the same: of pixels and classes, and of tokens.

A token is drawn by where a number falls among sums; where it falls next to one, the rest of the sentence is
another.
"""


@dataclass(frozen=True)
class Verified:
    """How near a graph is to torch.

    Attributes:
        batches: numbers of samples that were tried.
        difference: the largest of any number, beside the largest number of its output or 1.
        equal: the share of whole numbers, as of pixels, that are the same.
    """

    batches: tuple[int, ...]
    difference: float
    equal: float

    @property
    def words(self) -> str:
        """For people."""
        tried = ", ".join(map(str, self.batches))
        return f"batches of {tried} differ from torch by {self.difference:.1e} at most"


@dataclass
class Counts:
    """Differences so far."""

    difference: float = 0.0
    same: int = 0
    whole: int = 0
    worst: dict[str, float] = field(default_factory=dict)

    @property
    def equal(self) -> float:
        """The share of whole numbers that are the same."""
        return self.same / self.whole if self.whole else 1.0

    def add(self, name: str, expected: NDArray[Any], found: NDArray[Any]) -> None:
        """One output of one batch."""
        if expected.shape != found.shape or expected.dtype != found.dtype:
            apart = float("inf")
        elif is_whole(expected):
            apart, self.whole = 0.0, self.whole + expected.size
            self.same += int((expected == found).sum())
        else:
            apart = distance(expected, found)
        self.worst[name] = max(self.worst.get(name, 0.0), apart)
        self.difference = max(self.difference, apart)


def verify(
    function: Function,
    compute: Compute,
    batches: Sequence[int] = BATCHES,
    tolerance: float = TOLERANCE,
) -> Verified:
    """Compare a graph with torch.

    Args:
        function: what torch computes.
        compute: the same by the graph.
        batches: numbers of samples.
        tolerance: the largest difference; of whole numbers ten times as large a share may differ.

    Raises:
        ValueError: they differ.
    """
    counts = Counts()
    for n in batches:
        known = case(function, n)
        try:
            found = compute(known.tensors)
        except Exception as error:
            words = str(error).strip().splitlines()[0][:160]
            raise ValueError(
                f"the exported {function.name} does not take a batch of {n} ({words})"
            ) from error
        for name, expected, one in zip(function.outputs, references(function, known), found, strict=True):
            counts.add(name, expected, one)
    least = DRAWN if is_tempered(function.game) else 1 - (1 - EQUAL) * tolerance / TOLERANCE
    wrong = [name for name, apart in counts.worst.items() if not apart <= tolerance]
    if wrong or counts.equal < least:
        raise ValueError(
            f"the exported {function.name} is not the run's: {' and '.join(wrong or function.outputs)} "
            f"differ by {counts.difference:.1e}, where {tolerance:.0e} is allowed, and of whole numbers "
            f"{counts.equal:.2%} are the same, where it should be {least:.1%}"
        )
    return Verified(tuple(batches), counts.difference, counts.equal)


def references(function: Function, known: Case) -> Iterator[NDArray[Any]]:
    """What torch makes; of samples, what the run's space decodes."""
    for name, output in zip(function.outputs, known.outputs, strict=True):
        if name == SAMPLES and function.space is not None:
            yield np.asarray(function.space.decode(known.outputs[function.outputs.index(X)]))
        else:
            yield output.numpy()


def is_whole(values: NDArray[Any]) -> bool:
    """Whether these are whole numbers, as pixels and tokens are."""
    return bool(np.issubdtype(values.dtype, np.integer) or (values == np.rint(values)).all())


def distance(expected: NDArray[Any], found: NDArray[Any]) -> float:
    """The largest difference of two outputs, beside the largest number of the first or 1."""
    if (np.isnan(expected) != np.isnan(found)).any():
        return float("inf")
    there = ~np.isnan(expected)
    a, b = expected[there].astype(np.float64), found[there].astype(np.float64)
    return float(np.abs(a - b).max(initial=0.0) / max(1.0, np.abs(a).max(initial=0.0)))
