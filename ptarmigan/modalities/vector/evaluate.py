"""How good rows of numbers are: by distances in which no column counts for more because its unit is small."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.samples import Samples
from ptarmigan.metrics.evaluator import Evaluator, by_numbers
from ptarmigan.metrics.features import Vectors
from ptarmigan.metrics.request import Request
from ptarmigan.modalities.vector.space import VectorSpace


@dataclass(frozen=True)
class Columns:
    """Rows as networks see them: every column has mean 0 and standard deviation 1."""

    space: VectorSpace
    name: str = "standardised columns"

    @property
    def hash(self) -> str:
        """A digest of where the columns have their centres, and of their scales."""
        return hashlib.sha256(repr((self.space.centre, self.space.scale)).encode()).hexdigest()[:16]

    def __call__(self, raw: NDArray[Any]) -> Vectors:
        """``raw`` standardised, of shape (n, columns)."""
        return np.asarray(self.space.encode(raw).numpy(), np.float32)


def evaluator(samples: Samples, request: Request) -> Evaluator:
    """The evaluator of rows of numbers.

    Raises:
        ValueError: there are no such features or measures, or ``n`` is not positive.
    """
    assert isinstance(samples.space, VectorSpace)
    return by_numbers(samples, request, Columns(samples.space), "deviations of a column")
