"""What commands print: tables as wide as the terminal, and where there is none as wide as a page."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ptarmigan.media.console import Messages

if TYPE_CHECKING:
    from rich.console import Console

WIDE = 120
"""Characters of a line that goes into a file."""


def console(wide: int = WIDE) -> Console:
    """Standard output: as wide as the terminal, or ``wide`` where it is none."""
    from rich.console import Console

    return Console(width=None if Messages(sys.stdout).isatty() else wide, highlight=False)


def print_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows under the names of their columns."""
    from rich.table import Column, Table
    from rich.text import Text

    # text and not markup: what names hold is nobody's order
    table = Table(*(Column(Text(name)) for name in head), box=None, header_style="dim")
    for row in rows:
        table.add_row(*map(Text, row))
    console().print(table)
