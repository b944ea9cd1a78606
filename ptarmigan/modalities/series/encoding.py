"""Series as tensors: channels on a scale from 0 to 1, the end of a series, and metadata."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ptarmigan.data.space.encoding import Encoding
from ptarmigan.modalities.series.channels import as_they_were
from ptarmigan.modalities.table.column import Column, column_of
from ptarmigan.modalities.table.space import TableSpace

NUMBERED = "series"


@dataclass(frozen=True)
class SeriesEncoding(Encoding):
    """Series of up to ``length`` steps; raw is ``(n, length, channels)`` float64, NaN after a series ended.

    Networks see every channel on a scale that goes from 0 to 1 over what was seen; where series end early
    they see one more channel, which is 1 as long as the series lasts, and zeros after its end. Metadata is
    said of a whole series: raw holds it as further channels, as a ``TableSpace`` has it raw, the same at all
    steps, and networks see it so, encoded as such a row, with numbers from 0 to 1.

    Attributes:
        length: steps of the longest.
        low: the smallest number of every channel.
        high: the largest.
        columns: the channels' names; empty where they have none.
        ends: some series end early.
        name: of the column that numbers series in a frame.
        metadata: the columns of metadata.
        forms: what each channel can hold; empty where that is any numbers, as in runs of older versions.
    """

    length: int
    low: tuple[float, ...]
    high: tuple[float, ...]
    columns: tuple[str | int, ...] = ()
    ends: bool = False
    name: str = NUMBERED
    metadata: tuple[Column, ...] = ()
    classes: tuple[str, ...] = ()
    forms: tuple[Column, ...] = ()

    @classmethod
    def of(
        cls,
        raw: NDArray[Any],
        columns: tuple[str | int, ...] = (),
        name: str = NUMBERED,
        metadata: tuple[Column, ...] = (),
        forms: tuple[Column, ...] = (),
    ) -> Self:
        """The space of such series."""
        numbers = raw[:, :, : raw.shape[2] - len(metadata)]
        low, high = np.nanmin(numbers, (0, 1)), np.nanmax(numbers, (0, 1))
        ends = bool(np.isnan(numbers).any())
        ranges = tuple(low.tolist()), tuple(high.tolist())
        return cls(raw.shape[1], *ranges, columns, ends, name, metadata, forms=forms)

    @classmethod
    def from_plain(cls, fields: Mapping[str, Any]) -> Self:
        """The space from what JSON keeps of it."""
        metadata, forms = (tuple(map(column_of, fields.get(name, ()))) for name in ("metadata", "forms"))
        plain = super().from_plain({**fields, "metadata": (), "forms": ()})
        return replace(plain, metadata=metadata, forms=forms)

    @property
    def words(self) -> str:
        """``series of 24 steps and 5 channels``."""
        return f"series of {self.length} steps and {self.channels} channels"

    @property
    def channels(self) -> int:
        """How many there are, without that for the end and metadata."""
        return len(self.low)

    @cached_property
    def about(self) -> TableSpace:
        """The metadata of series, a row each."""
        return TableSpace(self.metadata)

    @property
    def steps(self) -> int:
        """Numbers that networks see at a step and of it: channels, and that for the end."""
        return self.channels + self.ends

    @property
    def shape(self) -> tuple[int, int]:
        """Steps, and numbers at each."""
        return (self.length, self.steps + self.about.shape[0])

    @property
    def raw_shape(self) -> tuple[int, int]:
        """Steps, and channels with the columns of metadata."""
        return (self.length, self.channels + len(self.metadata))

    def encode(self, raw: NDArray[Any]) -> Tensor:
        """``(n, length, channels)`` to ``(n, length, channels, one where series end, metadata)`` float32."""
        raw = np.asarray(raw, np.float64)
        low = np.asarray(self.low)
        span = np.asarray(self.high) - low
        x = (raw[:, :, : self.channels] - low) / np.where(span > 0, span, 1.0)
        if self.ends:
            lasts = ~np.isnan(x[:, :, :1])
            x = np.concatenate([np.where(lasts, x, 0.0), lasts], 2)
        steps = torch.from_numpy(x.astype(np.float32))
        if not self.metadata:
            return steps
        rows = self.about.encode(raw[:, 0, self.channels :])
        rows = torch.where(self._scaled, (rows + 1) / 2, rows)
        return torch.cat([steps, rows[:, None].expand(-1, self.length, -1)], 2)

    def decode(self, x: Tensor) -> NDArray[Any]:
        """The inverse of ``encode``, as float64, clipped and rounded to what a channel can hold."""
        numbers = x.detach().double().cpu().numpy()
        low, high = np.asarray(self.low), np.asarray(self.high)
        raw: NDArray[np.float64] = np.clip(low + numbers[:, :, : self.channels] * (high - low), low, high)
        if self.forms:
            raw = as_they_were(raw, self.forms)
        if self.ends:
            lasts = np.logical_and.accumulate(numbers[:, :, self.channels] > 0.5, axis=1)
            lasts[:, 0] = True
            raw[~lasts] = np.nan
        if not self.metadata:
            return raw
        rows = self.metadata_of(x)
        same = np.repeat(self.about.decode(rows)[:, None], self.length, 1)
        same[np.isnan(raw[:, :, 0])] = np.nan
        return np.concatenate([raw, same], 2)

    def metadata_of(self, x: Tensor) -> Tensor:
        """The metadata of encoded series, as ``about`` encodes them."""
        rows = x[:, :, self.steps :].float().mean(1)
        return torch.where(self._scaled.to(rows.device), 2 * rows - 1, rows)

    @cached_property
    def _scaled(self) -> Tensor:
        """Which numbers of a row of metadata are on a scale, and in no one-hot vector."""
        return torch.tensor(self.about.owners) < 0
