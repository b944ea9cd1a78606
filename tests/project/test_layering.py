"""Imports point down, files do not go in circles, and nobody outside asks what kind a sample is."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from conftest import ROOT

import ptarmigan
from ptarmigan.modalities.registry import BUILT_IN, modality

ORDER = [
    "core",
    "media",
    "nets",
    "data",
    "metrics",
    "modalities",
    "tasks",
    "training",
    "doctor",
    "zoo",
    "adversary",
    "trained",
    "estimators",
    "evaluation",
    "exports",
    "report",
    "security",
    "contract",
    "serve",
    "studio",
    "api",
    "tuning",
    "commands",
    "cli",
    "__main__",
]
"""The rooms of docs/design.md: a file may import from its own and from those before it."""
LEVEL = {room: level for level, room in enumerate(ORDER)}
CORE_STANDS_ON = {"torch", "jaxtyping"}

VARIANTS = {
    "image.r3gan_cifar": "image.r3gan",
    "image.r3gan_64": "image.r3gan",
    "image.r3gan_256": "image.r3gan",
    **{
        f"anomaly.{system}_images": f"anomaly.{system}"
        for system in ("alad", "anogan", "bigan", "fanogan", "ganomaly")
    },
    "translate.fastcut": "translate.cut",
    "translate.style": "translate.cut",
}
"""Recipes that vary another one, whose file they import; no other file of the zoo imports one."""

KINDS_ARE_KNOWN_IN = ("modalities", "tasks", "zoo")
SPACES = {space.__name__ for name in BUILT_IN for space in modality(name).spaces}
CONCRETE = re.compile(rf"\b({'|'.join(sorted(SPACES))})\b")
ASKING = re.compile(r"isinstance\([^)]*Space\b|\binputs is (not )?None|len\([\w.]*\bspace\.shape\)")


def modules(root: Path) -> dict[str, Path]:
    """Every module of the package in ``root`` but the package itself, whose names are all imported lazily."""
    found = {}
    for file in sorted(root.rglob("*.py")):
        parts = file.relative_to(root.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    found.pop(root.name, None)
    return found


def imports(name: str, file: Path, known: set[str]) -> Iterator[tuple[int, str]]:
    """Line and full name of everything that the module imports, wherever in it that is written."""
    package = name if file.stem == "__init__" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(file.read_text(), str(file))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
            origin = ".".join([*above, *filter(None, [node.module])])
            for alias in node.names:
                yield node.lineno, home(origin, alias.name, known)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id == "ptarmigan":
                yield node.lineno, home("ptarmigan", node.attr, known)
        elif isinstance(node, ast.Call) and is_import_module(node.func):
            yield from ((node.lineno, arg.value) for arg in node.args[:1] if is_text(arg))


def of(module: str) -> str:
    """The name of the recipe in a module of the zoo."""
    return module.removeprefix("ptarmigan.zoo.")


def home(origin: str, name: str, known: set[str]) -> str:
    """The module that ``from origin import name`` needs."""
    if origin == "ptarmigan" and name in ptarmigan._HOMES:
        return ptarmigan._HOMES[name]
    return f"{origin}.{name}" if f"{origin}.{name}" in known else origin


def is_import_module(function: ast.expr) -> bool:
    return ast.unparse(function) in ("import_module", "importlib.import_module", "__import__")


def is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def violations(root: Path) -> list[str]:
    """Every import that does not point down, in words."""
    found = []
    files = modules(root)
    for name, file in files.items():
        room = name.split(".")[1]
        if room not in LEVEL:
            found.append(f"{name} is in no room")
            continue
        for line, target in imports(name, file, set(files)):
            where, there = f"{name}:{line} imports {target}", target.split(".")
            if there[0] != "ptarmigan":
                if room == "core" and there[0] not in CORE_STANDS_ON | sys.stdlib_module_names:
                    found.append(f"{where}: core stands on torch alone")
            elif len(there) > 1 and there[1] not in LEVEL:
                found.append(f"{where}, which is in no room")
            elif len(there) > 1 and LEVEL[there[1]] > LEVEL[room]:
                found.append(f"{where}: {room} imports {there[1]}")
            elif (
                room == "zoo" and there[1:2] == ["zoo"] and there[2:] != VARIANTS.get(of(name), "").split(".")
            ):
                found.append(f"{where}: siblings in the zoo do not import each other")
    return found


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Groups of modules each of which imports itself by way of the others (Tarjan 1972)."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        order[node] = low[node] = len(order)
        stack.append(node)
        for other in sorted(graph[node]):
            if other not in order:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], order[other])
        if low[node] == order[node]:
            group = [stack.pop()]
            while group[-1] != node:
                group.append(stack.pop())
            if len(group) > 1:
                found.append(sorted(group))

    for node in sorted(graph):
        if node not in order:
            visit(node)
    return found


def graph_of(root: Path) -> dict[str, set[str]]:
    """What every module of the package imports of it; a package's ``__init__`` is a module of its own."""
    files = modules(root)
    return {
        name: {target for _, target in imports(name, file, set(files)) if target in files} - {name}
        for name, file in files.items()
    }


def lines_that(asks: re.Pattern[str], files: Iterable[Path]) -> list[str]:
    """Lines outside of the rooms that know kinds of samples which name or ask for one."""
    outside = (f for f in files if f.relative_to(ROOT / "ptarmigan").parts[0] not in KINDS_ARE_KNOWN_IN)
    return [
        f"{file.relative_to(ROOT)}:{number}"
        for file in outside
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if asks.search(line)
    ]


def test_imports_point_down() -> None:
    assert violations(ROOT / "ptarmigan") == []


def test_no_file_imports_itself_by_way_of_others() -> None:
    assert circles(graph_of(ROOT / "ptarmigan")) == []


def test_there_are_few_rooms_and_few_arrows_between_them() -> None:
    arrows = {
        (name.split(".")[1], target.split(".")[1])
        for name, targets in graph_of(ROOT / "ptarmigan").items()
        for target in targets
    }
    rooms = {room for arrow in arrows for room in arrow}
    assert len(rooms) <= 25
    assert len([arrow for arrow in arrows if arrow[0] != arrow[1]]) <= 165


@pytest.mark.parametrize("asks", [CONCRETE, ASKING], ids=["names a space", "asks for the kind"])
def test_nobody_outside_asks_what_kind_a_sample_is(asks: re.Pattern[str]) -> None:
    assert lines_that(asks, sorted((ROOT / "ptarmigan").rglob("*.py"))) == []


def test_circles_are_found() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set(), "e": {"a"}}
    assert circles(graph) == [["b", "c"]]


def plant(tmp_path: Path, file: str, source: str) -> list[str]:
    root = tmp_path / "ptarmigan"
    innocents = (
        "__init__.py",
        "core/game.py",
        "training/run.py",
        "zoo/__init__.py",
        "zoo/image/gan.py",
        "cli.py",
    )
    for innocent in innocents:
        (root / innocent).parent.mkdir(parents=True, exist_ok=True)
        (root / innocent).write_text("import torch\n")
    assert violations(root) == []
    (root / file).parent.mkdir(parents=True, exist_ok=True)
    (root / file).write_text(source)
    return violations(root)


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("core/game.py", "from ptarmigan.training.run import Run"),
        ("core/game.py", "from ptarmigan.training import run"),
        ("core/game.py", "from ..training import run"),
        ("core/game.py", "def late():\n    import ptarmigan.training.run"),
        ("core/game.py", "import importlib\nimportlib.import_module('ptarmigan.training.run')"),
        ("core/game.py", "import ptarmigan\n\ndef late():\n    return ptarmigan.Run"),
        ("core/game.py", "import numpy as np"),
        ("training/run.py", "from ptarmigan import train"),
        ("training/run.py", "from ptarmigan.zoo.image.gan import recipe"),
        ("nets/deep.py", "from ..cli import main"),
        ("zoo/image/dcgan.py", "from ptarmigan.zoo.image.gan import recipe"),
        ("zoo/image/dcgan.py", "from .gan import recipe"),
        ("zoo/image/dcgan.py", "from ptarmigan.cli import main"),
        ("stray.py", "import torch"),
        ("cli.py", "from ptarmigan.stray import thing"),
    ],
)
def test_a_planted_violation_is_found(tmp_path: Path, file: str, source: str) -> None:
    assert len(plant(tmp_path, file, source)) == 1


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("training/run.py", "import numpy as np\nfrom ptarmigan.core.game import Game"),
        ("zoo/image/dcgan.py", "from ptarmigan.training.run import Run\nfrom ptarmigan import Game"),
        ("cli.py", "from ptarmigan import load, train, zoo"),
        ("nets/deep.py", "import math\nfrom torch import nn\nfrom ptarmigan.nets.layers import Layer"),
    ],
)
def test_what_points_down_is_allowed(tmp_path: Path, file: str, source: str) -> None:
    assert plant(tmp_path, file, source) == []


def main() -> None:
    """Print what the structure is."""
    root = ROOT / "ptarmigan"
    graph = graph_of(root)
    arrows = {(a.split(".")[1], b.split(".")[1]) for a, others in graph.items() for b in others}
    files = sorted(root.rglob("*.py"))
    print(f"rooms {len({room for arrow in arrows for room in arrow})}")
    print(f"arrows between rooms {sum(a != b for a, b in arrows)}")
    print(f"imports that point up {len(violations(root))}")
    print(f"circles of files {len(circles(graph))}")
    print(f"lines outside that name a concrete space {len(lines_that(CONCRETE, files))}")
    print(f"lines outside that ask for the kind {len(lines_that(ASKING, files))}")
    for line in [*violations(root), *lines_that(CONCRETE, files), *lines_that(ASKING, files)]:
        print(f"  {line}")


if __name__ == "__main__":
    main()
