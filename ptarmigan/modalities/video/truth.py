"""What can be read off the pixels of clips without any network: motion, colour, and where one shape goes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ptarmigan.modalities.video.decode import Frames
from ptarmigan.modalities.video.shapes import COLOURS, LABELS, PATHS, SIDE, SIZES, SPEEDS

Floats = NDArray[np.float64]

MOVED = 20
"""Levels by which a value has to change from frame to frame for its pixel to move."""
APART = 3
"""Frames between which a speed is measured: hard edges make the centre of one frame uncertain."""
STILL = 1.5
"""Pixels that the centre of a shape reaches along an axis along which it does not move, at most."""
FAR, BENT = 3.0, 0.15
"""Pixels between places by which a slope is taken, and radians by which those of a circle differ."""
LEAST = 8.0
"""Pixels that are lit, at least, for there to be a shape."""


def motion_energy(clips: Frames) -> tuple[Floats, Floats]:
    """The mean change from frame to frame of every clip, of 255 levels, and the share of values that move."""
    change = np.abs(np.diff(clips.astype(np.int16), axis=1)).reshape(len(clips), -1)
    return change.mean(1), (change > MOVED).mean(1)


def colour_distance(clips: Frames) -> Floats:
    """The mean distance of the mean colours of any two frames of every clip, of 255 levels.

    Tulyakov et al. 2018, arXiv 1707.04993, section 4, of whole frames: ACD. That of a frozen clip is 0.
    """
    colours = clips.mean((2, 3), dtype=np.float64)
    first, second = np.triu_indices(clips.shape[1], 1)
    distances: Floats = np.linalg.norm(colours[:, first] - colours[:, second], axis=2).mean(1)
    return distances


def centres(clips: Frames) -> tuple[Floats, Floats]:
    """The centre ``(n, frames, 2)`` of what is lit, down and across, and how many pixels are.

    Pixels are such as there are 32 of a side.
    """
    lit = clips.max(-1) / 255.0
    lit = np.where(lit > 0.2, lit, 0.0)
    lit = lit / np.maximum(lit.max((1, 2, 3), keepdims=True), 1e-9)
    mass = lit.sum((2, 3))
    sides = [np.arange(n, dtype=np.float64) for n in clips.shape[2:4]]
    down = (lit.sum(3) @ sides[0]) / np.maximum(mass, 1e-9)
    across = (lit.sum(2) @ sides[1]) / np.maximum(mass, 1e-9)
    units = SIDE / np.array(clips.shape[2:4])
    return np.stack([down, across], 2) * units, mass * units.prod()


def speeds(clips: Frames) -> Floats:
    """How fast the shape of every clip moves, in pixels a frame: the median over frames that are 3 apart."""
    places, _ = centres(clips)
    steps = np.linalg.norm(places[:, APART:] - places[:, :-APART], axis=2) / APART
    found: Floats = np.median(steps, axis=1)
    return found


def read_labels(clips: Frames, what: str) -> NDArray[np.int64]:
    """What the shape of every clip is, as a number of ``LABELS[what]``; -1 where there is none."""
    places, mass = centres(clips)
    found = {"path": lambda: paths(places), "colour": lambda: colours(clips), "size": lambda: sizes(mass)}
    labels = found[what]() if what in found else (speeds(clips) > middle("speed")).astype(np.int64)
    return np.where(mass.min(1) >= LEAST, labels, -1)


def paths(places: Floats) -> NDArray[np.int64]:
    """The path of centres ``(n, frames, 2)``: along one axis, along a line between walls, or around."""
    reach = np.ptp(places, axis=1)
    labels = np.array([PATHS.index("circle" if turns(each) else "diagonal") for each in places])
    labels = np.where(reach[:, 0] <= STILL, PATHS.index("across"), labels)
    return np.where(reach[:, 1] <= STILL, PATHS.index("down"), labels)


def turns(places: Floats) -> bool:
    """Whether the slope of a path ``(frames, 2)`` changes: a line has the same after a wall, but for signs.

    It is taken between frames of which one is some pixels from the other.
    """
    speed = float(np.median(np.linalg.norm(places[APART:] - places[:-APART], axis=1))) / APART
    apart = int(np.clip(round(FAR / max(speed, 1e-9)), 1, len(places) // 3))
    steps = np.abs(places[apart:] - places[:-apart])
    slopes = np.arctan2(steps[:, 0], steps[:, 1])
    return float(np.median(np.abs(slopes - np.median(slopes)))) > BENT


def colours(clips: Frames) -> NDArray[np.int64]:
    """The colour of which the brightest pixels are nearest to."""
    lit = clips.max(-1)
    shown = lit > 0.5 * lit.max((1, 2, 3), keepdims=True)
    mean = (clips * shown[..., None]).sum((1, 2, 3)) / np.maximum(shown.sum((1, 2, 3)), 1)[:, None]
    known = np.array(list(COLOURS.values()), np.float64)
    return np.asarray(np.linalg.norm(mean[:, None] - known[None], axis=2).argmin(1))


def sizes(mass: Floats) -> NDArray[np.int64]:
    """Small or large, by the number of pixels."""
    small, large = SIZES.values()
    return (np.median(mass, axis=1) > 3.4 * small * large * 0.9).astype(np.int64)


def middle(what: str) -> float:
    """The speed between slow and fast."""
    assert what in LABELS
    (_, below), (above, _) = SPEEDS.values()
    return (below + above) / 2
