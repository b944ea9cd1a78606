"""Conditions: what a sample is asked to be, where that is more than a class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Protocol

import numpy as np
from numpy.typing import NDArray
from typing_extensions import TypeVar

from ptarmigan.data.permutation import Indices
from ptarmigan.data.source import Source
from ptarmigan.data.space import Space

S = TypeVar("S", bound=Space, default=Space, covariant=True)


@dataclass(frozen=True)
class Condition(Generic[S]):
    """What samples are conditioned on: pictures that are translated, captions, coarse fields.

    Attributes:
        space: what one condition is.
        source: conditions to train on.
        held_out: conditions that are never trained on.
        matched: the i-th condition belongs to the i-th sample, and those held out do so too.
        paired: batches hold such pairs; else conditions and samples are drawn independently.
        bad: files of either side that were left out, each ``name: reason``.
    """

    space: S
    source: Source
    held_out: Source
    matched: bool
    paired: bool
    bad: tuple[str, ...] = ()


class ConditionalSampler(Protocol):
    """Draws samples together with what they are conditioned on, in place of a shuffle.

    Such are the values of a table's columns (``Balance``), and whether a sample was drawn (``Poisson``).
    """

    def __call__(self, u: NDArray[np.float64]) -> tuple[Indices, NDArray[np.float32]]:
        """Samples of a batch ``(n,)``, and their conditions ``(n, size)``, from uniform ``(n, 2)``."""
        ...
