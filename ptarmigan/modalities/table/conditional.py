"""What the rows of a table are asked to be, and which column follows from the others, in games of rows."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.game import Conditional
from ptarmigan.modalities.table.conditions import LISTED
from ptarmigan.modalities.table.nets import Cells
from ptarmigan.modalities.table.space import TableSpace


class Asked(Conditional):
    """Draws conditions, says how far a network is from them, and makes rows fulfil them.

    A condition is a vector of the one-hot vectors of all columns that are learnt by value, all zero for
    columns of which nothing is asked (``spaces.conditions``).

    Args:
        space: what a row is.

    Attributes:
        size: of a condition; 0 where no column is learnt by value.
    """

    at: Tensor
    ends: Tensor
    hot: Tensor

    def __init__(self, space: TableSpace) -> None:
        super().__init__()
        known = space.conditions
        self.size, self.columns = known.size, len(known.names)
        self.cells = Cells(ranked(np.array(space.owners)[known.at]))
        ends = torch.from_numpy(known.ends(known.counts.astype(np.float64))).float()
        self.register_buffer("ends", ends, persistent=False)
        self.register_buffer("at", torch.from_numpy(known.at), persistent=False)
        self.register_buffer("hot", torch.from_numpy(known.hot), persistent=False)

    def draw(self, n: int) -> Tensor | None:
        """Conditions ``(n, size)``: of any column, a value as often as the data has it; None without such."""
        if not self.size:
            return None
        u = noise.uniform(n, 1).to(self.ends) * self.columns
        pairs = torch.searchsorted(self.ends, u[:, 0], right=True).clamp(max=len(self.ends) - 1)
        zeros = torch.zeros(n, self.size, dtype=torch.get_default_dtype(), device=u.device)
        return zeros.scatter_(1, self.hot[pairs], 1.0)

    def gap(self, said: Tensor, c: Tensor) -> Tensor:
        """The cross entropy between what a network says, ``(n, width)``, and what it was asked to."""
        return -(c * self.cells.log_softmax(said[:, self.at])).sum(1).mean()

    def fulfilled(self, x: Tensor, c: Tensor) -> Tensor:
        """Rows that have the values that were asked for, and are as they were in all other columns."""
        asked = self.cells.spread(c) > 0
        whole = x.clone()
        whole[:, self.at] = torch.where(asked, c.to(x.dtype), x[:, self.at])
        return whole


class Target(nn.Module):
    """One column that is learnt by value, and what a network says of it.

    Args:
        at: where its numbers begin in an encoded row, and where they end.
        owners: to which one-hot vector each of them belongs.

    Attributes:
        size: how many numbers it takes.
    """

    def __init__(self, at: tuple[int, int], owners: Sequence[int]) -> None:
        super().__init__()
        self.begin, self.end = at
        self.size = self.end - self.begin
        self.cells = Cells(owners)

    @staticmethod
    def of(space: TableSpace, name: str) -> Target | None:
        """The column of that name, or the last such when it is empty; None where there is none.

        Raises:
            ValueError: no column of that name is learnt by value.
        """
        found, begin = {}, 0
        for column in space.learnt:
            if column.by_value:
                found[str(column.name)] = (begin, begin + column.width)
            begin += column.width
        if name and name not in found:
            near = get_close_matches(name, found, 1) or list(found)[:LISTED] or ["there is none"]
            raise ValueError(f"--target {name}: no such column is learnt by value; perhaps {', '.join(near)}")
        if not found:
            return None
        at = found[name or list(found)[-1]]
        return Target(at, ranked(space.owners[slice(*at)]))

    def removed(self, x: Tensor) -> Tensor:
        """Rows without it: zeros in its place."""
        rest = x.clone()
        rest[:, self.begin : self.end] = 0
        return rest

    def surprise(self, said: Tensor, x: Tensor) -> Tensor:
        """The cross entropy between it in rows ``x`` and what is said of it, ``(n, size)``."""
        return -(x[:, self.begin : self.end] * self.cells.log_softmax(said)).sum(1).mean()


def ranked(owners: Sequence[int] | NDArray[np.int64]) -> list[int]:
    """Owners counted from 0."""
    _, ranks = np.unique(np.asarray(owners), return_inverse=True)
    return [int(rank) for rank in ranks]
