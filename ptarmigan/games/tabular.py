"""What the rows of a table are asked to be, in games that make such rows."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from ptarmigan import noise
from ptarmigan.nets.table import Cells
from ptarmigan.spaces.table import TableSpace


class Asked(nn.Module):
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
        _, owners = np.unique(np.array(space.owners)[known.at], return_inverse=True)
        self.cells = Cells(owners.tolist())
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
