"""One variable of a field: its name, its unit, and how it becomes numbers from -1 to 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

TRANSFORMS = ("linear", "standard", "sqrt", "log")
WIDE = 4.0
"""Standard deviations that ``standard`` reaches, both ways."""
DRY = 0.25
"""Of the wet threshold: what ``log`` writes for nothing, where the logarithm has no number."""
LN10 = float(np.log(10))


@dataclass(frozen=True)
class Variable:
    """A variable, with the constants of its transform, from data to what networks see.

    ``linear`` and ``standard`` are affine, from low and high, which are the range of the data, or four
    standard deviations about their mean; ``sqrt`` is so of the root. ``log`` is so of log10, in which all
    below the threshold is one number, a quarter of the threshold; what is decoded between the two is the
    nearer of them, and nothing is 0 exactly.

    Attributes:
        name: in the file.
        units: as the file says them, such as ``mm h-1``.
        transform: ``linear``, ``standard``, ``sqrt`` or ``log``.
        low: the number that becomes -1, after the transform.
        high: the number that becomes 1.
        threshold: below which there is nothing, of ``log``.
        words: a long name, for people.
    """

    name: str
    units: str = ""
    transform: str = "linear"
    low: float = 0.0
    high: float = 1.0
    threshold: float = 0.0
    words: str = ""

    def __post_init__(self) -> None:
        if self.transform not in TRANSFORMS or not self.low < self.high:
            raise ValueError(
                f"the variable {self.name!r} has no transform {self.transform!r} from low to high"
            )
        if self.transform == "log" and not self.threshold > 0:
            raise ValueError(f"the variable {self.name!r} is logarithmic and has no positive threshold")

    @classmethod
    def of(
        cls,
        values: NDArray[Any],
        name: str,
        units: str = "",
        transform: str = "linear",
        threshold: float = 0.0,
        words: str = "",
    ) -> Variable:
        """A variable whose constants are those of some values; those that are missing do not count.

        Raises:
            ValueError: they are all missing, or the transform is of none of them.
        """
        there = values[np.isfinite(values)].astype(np.float64)
        if not len(there):
            raise ValueError(f"the variable {name!r} is missing everywhere")
        if transform in ("sqrt", "log") and there.min() < 0:
            raise ValueError(
                f"--transform {transform}: {name!r} has negative values, such as {there.min():g}"
            )
        if transform == "standard":
            reach = WIDE * max(float(there.std()), 1e-12)
            low, high = float(there.mean()) - reach, float(there.mean()) + reach
        elif transform == "log":
            low, high = np.log10(DRY * threshold), np.log10(max(float(there.max()), 10 * threshold))
        else:
            low, high = (float(forwards(transform, x)) for x in (there.min(), there.max()))
        if not low < high:
            low, high = low - 1, high + 1
        return cls(name, units, transform, float(low), float(high), threshold, words)

    def encode(self, values: NDArray[Any]) -> NDArray[np.float32]:
        """From units of the data to about -1 to 1; NaN stays."""
        x = np.asarray(values, np.float64)
        if self.transform == "log":
            x = np.where(x < self.threshold, DRY * self.threshold, x)
        x = forwards(self.transform, x)
        return np.asarray(2 * (x - self.low) / (self.high - self.low) - 1, np.float32)

    def decode(self, x: NDArray[Any]) -> NDArray[np.float32]:
        """The inverse, of any numbers."""
        y = self.low + (np.asarray(x, np.float64) + 1) / 2 * (self.high - self.low)
        if self.transform == "sqrt":
            y = np.square(np.maximum(y, 0))
        elif self.transform == "log":
            wet = y >= (np.log10(DRY * self.threshold) + np.log10(self.threshold)) / 2
            # rounding is not to make drizzle of the threshold itself
            y = np.where(wet, np.maximum(10.0 ** np.minimum(y, 30.0), self.threshold), 0.0)
        return np.asarray(y, np.float32)

    def decoded(self, x: Tensor) -> Tensor:
        """``decode`` as operations on tensors."""
        y = self.low + (x.double() + 1) / 2 * (self.high - self.low)
        if self.transform == "sqrt":
            y = y.clamp(min=0).square()
        elif self.transform == "log":
            wet = y >= (np.log10(DRY * self.threshold) + np.log10(self.threshold)) / 2
            y = torch.where(wet, (y.clamp(max=30.0) * LN10).exp().clamp(min=self.threshold), 0.0)
        return y.float()

    @property
    def label(self) -> str:
        """Name and unit, for people: ``rain rate (mm h-1)``."""
        return f"{self.words or self.name}" + (f" ({self.units})" if self.units not in ("", "1") else "")


def forwards(transform: str, x: Any) -> Any:
    """The transform without its constants."""
    if transform == "sqrt":
        return np.sqrt(x)
    return np.log10(x) if transform == "log" else x
