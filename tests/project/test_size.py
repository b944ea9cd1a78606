"""Classes stay small enough to be read at once."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from conftest import ROOT

METHODS = 12
"""Methods in the body of a class, at most; properties and overloads are methods."""


def long_classes(root: Path, most: int = METHODS) -> Iterator[str]:
    """Every class of a package with more methods in its body, in words."""
    for file in sorted(root.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"), str(file))):
            if isinstance(node, ast.ClassDef):
                methods = sum(isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef) for part in node.body)
                if methods > most:
                    yield f"{file.relative_to(root)}: {node.name} has {methods} methods"


def test_no_class_has_more_methods_than_a_reader_keeps_in_mind() -> None:
    assert list(long_classes(ROOT / "ptarmigan")) == []


def test_a_class_that_is_too_long_is_found(tmp_path: Path) -> None:
    methods = "".join(f"    @property\n    def m{i}(self): ...\n" for i in range(METHODS + 1))
    (tmp_path / "long.py").write_text(f"class Long:\n{methods}")
    (tmp_path / "short.py").write_text("class Short:\n    def m(self): ...\n")
    assert list(long_classes(tmp_path)) == [f"long.py: Long has {METHODS + 1} methods"]
