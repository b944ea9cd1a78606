"""A recipe's options are its signature: conversion between flat names, as on the command line, and calls."""

from __future__ import annotations

import dataclasses
import hashlib
import inspect
import sys
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from ptarmigan.core import noise
from ptarmigan.core.allocation import CheckedAllocation
from ptarmigan.core.memory import check_memory
from ptarmigan.core.process import learning
from ptarmigan.data.known import DATA, data_option
from ptarmigan.training.run import Built, Run

LARGEST = sys.float_info.max
COPIES = 4
"""Beside the weights there are gradients, two moments of Adam, and the EMA weights."""
SMALLER = "choose a smaller --width, or fewer layers"


def defaults(recipe: Callable[..., Any]) -> dict[str, Any]:
    """Every option of a recipe with its default; those of a group (``Images``) stand beside the rest."""
    return flat({p.name: p.default for p in inspect.signature(recipe).parameters.values()})


def flat(arguments: dict[str, Any]) -> dict[str, Any]:
    """Arguments by flat names."""
    out: dict[str, Any] = {}
    for name, value in arguments.items():
        if is_group(value):
            out |= {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
        else:
            out[name] = value
    return out


def arguments(recipe: Callable[..., Any], *args: Any, **options: Any) -> dict[str, Any]:
    """The arguments for a recipe from options in groups or flat; a flat one sets a field of its group.

    Raises:
        TypeError: there are more positional arguments than the recipe has.
        ValueError: it has no option of that name.
    """
    signature = inspect.signature(recipe)
    given = {**signature.bind_partial(*args).arguments, **without_numpy(options)}
    check_names(given, {*signature.parameters, *defaults(recipe)})
    found = {}
    for name, parameter in signature.parameters.items():
        default = parameter.default
        if is_group(default):
            group = given.pop(name) if isinstance(given.get(name), type(default)) else default
            mine = {f.name for f in dataclasses.fields(group)} & given.keys()
            found[name] = dataclasses.replace(group, **{field: given[field] for field in mine})
        elif name in given or default is not parameter.empty:
            found[name] = given.get(name, default)
    return found


def is_group(value: Any) -> bool:
    """Whether this is a group of options, as ``Images()`` is: a dataclass whose fields all have defaults."""
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return False
    missing = dataclasses.MISSING
    return all(
        f.default is not missing or f.default_factory is not missing for f in dataclasses.fields(value)
    )


def call(recipe: Callable[..., Run], *args: Any, **options: Any) -> Run:
    """Call a recipe with options in groups or flat, and record recipe and options on the run.

    Raises:
        ValueError: it has no option of that name, the value cannot be meant, or the networks do not go into
            memory.
    """
    given = arguments(recipe, *args, **options)
    with learning(), noise.isolated(), CheckedAllocation("a run with these options", SMALLER):
        run = recipe(**given)
    check_memory(COPIES * weights(run), "training networks of this size", SMALLER)
    file = getattr(sys.modules.get(recipe.__module__), "__file__", None) or ""
    run.built = Built(recipe.__module__, file, flat(given), run.samples)
    return run


def weights(run: Run) -> int:
    """Bytes of all networks' weights."""
    return sum(p.numel() * p.element_size() for p in run.game.parameters())


def build(recipe: Callable[..., Run], options: dict[str, Any]) -> Run:
    """Call a recipe with flat options, as on the command line and in run.json.

    Raises:
        ValueError: it has no option of that name, or the value is out of range.
    """
    options = without_numpy(options)
    sensible(options, defaults(recipe))
    return call(recipe, **options)


def without_numpy(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options of which numbers are Python's, as JSON has them."""
    return {name: v.item() if isinstance(v, np.generic) else v for name, v in options.items()}


def check_names(options: Iterable[str], known: Iterable[str]) -> None:
    """All options are known.

    Raises:
        ValueError: one is not; the message names it.
    """
    for name in options:
        if name not in known:
            raise ValueError(f"there is no option {name!r} here; there are {', '.join(sorted(known))}")


def sensible(options: dict[str, Any], known: dict[str, Any]) -> None:
    """Check that options are known and numbers in range: a count that is not off by default is at least 1.

    Raises:
        ValueError: one is not; the message names it.
    """
    check_names(options, known)
    for name, value in options.items():
        default, flag = known[name], f"--{name.replace('_', '-')}"
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            continue
        if not 0 <= value <= LARGEST:  # NaN too
            raise ValueError(f"{flag} {value}: it cannot be negative or infinite")
        if isinstance(default, int) and default > 0 and value == 0:
            raise ValueError(f"{flag} 0: it must be at least 1")


def collecting(recipe: Callable[..., Run]) -> Callable[..., dict[str, Any]]:
    """A function with the recipe's signature that returns its arguments by flat names.

    It has no ``__wrapped__``, as unwrapping a variant would give the signature of the original recipe.
    """
    hints = typing.get_type_hints(recipe, include_extras=True)
    known = inspect.signature(recipe).parameters.values()
    signature = inspect.Signature([p.replace(annotation=hints.get(p.name, p.annotation)) for p in known])

    def collect(*args: Any, **kwargs: Any) -> dict[str, Any]:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return flat(bound.arguments)

    collect.__doc__, collect.__name__ = recipe.__doc__, recipe.__name__
    collect.__annotations__ = hints
    collect.__signature__ = signature  # type: ignore[attr-defined]
    return collect


def to_plain(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options as run.json keeps them; of data in memory it only says what they are."""
    return {name: data_option(value) if name == DATA else plain(value) for name, value in options.items()}


def plain(value: Any) -> Any:
    """An option as plain data for JSON; an array or a table as its shape and a digest."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (tuple, list)) and all(isinstance(v, (bool, int, float, str)) for v in value):
        return list(value)
    if isinstance(value, (tuple, list)):
        return [plain(v) for v in value]
    if isinstance(value, np.ndarray):
        digest = hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()[:16]
        return f"array {'×'.join(map(str, value.shape))} {value.dtype} {digest}"
    pandas = sys.modules.get("pandas")  # where there is a frame, it is imported
    if pandas is not None and isinstance(value, pandas.DataFrame):
        rows = pandas.util.hash_pandas_object(value, index=False).to_numpy()
        digest = hashlib.sha256(rows.tobytes()).hexdigest()[:16]
        return f"table {len(value)}×{len(value.columns)} {digest}"
    polars = sys.modules.get("polars")
    if polars is not None and isinstance(value, polars.DataFrame):
        digest = hashlib.sha256(value.hash_rows(seed=0).to_numpy().tobytes()).hexdigest()[:16]
        return f"polars table {value.height}×{value.width} {digest}"
    if isinstance(value, type) or callable(value):
        return f"{type(value).__name__}"
    return str(value) if "object at 0x" not in str(value) else type(value).__name__
