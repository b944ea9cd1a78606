"""A bar and a line on a terminal; elsewhere nothing, and whatever stderr is, the work goes on."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable

import pytest

from ptarmigan.media import progress
from ptarmigan.media.console import on_terminal, say
from ptarmigan.media.progress import Bar, counted, status


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Log:
    """What an editor or a logger puts in stderr's place."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def write(self, text: str) -> int:
        self.said.append(text)
        return len(text)


class Gone(Log):
    """A pipe that nobody reads any more."""

    def write(self, text: str) -> int:
        raise BrokenPipeError

    def flush(self) -> None:
        raise BrokenPipeError


def closed() -> io.StringIO:
    file = io.StringIO()
    file.close()
    return file


def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Not a fixture: between those and the test pytest puts a stderr of its own in place."""
    found = Terminal()
    monkeypatch.setattr(sys, "stderr", found)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    return found


@pytest.mark.parametrize(
    ("unit", "shown"), [("count", "3/7"), ("bytes", "3/7 bytes"), ("share", "43%")], ids=str
)
def test_a_bar_on_a_terminal_says_how_far_it_is(
    monkeypatch: pytest.MonkeyPatch, unit: progress.Unit, shown: str
) -> None:
    screen = terminal(monkeypatch)
    with Bar(7, "reading [a.bin]", unit=unit, keep=True) as bar:
        bar.advance(2)
        bar.advance()
        bar.note("loss 0.5")
        bar.say("a line [above]")
    text = screen.getvalue()
    for words in ("reading [a.bin]", shown, "loss 0.5", "a line [above]"):
        assert words in text


def test_a_bar_goes_on_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = terminal(monkeypatch)
    with Bar(7, start=4, keep=True) as bar:
        bar.reach(5)
    assert "5/7" in screen.getvalue()


def test_what_comes_is_counted_and_comes_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = terminal(monkeypatch)
    assert [*counted(iter(["ab", "cde"]), 5)] == ["ab", "cde"]
    assert "5/5" in screen.getvalue()
    before = screen.getvalue()
    assert [*counted(["ab"], 2, shown=False)] == ["ab"]
    assert screen.getvalue() == before


def test_a_status_says_what_is_being_done(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = terminal(monkeypatch)
    with status() as tell:
        tell("counting")
    before = screen.getvalue()
    assert "counting" in before
    with status(shown=False) as tell:
        tell("counting")
    assert screen.getvalue() == before


@pytest.mark.parametrize("stderr", [lambda: None, Log, Gone, closed, io.StringIO])
def test_nothing_is_drawn_where_stderr_is_no_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], stderr: Callable[[], object]
) -> None:
    monkeypatch.setattr(sys, "stderr", stderr())
    assert not on_terminal()
    with Bar(3, "reading") as bar, status() as tell:
        bar.advance()
        tell("counting")
        bar.say("a line")
    say("a line")
    assert capsys.readouterr().out == ""


def test_a_line_is_said_where_stderr_only_takes_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Log())
    say("a line")
    assert "".join(sys.stderr.said) == "a line\n"  # type: ignore[attr-defined]
