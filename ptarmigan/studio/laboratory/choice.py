"""What a page asks of the laboratory: a recipe of the plane, its options, and data, all within bounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan import zoo
from ptarmigan.core.errors import UsageError
from ptarmigan.data.known import DATA
from ptarmigan.studio import form
from ptarmigan.training.options import build
from ptarmigan.training.run import Run

ROOM = "toy."
"""How the recipes of the plane are called."""
TIMES, SOME = 4, 64
"""A number of a page is at most so many times the default, or this: a session is a toy, not a training."""
SEED = "seed"
LARGEST_SEED = 2**53
WEIGHTS = 2_000_000
"""Parameters of a run, at most."""
FEWEST, DRAWN = 4, 5_000
"""Points that are drawn by hand."""
POINT = "point"
"""The data of the Dirac-GAN: all samples are 0."""


def recipes() -> list[str]:
    """The recipes that are offered."""
    return [name for name in zoo.names() if name.startswith(ROOM)]


def offered(recipe: str) -> list[form.Option]:
    """The options that a page may choose.

    Raises:
        UsageError: there is no such recipe of the plane.
    """
    if recipe not in recipes():
        raise UsageError(f"the laboratory has no recipe {recipe!r}; it has {', '.join(recipes())}")
    return [each for each in form.options(recipe) if each.group != "settings" and each.kind != "list"]


def open_run(recipe: str, given: Mapping[str, Any], drawn: Sequence[Sequence[float]] = ()) -> Run:
    """The run of a recipe with these options.

    Args:
        recipe: its name.
        given: options by name; others have their defaults.
        drawn: points of the plane, between -1 and 1, to be learnt instead of a set by name.

    Raises:
        ValueError: there is no such recipe or option, or a value is out of bounds.
    """
    known = {each.name: each for each in offered(recipe)}
    if strange := [name for name in given if name not in known]:
        raise UsageError(f"{recipe} has no option {strange[0][:50]!r}")
    options = {name: valued(known[name], value) for name, value in given.items()}
    if options.get("dirac"):
        options[DATA] = np.zeros((SOME, 1), np.float32)
    elif drawn:
        options[DATA] = checked_points(drawn)
    run = build(zoo.recipe(recipe), options)
    size = sum(p.numel() for p in run.game.parameters())
    if size > WEIGHTS:
        raise UsageError(f"networks of {size:,} weights are too large here: {WEIGHTS:,} at most")
    return run


def valued(option: form.Option, given: Any) -> Any:
    """The value of an option, of its own type.

    Raises:
        UsageError: it is none of its kind, or out of bounds.
    """
    if option.kind == "bool":
        return given in (True, "true", "1")
    word = form.checked(option, given)
    if option.kind not in ("int", "float"):
        return word
    number = float(word)
    most = max(TIMES * float(option.default or 0), SOME)
    if option.name == SEED:
        most = LARGEST_SEED
    if not 0 <= number <= most:
        raise UsageError(f"--{option.name.replace('_', '-')} {word}: from 0 to {most:g} in the laboratory")
    return int(number) if option.kind == "int" else number


def checked_points(drawn: Sequence[Sequence[float]]) -> NDArray[np.float32]:
    """Points that were drawn.

    Raises:
        UsageError: these are too few, too many, or not in the plane.
    """
    if not FEWEST <= len(drawn) <= DRAWN:
        raise UsageError(f"draw from {FEWEST} to {DRAWN:,} points, not {len(drawn):,}")
    if any(len(point) != 2 for point in drawn):
        raise UsageError("a point has two coordinates")
    found = np.asarray(drawn, np.float32)
    if not (np.abs(found) <= 1).all():  # also of what is no number
        raise UsageError("points are between -1 and 1")
    return found
