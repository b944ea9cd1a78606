"""Published systems, one file each: ``image.r3gan`` is ``ptarmigan/zoo/image/r3gan.py``.

Installed plug-ins bring packages of further ones: an entry point ``strokes = "strokes.zoo"`` of the group
``ptarmigan.zoo`` makes the file ``strokes/zoo/gan.py`` the recipe ``strokes.gan``.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.machinery import SourceFileLoader
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from ptarmigan.core.errors import one_line
from ptarmigan.media.foreign import read_bytes
from ptarmigan.modalities.registry import warn
from ptarmigan.training import own
from ptarmigan.training.run import Built

HERE = Path(__file__).parent
GROUP = "ptarmigan.zoo"
"""The entry points of plug-ins: ``prefix = "package.of.recipes"``."""


@dataclass(frozen=True)
class Package:
    """A package whose modules are recipes.

    Attributes:
        module: its name: ``ptarmigan.zoo.image``.
        folder: where its files are.
    """

    module: str
    folder: Path

    def stems(self) -> list[str]:
        """The names of its recipes, without the prefix."""
        return [file.stem for file in self.folder.glob("*.py") if not file.stem.startswith("_")]


@cache
def packages() -> Mapping[str, Package]:
    """Every package of recipes by prefix, found without importing any; plug-ins that clash are left out."""
    folders = sorted(path.parent for path in HERE.glob("*/__init__.py"))
    found = {folder.name: Package(f"{__name__}.{folder.name}", folder) for folder in folders}
    for point in sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value)):
        folder = folder_of(point)
        if point.name in found:
            warn(f"the plug-in {point.value} is left out: there are recipes {point.name}.* already")
        elif folder is None:
            warn(f"the plug-in {point.value} is left out: there is no such package")
        else:
            found[point.name] = Package(point.value, folder)
    return found


def folder_of(point: EntryPoint) -> Path | None:
    """The folder of the package that an entry point names; its parents are not imported to find it."""
    top, *rest = point.value.split(".")
    spec = importlib.util.find_spec(top)
    places = [] if spec is None else spec.submodule_search_locations or []
    return next((found for place in places if (found := Path(place, *rest)).is_dir()), None)


def names() -> list[str]:
    """Every recipe, of the zoo and of installed plug-ins."""
    return sorted(f"{prefix}.{stem}" for prefix, package in packages().items() for stem in package.stems())


def path(name: str) -> Path:
    """The file of a recipe: of the zoo or a plug-in by name, or a user's own by path.

    Raises:
        ValueError: there is no such recipe.
    """
    if own.is_own(name):
        if not Path(name).is_file():
            raise ValueError(f"there is no recipe file {name}")
        return Path(name)
    if name not in names():
        near = get_close_matches(name, names(), 3, 0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else "'ptarmigan list' shows them all"
        raise ValueError(f"there is no recipe {name!r}: {hint}")
    prefix, _, stem = name.partition(".")
    return packages()[prefix].folder / f"{stem}.py"


def module(name: str) -> ModuleType:
    """The module of a recipe.

    Raises:
        ValueError: there is no such recipe, or the file cannot be imported or holds none.
    """
    file = path(name)
    try:
        found = by_path(file) if own.is_own(name) else by_name(name)
    except Exception as error:  # a recipe is anybody's code
        raise ValueError(f"{name} cannot be imported: {type(error).__name__}: {one_line(error)}") from error
    if "recipe" not in vars(found):
        raise ValueError(f"{name} has no function named recipe")
    return found


def by_name(name: str) -> ModuleType:
    """The module of a recipe of the zoo or of a plug-in."""
    prefix, _, stem = name.partition(".")
    return importlib.import_module(f"{packages()[prefix].module}.{stem}")


def by_path(file: Path) -> ModuleType:
    """The module of a user's own file, read anew."""
    loader = FromSource(file.stem, str(file))
    spec = importlib.util.spec_from_file_location(file.stem, file, loader=loader)
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = found
    spec.loader.exec_module(found)
    return found


class FromSource(SourceFileLoader):
    """Runs what a person can read: a ``__pycache__`` that came with the file may hold something else."""

    def get_code(self, fullname: str) -> CodeType:
        """The code of the source."""
        code: CodeType = self.source_to_code(self.get_data(self.path), self.path)
        return code


def name_of(built: Built) -> str:
    """The name of the recipe that built a run: of the zoo, of a plug-in, or the path of a file.

    Raises:
        ValueError: it was defined where it cannot be found again, as in a notebook.
    """
    package, _, stem = built.module.rpartition(".")
    for prefix, known in packages().items():
        if known.module == package:
            return f"{prefix}.{stem}"
    if not built.file.endswith(".py"):
        raise ValueError("the recipe of this run is in no file: write it into one, such as mine.py")
    return built.file


def recipe(name: str) -> Callable[..., Any]:
    """The recipe of that name: typed keyword arguments in, a ``Run`` out.

    Args:
        name: as a person gave it: of a run's description, which may come from anybody, ``name_in`` makes one.
    """
    found: Callable[..., Any] = module(name).recipe
    return found


def name_in(described: Mapping[str, Any]) -> str:
    """The name by which ``recipe`` finds the recipe of a run, as its description has it.

    Raises:
        ValueError: it is a file that no person named.
    """
    name = str(described["recipe"])
    return str(own.file_of(described)) if own.is_own(name) else name


def finder(described: Mapping[str, Any]) -> Callable[[str], Callable[..., Any]]:
    """What finds recipes by the names that stand in a run's description: its own, and others of the zoo."""
    return lambda name: recipe(name_in({**described, "recipe": name}))


def summary(name: str) -> str:
    """The first line of a recipe's docstring, read without importing it."""
    return (ast.get_docstring(ast.parse(read_bytes(path(name)))) or "").partition("\n")[0]
