"""Augmentation: samples changed at random each time that they are read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.space import Space

Uniform: TypeAlias = Callable[[str, int], NDArray[np.float64]]
"""Uniform ``(n, numbers)`` for the samples at hand, from what they are for and how many each needs."""


class Augmentation(Protocol):
    """Changes raw samples at random."""

    def __call__(self, raw: NDArray[Any], space: Space, beside: Space, uniform: Uniform) -> NDArray[Any]:
        """The same samples, changed; a sample and the condition that is paired with it are changed alike.

        Args:
            raw: the samples, or their conditions; not changed in place.
            space: what one of these is.
            beside: what a sample is.
            uniform: the random numbers, those of a sample for its condition too.
        """
        ...
