"""Edits of samples by directions, as pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ptarmigan.media.rows import titled_rows
from ptarmigan.trained.directions import Directions

REACH, FRAMES = 3.0, 7
"""A strip goes from so many standard deviations below to as many above, in so many samples."""
ROWS = 3
"""Samples of a strip."""


def strips(directions: Directions, names: Sequence[str], *, seed: int = 0, given: Any = None) -> Image.Image:
    """A few samples moved along each direction, from -3 to 3 standard deviations.

    Args:
        directions: of a run.
        names: of those that are shown.
        seed: of the samples.
        given: their condition.

    Raises:
        ValueError: there is no such direction or condition.
    """
    trained, amounts = directions.trained, np.linspace(-REACH, REACH, FRAMES)
    w = trained.map(trained.latents(ROWS, seed=seed), given=given, seed=seed)
    rows = []
    for name in names:
        for i, start in enumerate(w):
            moved = [directions.apply(start[None], {name: float(amount)}) for amount in amounts]
            raw = remade(directions, torch.cat(moved), given, seed, i)
            title = f"{name}: {-REACH:g} to {REACH:g} standard deviations" if i == 0 else ""
            rows.append((title, trained.space.strip(raw, FRAMES - 1)))
    return titled_rows(rows)


def remade(directions: Directions, w: Tensor, given: Any, seed: int, row: int) -> NDArray[Any]:
    """Samples of one condition: the given one, or that of a row of the samples of a seed."""
    trained = directions.trained
    if given is None:
        known = trained.classes(row + 1, seed)
        given = None if known is None or not trained.conditional() else trained.space.classes[int(known[row])]
    return trained.synthesise(w, given=given, seed=seed)


def edited(
    directions: Directions, amounts: Mapping[str, float], n: int, *, seed: int = 0, given: Any = None
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Samples, and the same moved along directions.

    Args:
        directions: of a run.
        amounts: standard deviations by the name of the direction.
        n: how many samples.
        seed: of these.
        given: their condition.

    Raises:
        ValueError: there is no such direction or condition.
    """
    trained = directions.trained
    w = trained.map(trained.latents(n, seed=seed), given=given, seed=seed)
    moved = directions.apply(w, amounts)
    return tuple(trained.synthesise(each, given=given, seed=seed) for each in (w, moved))  # type: ignore[return-value]
