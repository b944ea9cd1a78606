"""Fields: one or several variables on a grid, at one or several times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from ptarmigan.data.space import Space
from ptarmigan.data.space.encoding import Encoding
from ptarmigan.modalities.field.presentation import FieldPresentation
from ptarmigan.modalities.field.spectrum import decibels
from ptarmigan.modalities.field.variable import Variable

SIDE, RINGS = 6, 8
"""Cells of a side, and bands of the spectrum, of the embedding of a channel."""
CHANNELS = 4
"""Channels that the embedding keeps apart, at most."""
DECIBELS = 40.0
"""That count in the embedding as much as the range of a variable."""


@dataclass(frozen=True)
class FieldSpace(FieldPresentation, Space):
    """Fields; raw is ``(n, times, variables, height, width)`` float32, NaN where missing.

    Networks see ``(n, channels, height, width)``: a channel for each variable at each time, about -1 to 1.
    Where values can be missing, as many channels follow that are 1 where there is a value and -1 where not.

    Attributes:
        variables: with units and transforms.
        height: cells from the first row to the last.
        width: cells of a row.
        times: how many.
        masked: values can be missing.
        step: seconds from one time to the next; 0 where it is not known.
        spacing: the distance of cells down and across, in units of the coordinates; 0 where not known.
        north_up: the first row is the highest on a map.
    """

    layout: ClassVar[torch.memory_format] = torch.channels_last
    half_precision: ClassVar[bool] = True

    variables: tuple[Variable, ...]
    height: int
    width: int
    times: int = 1
    masked: bool = False
    step: float = 0.0
    spacing: tuple[float, float] = (0.0, 0.0)
    north_up: bool = True
    classes: tuple[str, ...] = ()

    @classmethod
    def from_plain(cls, fields: Mapping[str, Any]) -> Self:
        """The space from what JSON keeps of it."""
        variables = tuple(Variable(**each) for each in fields["variables"])
        return replace(super().from_plain({**fields, "variables": ()}), variables=variables)

    @property
    def count(self) -> int:
        """Channels of values."""
        return self.times * len(self.variables)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        return self.count * (1 + self.masked), self.height, self.width

    @property
    def raw_shape(self) -> tuple[int, int, int, int]:
        """Times, variables, height, width."""
        return self.times, len(self.variables), self.height, self.width

    @property
    def words(self) -> str:
        """``fields of rain (mm h-1), 64×64, at 4 times``."""
        named = ", ".join(f"{v.name} ({v.units})" if v.units else v.name for v in self.variables)
        at = f", at {self.times} times" if self.times > 1 else ""
        return f"fields of {named}, {self.height}×{self.width}{at}{', some missing' * self.masked}"

    def same_form(self, other: Encoding) -> str:
        """Fields have the same variables, units and grid, whatever their transforms."""
        reason = super().same_form(other)
        if reason or not isinstance(other, FieldSpace):
            return reason
        if 0 < self.step != other.step > 0:
            return f"fields every {self.step:g} s cannot be compared with fields every {other.step:g} s"
        return ""

    def check(self, raw: NDArray[Any]) -> None:
        """See that an array holds such fields.

        Raises:
            ValueError: it does not.
        """
        if raw.shape[1:] != self.raw_shape:
            raise ValueError(f"this run is of {self.words}, and these are of shape {raw.shape}")

    def encode(self, raw: NDArray[Any]) -> Tensor:
        """``(n, times, variables, height, width)`` to ``(n, channels, height, width)``."""
        x = np.stack([v.encode(raw[:, :, i]) for i, v in enumerate(self.variables)], 2)
        x = x.reshape(len(x), self.count, *raw.shape[-2:])
        if self.masked:
            known = np.isfinite(x)
            x = np.concatenate([np.where(known, x, 0), 2.0 * known - 1], 1)
        return torch.from_numpy(np.ascontiguousarray(x, np.float32))

    def decoded(self, x: Tensor) -> Tensor:
        """The inverse, of any numbers: what is below a wet threshold is 0, what is masked is NaN."""
        x = x.float()
        values = x[:, : self.count].unflatten(1, (self.times, len(self.variables)))
        raw = torch.stack([v.decoded(values[:, :, i]) for i, v in enumerate(self.variables)], 2)
        if not self.masked:
            return raw
        gone = x[:, self.count :].reshape(raw.shape) < 0
        return raw.masked_fill(gone, torch.nan)

    def embed(self, x: Tensor) -> NDArray[np.float64]:
        """Means of equal parts of a field, and its spectrum in bands, of a few channels."""
        x = x.detach().float().cpu()
        if x.shape[1] > CHANNELS:
            x = F.adaptive_avg_pool3d(x[:, None], (CHANNELS, *x.shape[-2:]))[:, 0]
        parts = F.adaptive_avg_pool2d(x, (min(SIDE, x.shape[-2]), min(SIDE, x.shape[-1])))
        texture = torch.from_numpy(decibels(x.numpy())) / DECIBELS
        bands = F.adaptive_avg_pool1d(texture, min(RINGS, texture.shape[-1]))
        found = torch.cat([parts.flatten(1).double() / parts[0, 0].numel() ** 0.5, bands.flatten(1)], 1)
        return found.numpy()

    def planes(self, x: Tensor) -> Tensor:
        """Channels are variables at times, and cells are places."""
        return x.flatten(2)

    def unconditional(self, recipe: str) -> str:
        """Fields have no classes."""
        return f"this run of {recipe} learnt nothing of classes: leave --class out"
