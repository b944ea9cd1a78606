"""Published systems, one file each: ``image.r3gan`` is ``ptarmigan/zoo/image/r3gan.py``."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

HERE = Path(__file__).parent


def names() -> list[str]:
    """Every recipe of the zoo."""
    files = HERE.glob("*/*.py")
    return sorted(f"{f.parent.name}.{f.stem}" for f in files if not f.stem.startswith("_"))


def path(name: str) -> Path:
    """The file of a recipe: of the zoo by name, or a user's own by path.

    Raises:
        ValueError: there is no such recipe.
    """
    if name.endswith(".py"):
        own = Path(name)
        if not own.is_file():
            raise ValueError(f"there is no recipe file {name}")
        return own
    if name not in names():
        from difflib import get_close_matches

        near = get_close_matches(name, names(), 3, 0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else "'ptarmigan list' shows them all"
        raise ValueError(f"there is no recipe {name!r}: {hint}")
    return HERE / (name.replace(".", "/") + ".py")


def module(name: str) -> ModuleType:
    """The module of a recipe.

    Raises:
        ValueError: there is no such recipe, or the file cannot be imported or holds none.
    """
    file = path(name)
    if not name.endswith(".py"):
        return importlib.import_module(f"{__name__}.{name}")
    spec = importlib.util.spec_from_file_location(file.stem, file)
    if spec is None or spec.loader is None:
        raise ValueError(f"{name} is not a Python file")
    found = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = found
    try:
        spec.loader.exec_module(found)
    except Exception as error:
        raise ValueError(f"{name} cannot be imported: {type(error).__name__}: {error}") from error
    if "recipe" not in vars(found):
        raise ValueError(f"{name} has no function named recipe")
    return found


def recipe(name: str) -> Callable[..., Any]:
    """The recipe of that name: typed keyword arguments in, a ``Run`` out."""
    found: Callable[..., Any] = module(name).recipe
    return found


def summary(name: str) -> str:
    """The first line of a recipe's docstring, read without importing it."""
    return (ast.get_docstring(ast.parse(path(name).read_text())) or "").partition("\n")[0]
