"""Data that is known only by its space: to rebuild a trained network where the data is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.permutation import Indices
from ptarmigan.data.space import Space

S = TypeVar("S", bound=Space)


@dataclass(frozen=True)
class Blank:
    """A source without samples.

    Attributes:
        space: what a sample would be.
        inputs: what it would be translated from, in a translation.
    """

    space: Space
    inputs: Space | None = None

    def of(self, kind: type[S]) -> S:
        """The space, which has to be of a kind.

        Raises:
            ValueError: it is of another.
        """
        if not isinstance(self.space, kind):
            raise ValueError(f"this needs samples of {kind.__name__}, not of {type(self.space).__name__}")
        return self.space

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes."""
        return self.space.classes

    @property
    def labels(self) -> Indices | None:
        """No labels, but labelled where there are classes."""
        return np.empty(0, np.int64) if self.space.classes else None

    def __len__(self) -> int:
        return 0

    def read(self, indices: Indices) -> NDArray[Any]:
        """Nothing can be read.

        Raises:
            ValueError: always.
        """
        raise ValueError("this run was loaded without its data")
