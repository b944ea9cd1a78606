"""Rows of a table: columns of numbers, dates and categories, some of them missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ptarmigan.data.space import Space
from ptarmigan.data.space.encoding import Encoding
from ptarmigan.modalities.table.column import columns_differ
from ptarmigan.modalities.table.conditioning import TableConditioning
from ptarmigan.modalities.table.embedding import embedded
from ptarmigan.modalities.table.presentation import TablePresentation
from ptarmigan.modalities.table.recode import recoded


@dataclass(frozen=True)
class TableSpace(TablePresentation, TableConditioning, Space):
    """Rows of a table, as ``TableEncoding`` says; people of the same age and income are no fault of it."""

    repeats: ClassVar[bool] = True

    def embed(self, x: Tensor) -> NDArray[np.float64]:
        """Every column as a few numbers, in which two rows of the table differ by as much as in any other."""
        raw = self.decode(x)
        parts = [embedded(column, raw[:, i]) for i, column in enumerate(self.columns) if column.width]
        return np.concatenate([np.zeros((len(raw), int(not parts))), *parts], 1)

    def same_form(self, other: Encoding) -> str:
        """The same, and that codes stand for the same values."""
        reason = super().same_form(other)
        if reason or not isinstance(other, TableSpace):
            return reason
        return columns_differ(self.columns, other.columns)

    def adopted(self, raw: NDArray[Any], other: Encoding) -> NDArray[Any]:
        """The same cells in the codes of this table."""
        if not isinstance(other, TableSpace):
            return super().adopted(raw, other)
        return recoded(raw, other.columns, self.columns)


def as_table(space: Space, otherwise: str) -> TableSpace:
    """A space of which somebody needs a table's columns.

    Args:
        space: what one sample is.
        otherwise: what to say where it is no row of a table.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(space, TableSpace):
        raise ValueError(otherwise)
    return space
