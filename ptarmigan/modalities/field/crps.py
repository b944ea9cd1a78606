"""The fair CRPS as a loss, of cells."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor


def fair_crps(
    members: Float[Tensor, "n member v y x"], x: Float[Tensor, "n v y x"]
) -> Float[Tensor, "n v y x"]:
    """The fair CRPS of every cell: 1/m Σ_i |x_i − x| − 1/(2 m (m − 1)) Σ_ij |x_i − x_j| (Ferro 2014, eq. 3).

    Its gradient is unbiased for any number of members from two on.
    """
    m = members.shape[1]
    error = (members - x[:, None]).abs().mean(1)
    pairs = (members[:, :, None] - members[:, None]).abs().sum((1, 2))
    return error - pairs / (2 * m * (m - 1))
