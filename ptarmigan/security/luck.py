"""How likely so many bits are right by luck: those of a picture without the mark are fair coins."""

from __future__ import annotations

import math


def by_luck(right: int, bits: int) -> float:
    """The probability that at least ``right`` of ``bits`` coins fall as asked for."""
    return sum(math.comb(bits, i) for i in range(right, bits + 1)) / (1 << bits)


def needed(bits: int, rate: float) -> int:
    """How many bits must be right so that luck does it at most at a rate.

    Raises:
        ValueError: all of them are too few for it.
    """
    if not 0 < rate < 1:
        raise ValueError(f"a rate of false positives is between 0 and 1, not {rate:g}")
    if 2.0**-bits > rate:
        least = math.ceil(-math.log2(rate))
        raise ValueError(
            f"{bits} bits are too few for a false-positive rate of {rate:g}: luck gives all of them at "
            f"{2.0**-bits:.1e}; it takes {least} bits"
        )
    return next(right for right in range(bits + 1) if by_luck(right, bits) <= rate)
