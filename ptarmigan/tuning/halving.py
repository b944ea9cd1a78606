"""Successive halving: which trials go on, and for how long.

Jamieson and Talwalkar 2016, "Non-stochastic best arm identification and hyperparameter optimization". All
trials train for a short while, the best third for three times as long, and so on. A trial that goes on does
so from its checkpoint: nothing is trained twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ptarmigan.tuning.trial import Trial

SHORTEST = 10
"""Steps of the first rung, at least."""


def rungs(steps: int, count: int, reduction: int) -> tuple[int, ...]:
    """The steps after which trials are compared, the last of them all.

    Args:
        steps: of a whole training.
        count: of rungs, at most: fewer where trainings are short.
        reduction: how many times longer each is than the one before.

    Raises:
        ValueError: there is none, or they do not grow.
    """
    if count < 1 or reduction < 2:
        raise ValueError("--rungs is 1 or more, and --reduction 2 or more")
    found = (round(steps / reduction**below) for below in reversed(range(count)))
    return tuple(each for each in found if each >= SHORTEST) or (steps,)


def survivors(trials: Sequence[Trial], rung: int, reduction: int) -> list[Trial]:
    """The trials that are trained up to a rung, the best first.

    Of those of the rung before one in ``reduction`` goes on, and one at least; none that failed does.

    Args:
        trials: all of the first rung.
        rung: counted from 0.
        reduction: of how many trials one goes on.
    """
    if rung == 0:
        return [*trials]
    before = survivors(trials, rung - 1, reduction)
    ranked = sorted((each for each in before if not each.error), key=lambda each: each.rank(rung - 1))
    return ranked[: max(1, len(before) // reduction)]
