"""Training by sampling: rows that have a value, so that rare values are seen often enough."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.permutation import Indices
from ptarmigan.modalities.table.column import Floats
from ptarmigan.modalities.table.conditions import Conditions
from ptarmigan.modalities.table.space import TableSpace


class Balance:
    """Draws a column, one of its values by the logarithm of its frequency, and a row that has it.

    Xu et al. 2019, arXiv 1907.00503, section 4.3. Columns that are not learnt by value are not drawn.

    Args:
        space: what a row is.
        raw: the rows.
    """

    def __init__(self, space: TableSpace, raw: Floats) -> None:
        self.conditions: Conditions = space.conditions
        self.ends = self.conditions.ends(np.log1p(self.conditions.counts))
        orders = []
        raw = space.transform(raw)
        for i, column in enumerate(space.learnt):
            if column.by_value:
                codes = np.where(np.isnan(raw[:, i]), len(column.values), raw[:, i])
                orders.append(np.argsort(codes, kind="stable").astype(np.int32))
        self.rows = np.concatenate(orders)
        self.begins = np.cumsum(self.conditions.counts) - self.conditions.counts

    def __call__(self, u: Floats) -> tuple[Indices, NDArray[np.float32]]:
        """Rows ``(n,)`` and the conditions that they fulfil ``(n, size)``, from uniform ``u`` ``(n, 2)``."""
        pairs = np.searchsorted(self.ends, u[:, 0] * len(self.conditions.names), side="right")
        pairs = np.minimum(pairs, len(self.ends) - 1)
        places = (u[:, 1] * self.conditions.counts[pairs]).astype(np.int64)
        return self.rows[self.begins[pairs] + places].astype(np.int64), self.conditions.vectors(pairs)
