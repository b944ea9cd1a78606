"""A file of the zoo shows its own idea: few of its lines stand in another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from conftest import ROOT

LONG = 20
"""Shorter lines, without their indentation, do not count: every program has them."""
MOST = 0.20
NOT_COUNTED = ("import ", "from ", "#", '"""')


def lines(file: Path) -> Iterator[str]:
    """Lines that count: no import, no comment, no first line of a docstring."""
    for line in map(str.strip, file.read_text().splitlines()):
        if len(line) > LONG and not line.startswith(NOT_COUNTED):
            yield line


def share_of_duplicates(files: list[Path]) -> float:
    """The share of lines that occur verbatim in another of the files."""
    found = {file: list(lines(file)) for file in files}
    where = defaultdict(set)
    for file, mine in found.items():
        for line in mine:
            where[line].add(file)
    every = [line for mine in found.values() for line in mine]
    return sum(len(where[line]) > 1 for line in every) / len(every)


def test_few_lines_of_the_zoo_stand_in_another_of_its_files():
    files = [file for file in (ROOT / "ptarmigan" / "zoo").glob("*/*.py") if file.name != "__init__.py"]
    assert share_of_duplicates(files) <= MOST


def test_what_counts(tmp_path):
    (tmp_path / "a.py").write_text(
        '"""A docstring that both files have."""\nimport a.module.of.both\nx = 1\n' + SAME
    )
    (tmp_path / "b.py").write_text(
        '"""A docstring that both files have."""\nimport a.module.of.both\nx = 1\n    ' + SAME
    )
    (tmp_path / "c.py").write_text("a_line_of_its_own = 'in one file'\n")
    files = sorted(tmp_path.glob("*.py"))
    assert share_of_duplicates(files) == 2 / 3
    assert share_of_duplicates(files[1:]) == 0


SAME = "the_same_line = 'in two of the files'\n"
