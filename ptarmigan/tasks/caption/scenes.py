"""Scenes of one or two shapes, and captions of which all can be read off the pixels.

    a small red circle left of a large blue square
    a yellow triangle in the top left

A caption may leave a size or the place of a single shape out: then it is any. Some combinations of size,
colour and form are in no scene to learn from, and in every second one of those held out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.core.noise import key
from ptarmigan.data.permutation import Indices

NAME = "scenes"
TRAINED, HELD_OUT = 20_000, 1_000
SIDE = 32
"""Pixels of a side, in whose units sizes and places are."""
FORMS = ("circle", "square", "triangle")
COLOURS = {"red": (235, 60, 60), "green": (60, 200, 80), "blue": (70, 110, 245), "yellow": (245, 215, 60)}
SIZES = {"small": (2.8, 3.4), "large": (5.0, 6.0)}
"""The least and the largest radius."""
RELATIONS = {"left of": (0, 1), "right of": (0, -1), "above": (1, 0), "below": (-1, 0)}
"""The way from the first shape to the second, down and across."""
PLACES = {"top left": (-1, -1), "top right": (-1, 1), "bottom left": (1, -1), "bottom right": (1, 1)}
"""Where a single shape is, from the middle, down and across."""
GAP = 2.0
"""Pixels between two shapes, at least."""
SAID = 0.75
"""How often a caption says the size of a shape, or the place of a single one."""
UNSEEN = (
    ("large", "green", "triangle"),
    ("small", "blue", "circle"),
    ("large", "yellow", "square"),
    ("small", "red", "triangle"),
)
"""Combinations that no scene to learn from has."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Shape:
    """What a caption says of a shape: names, and an empty one where it says nothing."""

    form: str
    colour: str
    size: str = ""

    @property
    def words(self) -> str:
        """``a small red circle``."""
        return " ".join(filter(None, ("a", self.size, self.colour, self.form)))

    @property
    def unseen(self) -> bool:
        """Whether it is in no scene to learn from."""
        return (self.size, self.colour, self.form) in UNSEEN


@dataclass(frozen=True)
class Scene:
    """What a caption says: one shape and its place, or two and how they lie to each other."""

    shapes: tuple[Shape, ...]
    relation: str = ""
    place: str = ""

    @property
    def caption(self) -> str:
        """The caption."""
        if len(self.shapes) == 2:
            return f" {self.relation} ".join(shape.words for shape in self.shapes)
        return self.shapes[0].words + (f" in the {self.place}" if self.place else "")

    @property
    def unseen(self) -> bool:
        """Whether a shape of it is in no scene to learn from."""
        return any(shape.unseen for shape in self.shapes)


def one_of(names: Sequence[str] | dict[str, Any]) -> str:
    """A group of a pattern that is one of some names."""
    return f"({'|'.join(names)})"


SHAPE = re.compile(rf"a (?:{one_of(SIZES)} )?{one_of(COLOURS)} {one_of(FORMS)}")
BETWEEN = re.compile(rf" {one_of(RELATIONS)} ")
AFTER = re.compile(rf" in the {one_of(PLACES)}")


def scene_of(caption: str) -> Scene | None:
    """What a caption says; None where it is none of a scene."""
    shapes = tuple(Shape(form, colour, size) for size, colour, form in SHAPE.findall(caption))
    relation, place = (found[1] if (found := each.search(caption)) else "" for each in (BETWEEN, AFTER))
    scene = Scene(shapes, relation, place)
    whole = len(shapes) == (2 if relation else 1) and scene.caption == caption
    return scene if whole else None


@dataclass(frozen=True, eq=False)
class Drawn:
    """Scenes as numbers, a row each: shapes are those of ``KINDS``, and there is none where it is -1.

    Attributes:
        kinds: of both shapes ``(n, 2)``.
        radii: of both ``(n, 2)``.
        centres: of both ``(n, 2, 2)``, down and across.
        captions: what is said.
    """

    kinds: Indices
    radii: Floats
    centres: Floats
    captions: tuple[str, ...]


KINDS = tuple(product(SIZES, COLOURS, FORMS))
"""Every combination of size, colour and form."""
SEEN = np.array([i for i, kind in enumerate(KINDS) if kind not in UNSEEN])
UNSEEN_KINDS = np.array([KINDS.index(kind) for kind in UNSEEN])
RADII = np.array([SIZES[size] for size, _, _ in KINDS])


@cache
def drawn(n: int, part: str) -> Drawn:
    """The first ``n`` scenes of a part: of ``held out`` every second one has an unseen combination."""
    rng = np.random.default_rng(key("scenes", part))
    kinds, several = SEEN[rng.integers(len(SEEN), size=(n, 2))], rng.integers(2, size=n)
    rows = np.arange(n)
    unseen = (rows % 2 == 1) & (part == "held out")
    kinds[unseen, (several * rng.integers(2, size=n))[unseen]] = UNSEEN_KINDS[
        rng.integers(len(UNSEEN_KINDS), size=int(unseen.sum()))
    ]
    radii = RADII[kinds, 0] + np.ptp(RADII, 1)[kinds] * rng.random((n, 2))
    ways, corners = rng.integers(len(RELATIONS), size=n), rng.integers(len(PLACES), size=n)
    told = rng.random((n, 3)) < SAID
    told[unseen, :2] = True
    centres = np.where(
        several[:, None, None] == 1,
        beside(np.array([*RELATIONS.values()])[ways], radii, rng),
        alone(np.array([*PLACES.values()])[corners], radii[:, 0], rng),
    )
    captions = map(
        caption_of, kinds.tolist(), several.tolist(), ways.tolist(), corners.tolist(), told.tolist()
    )
    kinds[several == 0, 1] = -1
    return Drawn(kinds, radii, centres, tuple(captions))


def caption_of(kinds: list[int], several: int, way: int, corner: int, told: list[bool]) -> str:
    """The caption of a scene, with what is to be told of sizes and of a single shape's place."""
    shapes = [
        Shape(form, colour, size if tell else "")
        for (size, colour, form), tell in zip((KINDS[kind] for kind in kinds), told[:2], strict=True)
    ]
    if several:
        return Scene(tuple(shapes), relation=[*RELATIONS][way]).caption
    return Scene((shapes[0],), place=[*PLACES][corner] if told[2] else "").caption


def alone(corners: NDArray[np.int64], radii: Floats, rng: np.random.Generator) -> Floats:
    """Centres in a quarter of the picture, some pixels off the middle, for both shapes alike."""
    off = 2 + (SIDE / 2 - radii[:, None] - 3) * rng.random((len(radii), 2))
    centres: Floats = (SIDE - 1) / 2 + corners * off
    return np.stack([centres] * 2, 1)


def beside(ways: NDArray[np.int64], radii: Floats, rng: np.random.Generator) -> Floats:
    """The centres of two shapes of which the second lies on its way from the first, and less far aside."""
    both = radii.sum(1)
    room = SIDE - 2 - both
    along = both + GAP + np.maximum(room - both - GAP, 0) * rng.random(len(both))
    aside = (rng.random(len(both)) - 0.5) * np.minimum(along, room)
    apart = ways * along[:, None] + (1 - np.abs(ways)) * aside[:, None]
    low = np.maximum(radii[:, :1], radii[:, 1:] - apart)  # of the first centre: both are within
    high = SIDE - 1 - np.maximum(radii[:, :1], radii[:, 1:] + apart)
    first = low + (high - low) * rng.random((len(both), 2))
    return np.stack([first, first + apart], 1)


def pictures(scenes: Drawn, rows: Indices, height: int, width: int) -> NDArray[np.uint8]:
    """The scenes at ``rows`` as pictures ``(n, height, width, 3)`` on black, with soft edges."""
    out = np.zeros((len(rows), height, width, 3), np.float32)
    for which in range(2):
        there = scenes.kinds[rows, which] >= 0
        mine = rows[there]
        kinds = scenes.kinds[mine, which]
        colours = np.array([COLOURS[KINDS[kind][1]] for kind in kinds], np.float32).reshape(-1, 3)
        forms = np.array([FORMS.index(KINDS[kind][2]) for kind in kinds], np.int64)
        covered = coverage(forms, scenes.centres[mine, which], scenes.radii[mine, which], height, width)
        out[there] += covered[..., None] * colours[:, None, None]
    return out.round().clip(0, 255).astype(np.uint8)


def coverage(
    forms: Indices,
    centres: Floats,
    radii: Floats,
    height: int = SIDE,
    width: int = SIDE,
    window: tuple[slice, ...] = (slice(None), slice(None)),
) -> NDArray[np.float32]:
    """How much of every pixel, in a window of a picture, shapes cover ``(n, down, across)``."""
    down, across = (
        (((np.arange(side) + 0.5) * SIDE / side - 0.5)[part])[None] - centres[:, axis, None]
        for axis, (side, part) in enumerate(zip((height, width), window, strict=True))
    )
    y, x, r = down[:, :, None], across[:, None], radii[:, None, None]
    outside = np.empty((len(forms), down.shape[1], across.shape[1]), np.float32)
    for form, distance in enumerate(DISTANCES):
        mine = forms == form
        if mine.any():
            outside[mine] = distance(y[mine], x[mine], r[mine])
    return np.clip(0.5 - outside * min(height, width) / SIDE, 0, 1)


def from_circle(y: Floats, x: Floats, r: Floats) -> Floats:
    """How far outside of a circle places are."""
    outside: Floats = np.hypot(y, x) - r
    return outside


def from_square(y: Floats, x: Floats, r: Floats) -> Floats:
    """How far outside of a square, whose sides are 1.76 radii."""
    outside: Floats = np.maximum(np.abs(y), np.abs(x)) - 0.88 * r
    return outside


def from_triangle(y: Floats, x: Floats, r: Floats) -> Floats:
    """How far outside of a triangle with its tip up, 1.8 radii high and 2.1 wide."""
    side = (np.abs(x) * 1.8 - (y + 0.95 * r) * 1.05) / np.hypot(1.8, 1.05)
    outside: Floats = np.maximum(side, y - 0.85 * r)
    return outside


DISTANCES = (from_circle, from_square, from_triangle)


class SceneSource:
    """Scenes as a source of pictures, drawn as they are read.

    Args:
        scenes: what is drawn.
        height: of the pictures.
        width: of the pictures.
    """

    labels = None
    classes: tuple[str, ...] = ()

    def __init__(self, scenes: Drawn, height: int = SIDE, width: int = SIDE) -> None:
        self.scenes, self.height, self.width = scenes, height, width

    def __len__(self) -> int:
        return len(self.scenes.captions)

    def read(self, indices: Indices) -> NDArray[np.uint8]:
        """The pictures at ``indices``."""
        return pictures(self.scenes, np.asarray(indices), self.height, self.width)


def known(captions: Sequence[str]) -> Iterator[Scene]:
    """What captions of scenes say.

    Raises:
        ValueError: one is none of a scene.
    """
    for caption in captions:
        found = scene_of(caption)
        if found is None:
            raise ValueError(f"{caption!r} is no caption of a scene")
        yield found
