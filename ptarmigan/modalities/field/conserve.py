"""Fine fields made to keep the means of coarse ones: a layer without weights.

Harder et al. 2023, "Hard-constrained deep learning for climate downscaling", arXiv 2208.05424, sections 3.2:
additive for variables of any sign, multiplicative for amounts, which stay positive.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.modalities.field.space import FieldSpace
from ptarmigan.modalities.field.variable import DRY, Variable

LEAST = 1e-9
"""Of the mean of a block that is divided by."""


class Conserve(nn.Module):
    """Encoded fine fields whose means over blocks of cells are those of an encoded coarse field.

    Means are taken in the units of the data. What is then below the threshold of a logarithmic variable is
    written as nothing, as data have it; the gradient passes as if it were not (Bengio et al. 2013, arXiv
    1308.3432).

    Args:
        fine: of the fine fields.
        coarse: of the coarse ones.
    """

    def __init__(self, fine: FieldSpace, coarse: FieldSpace) -> None:
        super().__init__()
        self.variables = list(zip(fine.variables, coarse.variables, strict=True)) * fine.times
        self.factor = fine.height // coarse.height

    def forward(
        self, x: Float[Tensor, "batch channel height width"], coarse: Float[Tensor, "batch channel h w"]
    ) -> Float[Tensor, "batch channel height width"]:
        """The fields, changed as little as keeps the means."""
        each = zip(x.split(1, 1), coarse.split(1, 1), self.variables, strict=True)
        return torch.cat([self.one(fine, mean, *both) for fine, mean, both in each], 1)

    def one(self, x: Tensor, coarse: Tensor, variable: Variable, of_coarse: Variable) -> Tensor:
        """The same of one variable."""
        if variable.transform in ("linear", "standard"):
            return x + self.up(coarse - F.avg_pool2d(x, self.factor))
        target = settled(amount_of(coarse, of_coarse), of_coarse)
        amount = self.scaled(amount_of(x, variable), target)
        soft = encoded(amount, variable)
        if variable.transform != "log":
            return soft
        # what is lost below the threshold falls on the other cells
        rest = settled(self.scaled(settled(amount, variable), target), variable)
        return soft + (encoded(rest, variable) - soft).detach()

    def scaled(self, amount: Tensor, target: Tensor) -> Tensor:
        """Amounts with the means of blocks that are to be kept."""
        return amount * self.up(target / F.avg_pool2d(amount, self.factor).clamp_min(LEAST))

    def up(self, x: Tensor) -> Tensor:
        """Every cell as a block."""
        return F.interpolate(x, scale_factor=self.factor, mode="nearest")


def amount_of(x: Tensor, variable: Variable) -> Tensor:
    """Encoded values in units of the data."""
    y = variable.low + (x + 1) / 2 * (variable.high - variable.low)
    return y.clamp_min(0).square() if variable.transform == "sqrt" else 10.0 ** y.clamp(-12, 12)


def settled(amount: Tensor, variable: Variable) -> Tensor:
    """Amounts, 0 below the threshold."""
    return torch.where(amount < variable.threshold, 0.0, amount)


def encoded(amount: Tensor, variable: Variable) -> Tensor:
    """Amounts as networks see them."""
    span = 2 / (variable.high - variable.low)
    if variable.transform == "sqrt":
        return span * ((amount + LEAST).sqrt() - variable.low) - 1
    return span * (amount.clamp_min(DRY * variable.threshold).log10() - variable.low) - 1


def as_data(x: Tensor, space: FieldSpace) -> Tensor:
    """Encoded fields as data have them: below the threshold of a logarithmic variable there is nothing.

    The gradient passes as if that were not so.
    """
    if all(v.transform != "log" for v in space.variables):
        return x
    each = zip(x.split(1, 1), list(space.variables) * space.times, strict=True)
    hard = [encoded(settled(amount_of(one, v), v), v) if v.transform == "log" else one for one, v in each]
    return x + (torch.cat(hard, 1) - x).detach()
