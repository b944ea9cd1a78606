"""Sets of vectors, one sample a row: checks, and blocks that fit into memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROWS = 2_048
NUMBERS = 2**22
"""Numbers of a set that are converted at a time, at most: 32 MB in float64."""


def checked(samples: NDArray[Any], name: str = "", *, least: int = 1) -> NDArray[Any]:
    """Check samples of shape (n, d) and of any real type; they are returned as they are.

    Args:
        samples: one vector a row, or a memory map.
        name: their name in the error.
        least: the minimal number.

    Raises:
        ValueError: they are no matrix of numbers, too few, or some are not finite in float64 when squared.
    """
    x, of = np.asanyarray(samples), f"{name} " if name else ""
    if x.dtype.kind not in "biuf":
        raise ValueError(f"{of}samples are numbers, not {x.dtype}")
    if x.ndim != 2 or 0 in x.shape:
        raise ValueError(f"{of}samples have the shape (samples, dimensions), not {x.shape}")
    if len(x) < least:
        raise ValueError(f"at least {least:,} {of}samples are needed, and there are {len(x):,}")
    bad = sum(int((~np.isfinite(_squares(block))).sum()) for block in blocks(x))
    if bad:
        raise ValueError(f"{bad:,} of {len(x):,} {of}samples are not finite, or too large to be squared")
    return x


def pair(
    a: NDArray[Any], b: NDArray[Any], names: tuple[str, str] = ("", ""), *, least: int = 1
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Check two sets of vectors of one dimension.

    Raises:
        ValueError: as ``checked``, or they have different dimensions.
    """
    a, b = (checked(x, name, least=least) for x, name in zip((a, b), names, strict=True))
    if a.shape[1] != b.shape[1]:
        raise ValueError(f"no distance between samples of {a.shape[1]} and of {b.shape[1]} dimensions")
    return a, b


def against(real: NDArray[Any], fake: NDArray[Any], *, least: int = 1) -> tuple[NDArray[Any], NDArray[Any]]:
    """Check real and fake vectors before scoring.

    Fake samples may all be the same: that is a mode collapse, and is scored as one.

    Raises:
        ValueError: as ``pair``, or the real samples are all the same.
    """
    real, fake = pair(real, fake, ("real", "fake"), least=least)
    if not any((block != real[0]).any() for block in blocks(real)):
        raise ValueError("all real samples are the same: there is nothing to score against")
    return real, fake


def blocks(x: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """The rows of ``x`` in blocks."""
    return (x[rows] for rows in spans(*x.shape))


def spans(n: int, d: int) -> Iterator[slice]:
    """Slices of ``n`` rows of ``d`` numbers, of at most 2,048 rows and 2²² numbers (or one row) each."""
    rows = max(1, min(ROWS, NUMBERS // d))
    return (slice(start, min(start + rows, n)) for start in range(0, n, rows))


def _squares(block: NDArray[Any]) -> NDArray[np.float64]:
    wide = block.astype(np.float64)
    with np.errstate(over="ignore"):  # overflows are counted as not finite
        out: NDArray[np.float64] = np.einsum("ij,ij->i", wide, wide)
    return out
