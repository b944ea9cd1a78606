"""Recipes of installed plug-ins are found by entry points, and what is wrong with one is a line."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from ptarmigan import zoo

RECIPE = """\"\"\"Strokes: somebody 2026.\"\"\"

from ptarmigan.zoo.toy.gan import recipe

small = dict(width=8, steps=4, batch=16)
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator:
    """Plug-ins by entry points ``name=package`` in a package ``strokes``."""
    package = tmp_path / "strokes" / "zoo"
    package.mkdir(parents=True)
    for folder in (package.parent, package):
        (folder / "__init__.py").write_text("")
    (package / "gan.py").write_text(RECIPE)
    (package / "_shared.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)

    def installed(**points: str) -> Path:
        found = [EntryPoint(name, value, zoo.GROUP) for name, value in points.items()]
        monkeypatch.setattr(zoo, "entry_points", lambda group: found if group == zoo.GROUP else [])
        zoo.packages.cache_clear()
        return package

    yield installed
    zoo.packages.cache_clear()
    for name in [name for name in sys.modules if name.partition(".")[0] == "strokes"]:
        del sys.modules[name]


def test_its_recipes_are_recipes(install) -> None:
    package = install(strokes="strokes.zoo")
    assert [name for name in zoo.names() if name.startswith("strokes.")] == ["strokes.gan"]
    assert zoo.path("strokes.gan") == package / "gan.py"
    assert zoo.summary("strokes.gan") == "Strokes: somebody 2026."
    assert "strokes" not in sys.modules
    assert zoo.recipe("strokes.gan") is zoo.recipe("toy.gan")
    assert zoo.module("strokes.gan").small["width"] == 8


def test_a_clash_is_a_line(install, capsys) -> None:
    install(toy="strokes.zoo")
    assert "toy.gan" in zoo.names()
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("the plug-in strokes.zoo is left out: there are recipes toy.* already")


def test_a_package_that_is_not_there_is_a_line(install, capsys) -> None:
    install(strokes="strokes.zoo", gone="gone.zoo", half="strokes.nowhere")
    names = zoo.names()
    lines = capsys.readouterr().err.splitlines()
    assert [line.rpartition(": ")[2] for line in lines] == ["there is no such package"] * 2
    assert "strokes.gan" in names


def test_one_that_cannot_be_imported_is_a_line_when_it_is_asked_for(install) -> None:
    package = install(strokes="strokes.zoo")
    (package / "gan.py").write_text("import nothing_of_that_name")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "strokes.gan" in zoo.names()
    with pytest.raises(
        ValueError, match=r"strokes\.gan cannot be imported: ModuleNotFoundError: No module"
    ) as e:
        zoo.recipe("strokes.gan")
    assert "\n" not in str(e.value)
