"""How a text of columns is written: its encoding and its separator, found from the text and never guessed."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from ptarmigan.data.cells import check_cells, unpacked

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
BYTE_ORDER = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
LINES = 200
"""Lines in which the separator is looked for."""


@dataclass(frozen=True)
class Dialect:
    """How a text of columns is written.

    Attributes:
        encoding: as Python calls it.
        separator: what stands between cells.
        spare: every line ends with one more separator.
    """

    encoding: str
    separator: str
    spare: bool = False

    @property
    def words(self) -> str:
        """``UTF-8, cells between commas``."""
        name = self.encoding.upper().removesuffix("-SIG")
        end = ", one more at the end of lines" if self.spare else ""
        return f"{name}, cells between {SEPARATORS[self.separator]}{end}"


def dialect_of(path: Path) -> Dialect:
    """The dialect of a file, of which every line is looked at.

    Raises:
        ValueError: it is empty or no UTF-8 text, its separator cannot be told, or a line has other columns.
    """
    check_cells(path, "\n")
    with unpacked(path) as file:
        whole = file.read()
    encoding = encoding_of(whole)
    text = io.TextIOWrapper(io.BytesIO(whole), encoding, newline="")
    try:
        separator = separator_of([line for line in islice(text, LINES) if line.strip()], path)
        text.seek(0)
        rows = csv.reader(text, delimiter=separator, skipinitialspace=True)
        return Dialect(encoding, separator, spare_at_ends(rows, path))
    except UnicodeDecodeError:
        raise ValueError(f"{path} is no UTF-8 text: save it as UTF-8") from None
    except csv.Error as error:
        raise ValueError(f"{path} cannot be read as a table: {error}") from None


def encoding_of(begin: bytes) -> str:
    """The encoding of what begins so: UTF-8, unless a byte order mark says otherwise."""
    return next((name for mark, name in BYTE_ORDER.items() if begin.startswith(mark)), "utf-8")


def separator_of(lines: list[str], path: Path) -> str:
    """What stands between cells: it makes as many of every line, and more than one.

    Raises:
        ValueError: there is no line, or two would do.
    """
    if not lines:
        raise ValueError(f"{path} is empty")
    widths = {
        one: {len(row) for row in csv.reader(lines, delimiter=one, skipinitialspace=True) if row}
        for one in SEPARATORS
    }
    even = [one for one, found in widths.items() if len(found) == 1 and found != {1}]
    if len(even) > 1:
        said = " or ".join(SEPARATORS[one] for one in even)
        raise ValueError(f"{path} could be read as cells between {said}: save it with one of them")
    heads = [one for one in SEPARATORS if one in lines[0]]
    return even[0] if even else heads[0] if len(heads) == 1 else ","


def spare_at_ends(rows: Any, path: Path) -> bool:
    """Whether all lines but perhaps the first have one cell more than there are names, and that is empty.

    Raises:
        ValueError: a line has more or fewer cells.
    """
    names: list[str] = next((row for row in rows if row), [])
    width = len(names)
    found = set()
    for row in rows:
        if row:
            extra = len(row) == width + 1 and not row[-1].strip()
            if len(row) != width and not extra:
                raise ValueError(
                    f"{path}: line {rows.line_num} has {len(row)} cells, and there are {width} names"
                )
            found.add(extra)
    if len(found) > 1:
        raise ValueError(f"{path}: some lines end with one more separator, and some do not")
    return found == {True}
