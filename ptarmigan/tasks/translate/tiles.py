"""A picture of any size processed by a function of tiles of one size, without seams."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from ptarmigan.data.permutation import Indices

Tile = Float[np.ndarray, "channel high wide"]
"""The output for one tile."""
Sides = tuple[int, int]


class Axis:
    """The positions of tiles along one side of a picture: each overlaps half of the previous one.

    The side is reflection-padded until whole tiles cover it. Where outputs are larger or smaller, tiles start
    at positions that correspond to whole pixels of the output.

    Args:
        side: pixels of the picture.
        tile: of a tile.
        output: of the output for a tile.

    Attributes:
        places: the pixel of the picture at each position of the padded one.
        starts: where tiles begin.
        output_starts: where their outputs begin.
        window: the weight of each pixel of an output, fading to the ends.
        weights: the sum of all windows.
        first: where the picture begins in the padded output.
        length: of the output.
    """

    def __init__(self, side: int, tile: int, output: int) -> None:
        unit = tile // math.gcd(tile, output)
        step = max(unit, tile // 2 // unit * unit)
        steps = max(0, -(-(side - tile) // step))
        before = (tile + steps * step - side) // 2 // unit * unit
        self.tile, self.output = tile, output
        self.places = mirrored(np.arange(tile + steps * step) - before, side)
        self.starts = [i * step for i in range(steps + 1)]
        self.output_starts = [start * output // tile for start in self.starts]
        self.window = np.sin(np.pi * (np.arange(output) + 0.5) / output) ** 2
        self.weights = np.zeros(self.output_starts[-1] + output)
        for start in self.output_starts:
            self.weights[start : start + output] += self.window
        self.first, self.length = before * output // tile, scaled(side, tile, output)


def tiled(
    picture: NDArray[Any], tile: Sides, output: Sides, make: Callable[[NDArray[Any]], Tile]
) -> Iterator[NDArray[np.float32]]:
    """Bands of the output for a picture, from top to bottom, each ``(channels, rows, width)``.

    Tiles are blended by a window that fades to their ends (sine squared, whose halves add up to 1), in
    float64: where tiles agree, the output is exactly theirs. Only a row of tiles is in memory.

    Args:
        picture: ``(height, width, channels)``.
        tile: height and width of a tile.
        output: height and width of the output for one.
        make: from a tile ``(height, width, channels)`` to its output.
    """
    down, across = (Axis(*sides) for sides in zip(picture.shape[:2], tile, output, strict=True))
    last = len(down.starts) - 1
    above: Any = None
    for i, start in enumerate(down.starts):
        rows = picture[down.places[start : start + down.tile]]
        band = blended(rows, across, make) * down.window[:, None]
        if above is not None:
            band[:, : above.shape[1]] += above
        begin = down.output_starts[i]
        done = down.output if i == last else down.output_starts[i + 1] - begin
        above = band[:, done:].copy()
        low, high = (min(max(end - begin, 0), done) for end in (down.first, down.first + down.length))
        if low < high:
            yield (band[:, low:high] / down.weights[begin + low : begin + high, None]).astype(np.float32)


def blended(rows: NDArray[Any], across: Axis, make: Callable[[NDArray[Any]], Tile]) -> NDArray[np.float64]:
    """The output for a band as high as a tile: ``(channels, height, width)``."""
    band: Any = None
    for start, begin in zip(across.starts, across.output_starts, strict=True):
        one = make(rows[:, across.places[start : start + across.tile]])
        if band is None:
            band = np.zeros((*one.shape[:2], len(across.weights)))
        band[..., begin : begin + across.output] += one * across.window
    band /= across.weights
    out: NDArray[np.float64] = band[..., across.first : across.first + across.length]
    return out


def mirrored(places: Indices, side: int) -> Indices:
    """Reflection padding: the pixel, of ``side``, at each position, such as 2 1 0 1 2 1 0 of three."""
    if side == 1:
        return np.zeros_like(places)
    turned = np.abs(places) % (2 * side - 2)
    return np.asarray(np.minimum(turned, 2 * side - 2 - turned))


def scaled(side: int, tile: int, output: int) -> int:
    """The length of a side when one of ``tile`` becomes ``output``; at least 1."""
    return max(1, (2 * side * output + tile) // (2 * tile))
