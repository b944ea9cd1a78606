"""Results on stdout: every line and table goes through here, and takes nothing but its place."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ptarmigan.core.text import printable
from ptarmigan.media.console import Messages

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

WIDE = 120
"""Characters of a line of a table that goes into a file."""


def show(*lines: str) -> None:
    """Lines on stdout: what a command was asked for."""
    for line in lines:
        print(printable(line))


def show_json(plain: Any) -> None:
    """Plain data as JSON on stdout."""
    words = json.dumps(plain, indent=2).replace("\x7f", r"\u007f")  # all other control characters are escaped
    show(*words.split("\n"))


def show_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Rows under the names of their columns on stdout."""
    from rich.table import Column, Table

    table = Table(*(Column(text(name)) for name in head), box=None, header_style="dim")
    for row in rows:
        table.add_row(*map(text, row))
    show_drawn(table)


def show_drawn(drawn: Table, width: int = WIDE) -> None:
    """A table on stdout, whose cells are made by ``text``."""
    console(width).print(drawn)


def show_styled(line: str, style: str) -> None:
    """A line on stdout, where that is a terminal in a style of rich's."""
    console().print(text(line, style))


def text(words: str, style: str = "") -> Text:
    """Words for rich: no markup, since what names hold is nobody's order."""
    from rich.text import Text

    return Text(printable(words), style)


def console(width: int = WIDE) -> Console:
    """Stdout for rich: as wide as the terminal, and where there is none ``width`` characters.

    It is given ``text``, never a plain string.
    """
    from rich.console import Console

    wide = None if Messages(sys.stdout).isatty() else width
    return Console(width=wide, highlight=False, markup=False)
