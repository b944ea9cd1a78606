"""Edits of a run in Python after its recipe built it."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from torch import nn

from ptarmigan.training.run import Run

CARRIED = ("rule", "half_life", "rate", "beta2")
"""Attributes of a run that can be carried over to another one."""


def edits_of(edited: Run, built: Run) -> dict[str, Any]:
    """The edits of a run, to be applied to another run of the recipe.

    Args:
        edited: the run as it was edited, before its first step.
        built: the run as its recipe built it.

    Raises:
        ValueError: the game or the optimizers were edited, and edits of these are not carried over.
    """
    if not is_alike(edited.game, built.game) or not is_alike(optimizers(edited), optimizers(built)):
        raise ValueError(
            "--rescue builds a run anew with other options, and its game or its optimizers would be without "
            "the edits that were made in Python: write them into a recipe of your own, such as mine.py"
        )
    changed = {name: getattr(edited, name) for name in CARRIED}
    return {name: v for name, v in changed.items() if not is_alike(v, getattr(built, name))}


def optimizers(run: Run) -> dict[str, Any]:
    """The optimizers by type and settings."""
    return {name: (type(o).__name__, run.rates[name], o.defaults) for name, o in run.optimizers.items()}


def is_alike(a: Any, b: Any) -> bool:
    """Whether two values were made in the same way; weights are not compared."""
    if type(a) is not type(b):
        return False
    if isinstance(a, nn.Module):
        mine, theirs = ({k: v for k, v in vars(m).items() if not k.startswith("_")} for m in (a, b))
        return repr(a) == repr(b) and is_alike(mine, theirs) and is_alike(a._modules, b._modules)
    if isinstance(a, Mapping):
        return a.keys() == b.keys() and all(is_alike(a[key], b[key]) for key in a)
    if isinstance(a, Sequence) and not isinstance(a, str):
        return len(a) == len(b) and all(map(is_alike, a, b))
    if inspect.isfunction(a):
        return a.__code__ is b.__code__
    if dataclasses.is_dataclass(a):
        return is_alike(vars(a), vars(b))
    return bool(a == b) if isinstance(a, int | float | str) else True
