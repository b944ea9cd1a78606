"""Rows of a table as tensors: numbers on the scale of their mode, values as one-hot vectors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ptarmigan.data.space.encoding import Encoding
from ptarmigan.modalities.table.column import Column, column_of
from ptarmigan.modalities.table.constraints import Constraints


@dataclass(frozen=True)
class TableEncoding(Encoding):
    """Rows of a table; raw is ``(n, columns)`` float64 with NaN where a value is missing.

    Raw numbers are the column's own, dates count its dtype's units from 1970, and values are their places in
    ``Column.values``. Networks see a number on the scale of its mode, beside the mode as a one-hot vector
    (mode-specific normalisation: Xu et al. 2019, arXiv 1907.00503, section 4.2, where the mode is drawn and
    not the likeliest), and a value as a one-hot vector, or two where there are more than ``MOST``. A missing
    value is a mode or a value of its own. Ids and constants are not seen at all. Where rows are constrained,
    other columns are learnt (``constraints``), and raw is what it is without.

    Attributes:
        columns: those of the table.
        constraints: what rows always fulfil; None where that is nothing.
        polars: the table came as a polars frame.
    """

    columns: tuple[Column, ...]
    classes: tuple[str, ...] = ()
    constraints: Constraints | None = None
    polars: bool = False

    @classmethod
    def from_plain(cls, fields: Mapping[str, Any]) -> Self:
        """The space from what JSON keeps of it."""
        constraints = fields.get("constraints")
        return cls(
            tuple(map(column_of, fields["columns"])),
            tuple(fields.get("classes", ())),
            None if constraints is None else Constraints.of_plain(**constraints),
            fields.get("polars", False),
        )

    @property
    def words(self) -> str:
        """``rows of a table of 5 columns``."""
        return f"rows of a table of {len(self.columns)} columns"

    @property
    def raw_shape(self) -> tuple[int]:
        """The number of columns."""
        return (len(self.columns),)

    @property
    def learnt(self) -> tuple[Column, ...]:
        """The columns that networks see."""
        return self.columns if self.constraints is None else self.constraints.learnt

    def transform(self, raw: NDArray[Any]) -> NDArray[Any]:
        """Rows of these columns."""
        return raw if self.constraints is None else self.constraints.transform(raw, self.columns)

    @cached_property
    def shape(self) -> tuple[int]:
        """How many numbers a row takes."""
        return (sum(column.width for column in self.learnt),)

    @cached_property
    def owners(self) -> tuple[int, ...]:
        """To which one-hot vector every number of an encoded row belongs; -1 for scaled numbers."""
        found: list[int] = []
        vectors = 0
        for column in self.learnt:
            found += [-1] * bool(column.modes)
            for size in column.sizes:
                found += [vectors] * size
                vectors += 1
        return tuple(found)

    def encode(self, raw: NDArray[Any]) -> Tensor:
        """``(n, columns)`` to ``(n, width)`` float32."""
        raw = self.transform(raw)
        parts = [column.encode(raw[:, i]) for i, column in enumerate(self.learnt)]
        return torch.from_numpy(np.concatenate(parts, 1))

    def decode(self, x: Tensor) -> NDArray[Any]:
        """The inverse of ``encode``, rounded and clipped to what the column holds, and as constrained."""
        numbers, at, out = x.detach().float().cpu().numpy(), 0, []
        for column in self.learnt:
            out.append(column.decode(numbers[:, at : at + column.width]))
            at += column.width
        learnt = np.stack(out, 1)
        return (
            learnt if self.constraints is None else self.constraints.inverse_transform(learnt, self.columns)
        )
