"""The inverse of cumulated probabilities: what a uniform number stands for."""

from __future__ import annotations

import math

import torch
from torch import Tensor

FAR, TERMS = 5.0, 110
"""Where the error function is ± 1 to the last bit but two, and terms of its series up to there."""


def first_above(cumulated: Tensor, u: Tensor) -> Tensor:
    """The first place at which a sum is more than a number, ``(n,)``; how many there are where none is.

    Args:
        cumulated: sums that do not fall, ``(places,)`` for all numbers or ``(n, places)``, one row for each.
        u: the numbers, ``(n,)``.
    """
    if torch.compiler.is_exporting():  # ONNX has no search
        return (cumulated <= u[:, None]).sum(1)
    if cumulated.dim() == 1:
        return torch.searchsorted(cumulated, u, right=True)
    return torch.searchsorted(cumulated, u[:, None], right=True)[:, 0]


def normal_cdf(x: Tensor) -> Tensor:
    """Φ(x), the probability that a standard normal number is less."""
    if torch.compiler.is_exporting() and x.dtype == torch.float64:  # whose erf ONNX Runtime has not
        return (1 + erf(x * math.sqrt(0.5))) / 2
    return torch.as_tensor(torch.special.ndtr(x))


def erf(x: Tensor) -> Tensor:
    """The error function up to rounding, by its series (Abramowitz and Stegun 1964, 7.1.6).

    2/√π exp(−x²) Σ 2ⁿ x²ⁿ⁺¹ / (1·3·…·(2n+1)), within ± 5, beyond which it is ± 1.
    """
    x = x.clamp(-FAR, FAR)
    square, found = 2 * x * x, torch.ones_like(x)
    for n in reversed(range(1, TERMS)):
        found = 1 + found * square / (2 * n + 1)
    return torch.exp(-x * x) * x * found * (2 / math.sqrt(math.pi))
