"""``ptarmigan list``, ``show``, ``copy`` and ``check``: the recipes."""

from __future__ import annotations

from pathlib import Path

import tyro

from ptarmigan.commands.options import parse
from ptarmigan.core.errors import UsageError
from ptarmigan.media import show as shown
from ptarmigan.media.foreign import read_bytes


def list_(args: list[str]) -> int:
    """``ptarmigan list``."""

    def options() -> None:
        """List the recipes."""
        from ptarmigan import zoo

        names = zoo.names()
        width = max(map(len, names))
        for name in names:
            shown.show(f"{name:{width}}  {zoo.summary(name)}")

    parse(options, args, "list")
    return 0


def show(args: list[str]) -> int:
    """``ptarmigan show RECIPE``."""

    def options(recipe: tyro.conf.Positional[str]) -> None:
        """Show a recipe: its docstring, and its options with their defaults.

        Args:
            recipe: its name, or a file.
        """
        from ptarmigan import zoo
        from ptarmigan.training.options import defaults

        found = zoo.module(recipe)
        shown.show(*(found.__doc__ or "").strip().splitlines(), "", "options:")
        for name, value in defaults(found.recipe).items():
            shown.show(f"  --{name.replace('_', '-')} {value!r}")
        shown.show("", f"source: {zoo.path(recipe)}")

    parse(options, args, "show")
    return 0


def copy(args: list[str]) -> int:
    """``ptarmigan copy RECIPE FILE``."""

    def options(recipe: tyro.conf.Positional[str], file: tyro.conf.Positional[str]) -> None:
        """Copy a recipe to a file of your own, to change it and train it.

        Args:
            recipe: its name.
            file: where to, such as mine.py.
        """
        from ptarmigan import zoo
        from ptarmigan.media.files import write

        target = Path(file)
        if target.suffix != ".py":
            raise UsageError(f"{file}: a recipe is a Python file, such as mine.py")
        if target.exists():
            raise UsageError(f"{file} is there already: choose another name")
        write(target, read_bytes(zoo.path(recipe)))
        shown.show(f"{file}: change it, 'ptarmigan check {file}', then 'ptarmigan train {file}'")

    parse(options, args, "copy")
    return 0


def check(args: list[str]) -> int:
    """``ptarmigan check RECIPE|FILE`` or ``ptarmigan check --modality NAME``."""

    def options(recipe: tyro.conf.Positional[str] = "", modality: str = "") -> int:
        """Test a recipe, or a kind of data, against the contract of all of them.

        Args:
            recipe: a recipe's file, or its name.
            modality: the name of a kind of data, such as one of a plug-in of yours.
        """
        from ptarmigan import zoo
        from ptarmigan.contract import modalities, recipes
        from ptarmigan.modalities import registry

        if bool(recipe) == bool(modality):
            raise UsageError("name a recipe, or a kind of data with --modality")
        if recipe:
            zoo.recipe(recipe)
        found = modalities.clauses(registry.modality(modality)) if modality else recipes.clauses(recipe)
        failed = 0
        for clause, problem in found:
            failed += problem is not None
            shown.show(f"ok    {clause}" if problem is None else f"FAIL  {clause}: {problem}")
        return 1 if failed else 0

    return parse(options, args, "check")
