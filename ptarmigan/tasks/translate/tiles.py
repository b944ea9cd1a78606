"""A picture of any size made through a function of tiles of one size, with no seams."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from ptarmigan.data.permutation import Indices

Made = Float[np.ndarray, "channel high wide"]
"""One tile as a network made it."""
Sides = tuple[int, int]


class Axis:
    """How tiles lie along one side of a picture: each overlaps half of the one before.

    The side is mirrored at both ends until whole tiles cover it. Where tiles become larger or smaller, they
    begin at places that have a whole number on the other side.

    Args:
        side: pixels of the picture.
        tile: of a tile.
        made: of what becomes of a tile.

    Attributes:
        places: which pixel of the picture stands at each place of the mirrored one.
        starts: where tiles begin.
        made_starts: where what is made of them begins.
        window: how much each pixel of a made tile counts, fading to the ends.
        weights: the sum of all windows.
        first: where the made picture begins.
        length: how long it is.
    """

    def __init__(self, side: int, tile: int, made: int) -> None:
        unit = tile // math.gcd(tile, made)
        step = max(unit, tile // 2 // unit * unit)
        steps = max(0, -(-(side - tile) // step))
        before = (tile + steps * step - side) // 2 // unit * unit
        self.tile, self.made = tile, made
        self.places = mirrored(np.arange(tile + steps * step) - before, side)
        self.starts = [i * step for i in range(steps + 1)]
        self.made_starts = [start * made // tile for start in self.starts]
        self.window = np.sin(np.pi * (np.arange(made) + 0.5) / made) ** 2
        self.weights = np.zeros(self.made_starts[-1] + made)
        for start in self.made_starts:
            self.weights[start : start + made] += self.window
        self.first, self.length = before * made // tile, scaled(side, tile, made)


def tiled(
    picture: NDArray[Any], tile: Sides, made: Sides, make: Callable[[NDArray[Any]], Made]
) -> Iterator[NDArray[np.float32]]:
    """Bands of what becomes of a picture, from top to bottom, each ``(channels, rows, width)``.

    Tiles are blended by a window that fades to their ends (sine squared, whose halves add up to 1), in
    float64: where tiles agree, what they agree on comes out to the bit. No more than a row of tiles is held.

    Args:
        picture: ``(height, width, channels)``.
        tile: height and width of a tile.
        made: of what becomes of one.
        make: what becomes of a tile ``(height, width, channels)``.
    """
    down, across = (Axis(*sides) for sides in zip(picture.shape[:2], tile, made, strict=True))
    last = len(down.starts) - 1
    above: Any = None
    for i, start in enumerate(down.starts):
        rows = picture[down.places[start : start + down.tile]]
        band = blended(rows, across, make) * down.window[:, None]
        if above is not None:
            band[:, : above.shape[1]] += above
        begin = down.made_starts[i]
        done = down.made if i == last else down.made_starts[i + 1] - begin
        above = band[:, done:].copy()
        low, high = (min(max(end - begin, 0), done) for end in (down.first, down.first + down.length))
        if low < high:
            yield (band[:, low:high] / down.weights[begin + low : begin + high, None]).astype(np.float32)


def blended(rows: NDArray[Any], across: Axis, make: Callable[[NDArray[Any]], Made]) -> NDArray[np.float64]:
    """What becomes of a band as high as a tile: ``(channels, made height, made width)``."""
    band: Any = None
    for start, begin in zip(across.starts, across.made_starts, strict=True):
        one = make(rows[:, across.places[start : start + across.tile]])
        if band is None:
            band = np.zeros((*one.shape[:2], len(across.weights)))
        band[..., begin : begin + across.made] += one * across.window
    band /= across.weights
    out: NDArray[np.float64] = band[..., across.first : across.first + across.length]
    return out


def mirrored(places: Indices, side: int) -> Indices:
    """Which of ``side`` pixels stands at each place, beyond them too: 2 1 0 1 2 1 0 of three."""
    if side == 1:
        return np.zeros_like(places)
    turned = np.abs(places) % (2 * side - 2)
    return np.asarray(np.minimum(turned, 2 * side - 2 - turned))


def scaled(side: int, tile: int, made: int) -> int:
    """How long a side becomes when one of ``tile`` becomes ``made``; at least 1."""
    return max(1, (2 * side * made + tile) // (2 * tile))
