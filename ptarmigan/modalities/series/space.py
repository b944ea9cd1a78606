"""Series: a few channels at every step of time, some series shorter than others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from ptarmigan.data.space import Space
from ptarmigan.data.space.comparison import LONGEST
from ptarmigan.data.space.encoding import Encoding
from ptarmigan.modalities.series.encoding import NUMBERED as NUMBERED
from ptarmigan.modalities.series.presentation import SeriesPresentation
from ptarmigan.modalities.table.column import columns_differ

METADATA = 0.5
"""The distance of two series in a column of metadata, beside that in a channel, which goes from 0 to 1."""


@dataclass(frozen=True)
class SeriesSpace(SeriesPresentation, Space):
    """Series, as ``SeriesEncoding`` says; they are conditioned on their metadata."""

    def planes(self, x: Tensor) -> Tensor:
        """Numbers at a step are channels, without metadata, which has no course; steps are places."""
        return x[:, :, : self.steps].transpose(1, 2)

    def embed(self, x: Tensor) -> NDArray[np.float64]:
        """Every channel over time, that of the end too, as means of equal parts; and the metadata.

        The distance in a channel is the root of its mean square over time.
        """
        courses = self.planes(x.detach().float())
        parts = min(self.length, max(1, LONGEST // self.steps))
        means = F.adaptive_avg_pool1d(courses, parts).flatten(1).cpu().double()
        values: NDArray[np.float64] = means.numpy() / parts**0.5
        if not self.metadata:
            return values
        rows = self.about.embed(self.metadata_of(x))
        return np.concatenate([values, METADATA * rows], 1)

    def read_condition(self, words: Sequence[str]) -> Any:
        """Columns of metadata and their values, from ``column=value``."""
        return self.about.read_condition(words)

    def asked(self) -> list[Any]:
        """Every value of a column of metadata, or the classes."""
        return self.about.asked() if self.metadata else super().asked()

    def condition(self, given: Any, n: int, seed: int = 0) -> NDArray[Any]:
        """Series whose metadata hold what ``given`` says: ``{"site": "north"}``.

        Raises:
            ValueError: there is no such column or value, or no metadata.
        """
        return self.about.condition(given, n, seed) if self.metadata else super().condition(given, n, seed)

    def unconditional(self, recipe: str) -> str:
        """Which recipe can be asked."""
        return f"--where: a run of {recipe} cannot be asked; one of series.doppelganger can"

    def scored(self, raw: NDArray[Any]) -> NDArray[Any]:
        """Channels without the metadata beside them."""
        return raw[:, :, : self.channels]

    def same_form(self, other: Encoding) -> str:
        """The same, and that codes of metadata stand for the same values."""
        reason = super().same_form(other)
        return reason or columns_differ(self.metadata, getattr(other, "metadata", ()))

    def in_a_row(self, raw: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """The steps of all series one after another, as networks see channels, and how many each has."""
        x = self.encode(raw).double().numpy()[:, :, : self.channels]
        lasts = ~np.isnan(raw[:, :, 0])
        return x[lasts], lasts.sum(1)


def as_series(space: Space, otherwise: str) -> SeriesSpace:
    """A space of which somebody needs the channels and the length of series.

    Args:
        space: what one sample is.
        otherwise: what to say where it is no series.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(space, SeriesSpace):
        raise ValueError(otherwise)
    return space
