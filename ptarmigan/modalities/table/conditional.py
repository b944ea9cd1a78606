"""Conditions on the rows of a table, and a column to be predicted from the others, for games of rows."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.game import Conditional
from ptarmigan.core.inverse import first_above
from ptarmigan.modalities.table.conditions import LISTED
from ptarmigan.modalities.table.nets import RowActivations
from ptarmigan.modalities.table.space import TableSpace


class RowConditions(Conditional):
    """Draws conditions on rows, measures how well a network meets them, and imposes them on rows.

    A condition is the one-hot vectors of all discrete columns, concatenated; all zero for columns without
    a condition (``TableSpace.conditions``).

    Args:
        space: what a row is.

    Attributes:
        size: of a condition; 0 where no column is discrete.
    """

    at: Tensor
    ends: Tensor
    hot: Tensor

    def __init__(self, space: TableSpace) -> None:
        super().__init__()
        known = space.conditions
        self.size, self.columns = known.size, len(known.names)
        self.activations = RowActivations(ranked(np.array(space.owners)[known.at]))
        ends = torch.from_numpy(known.ends(known.counts.astype(np.float64))).float()
        self.register_buffer("ends", ends, persistent=False)
        self.register_buffer("at", torch.from_numpy(known.at), persistent=False)
        self.register_buffer("hot", torch.from_numpy(known.hot), persistent=False)

    def draw(self, n: int) -> Tensor | None:
        """Conditions ``(n, size)``, each on a random column, with values as frequent as in the data.

        None where no column is discrete.
        """
        if not self.size:
            return None
        u = noise.uniform(n, 1).to(self.ends) * self.columns
        pairs = first_above(self.ends, u[:, 0]).clamp(max=len(self.ends) - 1)
        zeros = torch.zeros(n, self.size, dtype=torch.get_default_dtype(), device=u.device)
        return zeros.scatter_(1, self.hot[pairs], 1.0)

    def cross_entropy(self, logits: Tensor, c: Tensor) -> Tensor:
        """The cross-entropy of a network's logits, ``(n, width)``, with the values of the conditions."""
        return -(c * self.activations.log_softmax(logits[:, self.at])).sum(1).mean()

    def impose(self, x: Tensor, c: Tensor) -> Tensor:
        """Rows ``x`` with the values of the conditions; other columns are unchanged."""
        imposed = self.activations.spread(c) > 0
        whole = x.clone()
        whole[:, self.at] = torch.where(imposed, c.to(x.dtype), x[:, self.at])
        return whole


class Target(nn.Module):
    """One discrete column, to be predicted from the others.

    Args:
        at: where its numbers begin in an encoded row, and where they end.
        owners: see ``RowActivations``.

    Attributes:
        size: of its encoding.
    """

    def __init__(self, at: tuple[int, int], owners: Sequence[int]) -> None:
        super().__init__()
        self.begin, self.end = at
        self.size = self.end - self.begin
        self.activations = RowActivations(owners)

    @staticmethod
    def of(space: TableSpace, name: str) -> Target | None:
        """The column of that name, or the last discrete one when it is empty; None where there is none.

        Raises:
            ValueError: no column of that name is discrete.
        """
        found, begin = {}, 0
        for column in space.learnt:
            if column.by_value:
                found[str(column.name)] = (begin, begin + column.width)
            begin += column.width
        if name and name not in found:
            near = get_close_matches(name, found, 1) or list(found)[:LISTED] or ["there is none"]
            raise ValueError(f"--target {name}: there is no such discrete column; perhaps {', '.join(near)}")
        if not found:
            return None
        at = found[name or list(found)[-1]]
        return Target(at, ranked(space.owners[slice(*at)]))

    def remove(self, x: Tensor) -> Tensor:
        """Rows with zeros in its place."""
        rest = x.clone()
        rest[:, self.begin : self.end] = 0
        return rest

    def cross_entropy(self, logits: Tensor, x: Tensor) -> Tensor:
        """The cross-entropy of logits ``(n, size)`` with the column's values in rows ``x``."""
        return -(x[:, self.begin : self.end] * self.activations.log_softmax(logits)).sum(1).mean()


def ranked(owners: Sequence[int] | NDArray[np.int64]) -> list[int]:
    """Owners renumbered from 0."""
    _, ranks = np.unique(np.asarray(owners), return_inverse=True)
    return [int(rank) for rank in ranks]
