"""A shuffle that is a function: no list of indices, however many samples there are."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ptarmigan.core.noise import key

Indices = NDArray[np.int64]
ROUNDS = 4
CHUNK = 4_096


def permute(positions: Indices, size: int, *parts: int | str) -> Indices:
    """Where ``positions`` in [0, size) go under the permutation that ``parts`` name.

    A balanced Feistel network on the next even power of two, walked until it lands inside (Black and Rogaway
    2002, "Ciphers with arbitrary finite domains").

    Raises:
        ValueError: a position lies outside.
    """
    if len(positions) and not 0 <= int(positions.min()) <= int(positions.max()) < size:
        raise ValueError(f"a position lies outside of 0 to {size - 1}")
    half = max(1, -(-(size - 1).bit_length() // 2))
    mask = np.uint64((1 << half) - 1)
    keys = np.array([key(*parts, r) for r in range(ROUNDS)], np.uint64)
    out = positions.astype(np.uint64)
    outside = np.ones(len(out), bool)
    while outside.any():
        out[outside] = _feistel(out[outside], keys, np.uint64(half), mask)
        outside = out >= size
    return out.astype(np.int64)


def permute_next(positions: Indices, size: int, *parts: int | str) -> Indices:
    """What ``permute`` gives for ``positions`` in [0, size), where the next ones will be asked for next."""
    chunks, places = np.divmod(positions, CHUNK)
    out = np.empty_like(positions)
    for chunk in np.unique(chunks):
        here = chunks == chunk
        out[here] = _chunk(int(chunk), size, *parts)[places[here]]
    return out


@lru_cache(maxsize=16)
def _chunk(chunk: int, size: int, *parts: int | str) -> Indices:
    return permute(np.arange(chunk * CHUNK, min((chunk + 1) * CHUNK, size)), size, *parts)


def _feistel(
    values: NDArray[np.uint64], keys: NDArray[np.uint64], half: np.uint64, mask: np.uint64
) -> NDArray[np.uint64]:
    left, right = values >> half, values & mask
    for k in keys:
        left, right = right, left ^ (_mix(right + k) & mask)
    return (left << half) | right


def _mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finalizer of splitmix64."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
