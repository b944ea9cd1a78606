"""What strangers call their files, classes and columns does nothing to a terminal."""

import ast
import json
import os
import pty
import unicodedata

import numpy as np
import pytest
from conftest import ROOT
from PIL import Image

from ptarmigan.core.text import printable
from ptarmigan.media import console, progress, show
from ptarmigan.media.markup import escaped

NASTY = "\x1b]0;title\x07\x1b[31mred\x9b2J\n\rptarmigan: all is well\u202egnp.\u2028\udcff"
FORBIDDEN = set(NASTY) & {chr(i) for i in range(32)} | set("\x9b\u202e\u2028\udcff")
KNOWN = tuple(f"media/{name}.py" for name in ("console", "show", "progress", "quiet", "markup"))
"""The files that may write to a terminal, and to a page."""
ALONE = "exports/use.py"
"""A script that is copied beside an export and has nothing of this package."""


def harmless(words: str) -> bool:
    """Whether lines of text hold nothing but words."""
    return not any(FORBIDDEN & set(line) for line in words.split("\n"))


@pytest.mark.parametrize("words", ["plain", "Ünï 中文 🐦‍⬛ عربي עברית", "a\\b", "tab's [bold] <b>"])
def test_words_stay_as_they_are(words):
    assert printable(words) == words


def test_nothing_but_words_is_left():
    assert printable("a\x1b[0m\n") == r"a\x1b[0m\n"
    every = "".join(map(chr, [*range(0x3000), *range(0xD800, 0xE000), *range(0xF900, 0x10000), 0xE0041]))
    left = printable(every)
    assert not {unicodedata.category(c) for c in left} & {"Cc", "Cs", "Zl", "Zp"}
    assert not {unicodedata.bidirectional(c) for c in left} & {
        "RLE",
        "LRE",
        "RLO",
        "LRO",
        "PDF",
        "RLI",
        "LRI",
    }


@pytest.mark.parametrize(
    "write",
    [
        lambda: show.show(NASTY, NASTY),
        lambda: console.say(NASTY),
        lambda: show.show_json({NASTY: NASTY + "\x7f"}),
        lambda: show.show_table((NASTY,), [(NASTY,)]),
        lambda: show.show_styled(NASTY, "dim"),
        lambda: progress.Bar(1, NASTY).say(NASTY),
    ],
)
def test_every_way_to_a_terminal_is_harmless(write, capsys):
    write()
    out, err = capsys.readouterr()
    assert "title" in out + err
    assert harmless(out + err)


def test_lines_stay_lines_and_json_stays_json(capsys):
    show.show("one", "two\nlines")
    assert capsys.readouterr().out == "one\ntwo\\nlines\n"
    show.show_json({NASTY: ["\x7f"]})
    assert json.loads(capsys.readouterr().out) == {NASTY: ["\x7f"]}


def test_a_bar_on_a_terminal_draws_and_is_harmless(monkeypatch):
    mine, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as terminal:
        monkeypatch.setattr("sys.stderr", terminal)
        monkeypatch.setenv("TERM", "xterm")
        with progress.Bar(2, NASTY) as bar:
            bar.note(NASTY)
            bar.say(NASTY)
            bar.advance(1)
        with progress.status() as tell:
            tell(NASTY + "[red]")
        terminal.flush()
        drawn = os.read(mine, 1 << 20).decode()
    os.close(mine)
    assert r"\x1b]0;title" in drawn
    assert "\x1b]" not in drawn
    assert "\x1b[31m" not in drawn
    assert "\x9b" not in drawn


def test_pages_are_harmless_too():
    assert harmless(escaped(NASTY))
    assert escaped("a\n<b>") == "a\n&lt;b&gt;"
    assert escaped(NASTY).encode()


def test_nobody_else_writes_to_a_terminal():
    found = [
        f"{file.relative_to(ROOT / 'ptarmigan')}:{line}"
        for file in sorted((ROOT / "ptarmigan").rglob("*.py"))
        for line in ways_out(file.read_text())
        if str(file.relative_to(ROOT / "ptarmigan")) not in (*KNOWN, ALONE)
    ]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "print('x')",
        "partial(print, flush=True)",
        "import sys\nsys.stderr.write('x')",
        "from rich.console import Console",
        "import rich.console",
        "traceback.print_exc()",
        "from html import escape",
        "import html",
        "import warnings\nwarnings.showwarning('x')",
    ],
)
def test_the_rule_sees(source):
    assert ways_out(source)


def ways_out(source: str) -> list[int]:
    """Lines that write to a terminal or a page by a way of their own."""
    tree = ast.parse(source)
    lines = []
    for node in ast.walk(tree):
        name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
        modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        modules += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if name in ("print", "print_exc", "showwarning") or (name == "write" and streams(node)):
            lines.append(node.lineno)
        lines += [node.lineno for module in modules if module in ("rich.console", "rich", "html")]
    return lines


def streams(node: ast.AST) -> bool:
    """Whether ``write`` is that of stdout or stderr."""
    return isinstance(node, ast.Attribute) and "sys.std" in ast.unparse(node.value)


@pytest.fixture
def strange(tmp_path):
    """Data whose names are nasty."""
    name = NASTY.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape").replace("/", "")
    for folder in ("pics", f"classes/{name}", "classes/b"):
        (tmp_path / folder).mkdir(parents=True)
        for i in range(12):
            Image.fromarray(np.full((8, 8), i * 9, np.uint8)).save(tmp_path / folder / f"{i}.png")
    (tmp_path / "pics" / f"{name}.png").write_bytes(b"x")
    column = json.dumps(NASTY.replace("\udcff", ""))[1:-1].replace('"', "").encode().decode("unicode_escape")
    rows = "".join(f"{i % 7}.5,{'xyz'[i % 3]}\x1b[2J\n" for i in range(60))
    (tmp_path / "t.csv").write_text(f'"{column}",b\n{rows}')
    return tmp_path


QUICK = ("--steps", "1", "--width", "4", "--batch", "4", "--score-every", "0", "--sample-every", "0")
COMMANDS = {
    "pictures": ("data", "pics"),
    "classes": ("data", "classes"),
    "columns": ("data", "t.csv"),
    "run": ("report", NASTY),
    "samples": ("score", "--real", "pics", "--fake", NASTY),
    "training": ("train", "image.dcgan", "--data", "pics", *QUICK, "--out", f"runs{NASTY}"),
    "recipe": ("train", NASTY),
    "command": (NASTY,),
    "option": ("train", "toy.gan", f"--{NASTY}", "1"),
    "traceback": ("train", "toy.gan", "--data", NASTY, "--debug"),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_are_harmless(command, strange, monkeypatch, capsys):
    from ptarmigan.cli import main

    monkeypatch.chdir(strange)
    with pytest.raises(SystemExit):
        main(list(COMMANDS[command]))
    out, err = capsys.readouterr()
    assert out + err
    assert harmless(out + err)
