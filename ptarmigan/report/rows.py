"""Translations of held-out inputs in rows, from the best to the worst where there are targets to tell by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ptarmigan.tasks.translate.cycle import apart
from ptarmigan.tasks.translate.show import OUTPUT, TARGET, TranslationShow, pictured
from ptarmigan.trained import Trained
from ptarmigan.training.run import Run

LOOKED_AT = 96
"""Held-out inputs that are translated for this."""
SHOWN = 4
"""Rows of a picture."""


@dataclass(frozen=True)
class Rows:
    """A picture of some translations.

    Attributes:
        name: which they are.
        picture: a row for each.
        apart: the median distance of these outputs to their targets, as a share of the range (of label maps,
            of the pixels); None where there are no targets.
    """

    name: str
    picture: Image.Image
    apart: float | None


def rows(run: Run, trained: Trained) -> tuple[tuple[str, ...], int, list[Rows]]:
    """What the columns show, how many inputs were looked at, and the pictures.

    Raises:
        ValueError: the data cannot be read.
    """
    show = TranslationShow(run, LOOKED_AT, trained.precision)
    columns = show.rows(trained.game, np.arange(show.n))

    def shown(name: str, which: NDArray[Any], far: NDArray[np.float64] | None) -> Rows:
        picture = pictured(run.samples, {title: raw[which] for title, raw in columns.items()})
        return Rows(name, picture, None if far is None else float(np.median(far[which])))

    if TARGET not in columns:
        some = np.unique(np.linspace(0, show.n - 1, 2 * SHOWN).round().astype(np.int64))
        return (*columns,), show.n, [shown("Some", some, None)]
    far = apart(run.space, columns[OUTPUT], columns[TARGET])
    order, few = np.argsort(far, kind="stable"), min(SHOWN, -(-show.n // 3))
    middle = (show.n - few) // 2
    chosen = {"Nearest": order[:few], "Middling": order[middle : middle + few], "Farthest": order[-few:]}
    return (*columns,), show.n, [shown(name, which, far) for name, which in chosen.items()]
