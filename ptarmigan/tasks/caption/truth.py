"""What a picture of a scene shows, read off its pixels, beside what its caption says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from ptarmigan.tasks.caption.scenes import COLOURS, FORMS, PLACES, RELATIONS, SIDE, Scene, Shape, coverage

LIT = 0.35
"""The brightness, of 1, from which on a pixel belongs to a shape."""
LEAST = 9
"""Pixels of a shape, at least, of 32 a side: smaller specks are none."""
LARGE = 4.2
"""The radius from which on a shape is large."""
AREAS = (np.pi, 1.76**2, 1.8 * 2.1 / 2)
"""Of the forms, in squares of their radii."""
LOWER = (0.0, 0.0, 0.25)
"""How far below its centre a form's centre of mass is, in radii."""
ASPECTS = ("colour", "form", "size", "relation", "place", "everything")
"""What a caption says."""
KNOWN = np.array(list(COLOURS.values()), np.float64)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Found:
    """A shape that was found in a picture: its names, and where its centre is."""

    shape: Shape
    centre: tuple[float, ...]


def right(raw: NDArray[np.uint8], scenes: Sequence[Scene]) -> dict[str, Floats]:
    """Of pictures and as many captions, which part of every aspect is right; NaN where nothing is said of it.

    A picture that does not hold as many shapes as its caption says is wrong in everything.
    """
    rows = [compared(found(pixels), scene) for pixels, scene in zip(raw, scenes, strict=True)]
    return {aspect: np.array([row[aspect] for row in rows]) for aspect in ASPECTS}


def compared(shapes: Sequence[Found], scene: Scene) -> dict[str, float]:
    """The same of one picture, whose shapes are taken in the order in which most of what is said is right."""
    if len(shapes) != len(scene.shapes):
        return {aspect: 0.0 if mentions(scene, aspect) else np.nan for aspect in ASPECTS}
    orders = (judged(order, scene) for order in permutations(shapes))
    return max(orders, key=lambda row: sum(value for value in row.values() if value == value))


def judged(shapes: Sequence[Found], scene: Scene) -> dict[str, float]:
    """Which part of every aspect is right of shapes in this order.

    A relation is right only of two shapes that have the colours and forms that are said.
    """
    pairs = [(each.shape, asked) for each, asked in zip(shapes, scene.shapes, strict=True)]
    sizes = [got.size == asked.size for got, asked in pairs if asked.size]
    row = {
        "colour": float(np.mean([got.colour == asked.colour for got, asked in pairs])),
        "form": float(np.mean([got.form == asked.form for got, asked in pairs])),
        "size": float(np.mean(sizes)) if sizes else np.nan,
        "relation": np.nan,
        "place": np.nan,
    }
    if scene.relation:
        apart = np.subtract(shapes[1].centre, shapes[0].centre)
        axis = int(np.abs(apart).argmax())
        lies = np.sign(apart[axis]) == RELATIONS[scene.relation][axis]
        row["relation"] = float(lies and row["colour"] == row["form"] == 1)
    if scene.place:
        off = np.subtract(shapes[0].centre, (SIDE - 1) / 2)
        row["place"] = float((np.sign(off) == PLACES[scene.place]).all())
    row["everything"] = float(all(value == 1 for value in row.values() if value == value))
    return row


def mentions(scene: Scene, aspect: str) -> bool:
    """Whether a caption says anything of an aspect."""
    there = {
        "size": any(shape.size for shape in scene.shapes),
        "relation": bool(scene.relation),
        "place": bool(scene.place),
    }
    return there.get(aspect, True)


def found(pixels: NDArray[np.uint8]) -> list[Found]:
    """The shapes in a picture ``(height, width, 3)``, the largest first."""
    from scipy import ndimage

    light, unit = pixels.max(2) / 255.0, SIDE / np.array(pixels.shape[:2])
    least = LEAST / unit.prod()
    hues = nearest_colours(pixels)
    parts = []
    for colour, name in enumerate(COLOURS):
        inside = (light > LIT) & (hues == colour)
        if inside.sum() < least:
            continue
        labels, _ = ndimage.label(inside)
        for i, place in enumerate(ndimage.find_objects(labels), 1):
            mine = labels[place] == i
            if mine.sum() >= least:
                window = tuple(slice(max(0, one.start - 1), one.stop + 1) for one in place)
                mine = labels[window] == i
                lit = np.where(mine | (light[window] <= LIT), light[window], 0)
                lit = np.minimum(lit / np.median(lit[mine]), 1)
                parts.append((int(mine.sum()), measured(lit, window, name, pixels.shape)))
    return [each for _, each in sorted(parts, key=lambda part: -part[0])]


def nearest_colours(pixels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Which of ``COLOURS`` every pixel is nearest to, however dark it is."""
    unit = pixels / np.maximum(pixels.max(-1, keepdims=True), 1)
    apart = unit[..., None, :] - KNOWN / KNOWN.max(1, keepdims=True)
    nearest: NDArray[np.int64] = np.square(apart).sum(-1).argmin(-1)
    return nearest


def measured(lit: Floats, window: tuple[slice, ...], colour: str, shape: tuple[int, ...]) -> Found:
    """Form, size and place of what is lit in a window, by the form that covers most of the same pixels.

    A form's radius follows from the area, and its centre from the centre of mass.
    """
    height, width = shape[:2]
    units = SIDE / np.array([height, width])
    mass, first = lit.sum(), np.array([one.start for one in window])
    middle = np.array([lit.sum(1 - axis) @ np.arange(n) for axis, n in enumerate(lit.shape)]) / mass
    centre = (middle + first + 0.5) * units - 0.5
    fits = []
    for form in range(len(FORMS)):
        radius = float(np.sqrt(mass * units.prod() / AREAS[form]))
        at = centre - np.array([LOWER[form] * radius, 0])
        covered = coverage(np.array([form]), at[None], np.array([radius]), height, width, window)[0]
        fits.append((np.minimum(covered, lit).sum() / np.maximum(covered, lit).sum(), form, radius))
    _, form, radius = max(fits)
    return Found(Shape(FORMS[form], colour, "large" if radius > LARGE else "small"), tuple(centre.tolist()))
