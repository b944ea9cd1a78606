"""Heights and widths of feature maps, for images of any height and width.

A generator doubles the sides of its first feature map and crops; a discriminator halves, rounding up.
"""

from __future__ import annotations

import torch
from jaxtyping import Shaped
from torch import Tensor

Sides = tuple[int, int]


def halvings(sides: Sides, smallest: int = 4) -> int:
    """How often both sides can be halved with the shorter one still ``smallest`` or more; at least once.

    Raises:
        ValueError: a side has fewer than 8 pixels.
    """
    if min(sides) < 8:
        raise ValueError(
            f"these networks need images of at least 8 pixels a side, not {sides[0]}x{sides[1]}: "
            "enlarge them with --size"
        )
    return max(1, (min(sides) // smallest).bit_length() - 1)


def halved(sides: Sides, times: int) -> Sides:
    """The sides after ``times`` halvings, each rounded up."""
    return -(-sides[0] // 2**times), -(-sides[1] // 2**times)


def doubled(sides: Sides, times: int) -> Sides:
    """The sides after ``times`` doublings."""
    return sides[0] * 2**times, sides[1] * 2**times


def crop(
    x: Shaped[Tensor, "batch channel taller wider"], sides: Sides
) -> Shaped[Tensor, "batch channel height width"]:
    """The middle of ``x``, of the given sides."""
    top, left = (x.shape[2] - sides[0]) // 2, (x.shape[3] - sides[1]) // 2
    return x[:, :, top : top + sides[0], left : left + sides[1]]


def mirror(
    x: Shaped[Tensor, "batch channel height width"], dim: int, before: int, after: int
) -> Shaped[Tensor, "batch channel taller wider"]:
    """Reflection padding by ``before`` and ``after`` rows (``dim`` 2) or columns (3).

    Concatenated from parts, because the gradient of torch's own is not deterministic on a GPU.
    """
    last = x.shape[dim] - 1
    first = x.narrow(dim, min(1, last), before).flip(dim)
    return torch.cat([first, x, x.narrow(dim, max(0, last - after), after).flip(dim)], dim)
