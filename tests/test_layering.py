"""Imports point down: what a module may know is decided by its layer (docs/design.md)."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT

import ptarmigan

LAYERS = {
    0: "augment batch errors game losses nets noise optim penalties precision schedule",
    1: "data distributed draw games metrics rules spaces",
    2: "average checkpoint doctor folder loop options run sampling settings studio translation watch",
    3: "zoo",
    4: "estimators trained translating",
    5: "__main__ api augmentation cli commands comparison contract detection detecting export judge judging "
    "pictures report serve",
}
LAYER = {name: layer for layer, names in LAYERS.items() for name in names.split()}
LAYER_0_STANDS_ON = {"torch", "jaxtyping"}


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
        part = name.split(".")[1]
        if part not in LAYER:
            found.append(f"{name} has no layer")
            continue
        for line, target in imports(name, file, set(files)):
            where, there = f"{name}:{line} imports {target}", target.split(".")
            if there[0] != "ptarmigan":
                if LAYER[part] == 0 and there[0] not in LAYER_0_STANDS_ON | sys.stdlib_module_names:
                    found.append(f"{where}: layer 0 stands on torch alone")
            elif len(there) > 1 and there[1] not in LAYER:
                found.append(f"{where}, which has no layer")
            elif len(there) > 1 and LAYER[there[1]] > LAYER[part]:
                found.append(f"{where}: layer {LAYER[part]} imports layer {LAYER[there[1]]}")
            elif part == "zoo" and there[1:2] == ["zoo"]:
                found.append(f"{where}: siblings in the zoo do not import each other")
    return found


def test_imports_point_down() -> None:
    assert violations(ROOT / "ptarmigan") == []


def plant(tmp_path: Path, file: str, source: str) -> list[str]:
    root = tmp_path / "ptarmigan"
    for innocent in ("__init__.py", "game.py", "run.py", "zoo/__init__.py", "zoo/image/gan.py", "cli.py"):
        (root / innocent).parent.mkdir(parents=True, exist_ok=True)
        (root / innocent).write_text("import torch\n")
    assert violations(root) == []
    (root / file).parent.mkdir(parents=True, exist_ok=True)
    (root / file).write_text(source)
    return violations(root)


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("game.py", "from ptarmigan.run import Run"),
        ("game.py", "from ptarmigan import run"),
        ("game.py", "from . import run"),
        ("game.py", "def late():\n    import ptarmigan.run"),
        ("game.py", "import importlib\nimportlib.import_module('ptarmigan.run')"),
        ("game.py", "import ptarmigan\n\ndef late():\n    return ptarmigan.Run"),
        ("game.py", "import numpy as np"),
        ("run.py", "from ptarmigan import train"),
        ("run.py", "from ptarmigan.zoo.image.gan import recipe"),
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
        ("run.py", "import numpy as np\nfrom ptarmigan.game import Game\nfrom ptarmigan import __version__"),
        ("zoo/image/dcgan.py", "from ptarmigan.run import Run\nfrom ptarmigan import Game"),
        ("cli.py", "from ptarmigan import load, train, zoo"),
        ("nets/deep.py", "import math\nfrom torch import nn\nfrom ptarmigan.nets.layers import Layer"),
    ],
)
def test_what_points_down_is_allowed(tmp_path: Path, file: str, source: str) -> None:
    assert plant(tmp_path, file, source) == []
