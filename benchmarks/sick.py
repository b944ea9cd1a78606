"""The runs that the doctor is tried on, sick and healthy: the rows of ``sick.txt``.

Recipes are those of the zoo, and two in ``ward/`` whose every dial can be turned: as they come they are
healthy. A row is one setting and one seed. The doctor's thresholds are tuned on one half of the rows, and it
is measured on the other: of every fault both halves have causes, but no setting and no seed is in both.

A row stands under what was meant. What became of it is for ``truth.py`` to say, from its outcome: a run that
was meant to fall ill and did not is healthy, and what an outcome shows is its name. Only where a cause is
hidden (a discriminator that is too strong, say) does the table know it.
"""

from __future__ import annotations

import re
from ast import literal_eval
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ptarmigan.core.noise import key

HERE = Path(__file__).parent
OURS = {name: str(HERE / "ward" / f"{name}.py") for name in ("points", "images")}

GROUPS: dict[str, dict[str, Any]] = {
    "grid": dict(data="grid", width=64, discriminator_width=64, lr=5e-3, discriminator_lr=5e-3, steps=4_000),
    "fashion": dict(data="fashion-mnist", size="14"),
    "perceptrons": dict(hidden=(64, 128), lr=2e-3, steps=1_500),
}
"""Options that many rows share, by the word that stands for them."""

HIDDEN = {
    "discriminator too strong": {"discriminator too strong"},
    "discriminator too weak": {"discriminator too weak"},
    "memorisation": {"memorisation", "discriminator overfitting"},
    "bad data": {"bad data"},
    "underfitting": {"underfitting"},
}
"""Faults that no outcome shows by itself: they are what was done. Of too few samples there are two names."""


@dataclass(frozen=True)
class Case:
    """One run.

    Attributes:
        half: ``tune``, ``report``, or ``reference``: what others are held against.
        fault: what was meant, by the doctor's name; ``healthy`` where nothing was done.
        cause: what was done, in words.
        recipe: what is played.
        options: how.
    """

    half: str
    fault: str
    cause: str
    recipe: str
    options: dict[str, Any]

    @property
    def name(self) -> str:
        """A name for its folder: what was meant, and which row."""
        number = key(Path(self.recipe).name, repr(sorted(self.options.items()))) % 16**6
        return f"{self.fault.replace(' ', '-')}-{number:06x}"

    @property
    def data(self) -> str:
        """The set that was meant: ring, grid, digits or fashion."""
        plane = self.recipe == OURS["points"] or self.recipe.startswith("toy.")
        given = str(self.options.get("data", "ring" if plane else "digits"))
        return given.split("/")[0].removesuffix("-mnist")

    @property
    def spoilt(self) -> bool:
        """Whether its data is one of the files that ``ward/data.py`` writes."""
        return "/" in str(self.options.get("data", ""))


def case(half: str, fault: str, cause: str, words: str) -> Case:
    """A row: a recipe, words for groups of options, and options; it has a seed of its own."""
    recipe, *rest = words.split()
    options: dict[str, Any] = {}
    for word in rest:
        name, _, value = word.partition("=")
        options |= {name: meant(value)} if value else GROUPS[name]
    seed = key(half, recipe, repr(sorted(options.items()))) % 10_000
    return Case(half, fault, cause, OURS.get(recipe, recipe), {"seed": seed, **options})


def meant(value: str) -> Any:
    """A number, True, False, a tuple, or a word."""
    return literal_eval(value) if re.match(r"[-\d(]|True|False", value) and "/" not in value else value


def table() -> list[Case]:
    """The healthy runs that others are held against, and every row."""
    shared = ("points", "points grid", "images", "images fashion")
    rows = [case("reference", "healthy", "as it comes", words) for words in shared]
    fault = ""
    for line in (HERE / "sick.txt").read_text().splitlines()[3:]:
        if line.startswith("  "):
            half, cause, words = re.split(r"(?<=tune|port)\s+|\s{2,}", line.strip(), maxsplit=2)
            rows.append(case(half, fault, cause, words))
        elif line:
            fault = line
    return rows


CASES = table()
