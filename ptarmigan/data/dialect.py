"""How a text of columns is written: its encoding and its separator, found from the text and never guessed."""

from __future__ import annotations

import codecs
import csv
import io
import re
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from ptarmigan.data.cells import read_cells
from ptarmigan.data.reading import SEPARATORS, Written

BYTE_ORDER = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
LINES = 200
"""Lines in which the separator and the decimal mark are looked for."""
COMMA, DOT = r"\s*[+-]?\d+,\d+\s*", r"\s*[+-]?\d+\.\d+\s*"
THOUSANDS = r"\s*[+-]?[1-9]\d{0,2},\d{3}\s*"
"""What could be a decimal number or a whole one: 1,234."""


@dataclass(frozen=True)
class Dialect:
    """How a text of columns is written.

    Attributes:
        encoding: as Python calls it.
        separator: what stands between cells.
        spare: every line ends with one more separator.
        decimal: what decimals begin with.
    """

    encoding: str
    separator: str
    spare: bool = False
    decimal: str = "."

    @property
    def words(self) -> str:
        """``UTF-8, cells between commas``."""
        name = self.encoding.upper().removesuffix("-SIG")
        end = ", one more at the end of lines" if self.spare else ""
        mark = ", decimal commas" if self.decimal == "," else ""
        return f"{name}, cells between {SEPARATORS[self.separator]}{end}{mark}"

    def with_dot(self, cell: str) -> str:
        """A number with a dot before its decimals."""
        return cell.replace(",", ".") if self.decimal == "," else cell


class Text(NamedTuple):
    """A text of columns, how it is written, and the cells of its first line."""

    whole: bytes
    dialect: Dialect
    head: tuple[str, ...]


def read_text(path: Path, written: Written = Written()) -> Text:
    """A text of columns, of which every line is looked at.

    Args:
        path: of the file, which may be packed.
        written: what a person says of it.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is empty or no such text, its separator cannot be found, or a line has other columns.
    """
    written.check()
    whole = read_cells(path)
    encoding = encoding_of(whole, written.encoding)
    text = io.TextIOWrapper(io.BytesIO(whole), encoding, newline="")
    try:
        lines = [line for line in islice(text, LINES) if line.strip()]
        separator = written.between or separator_of(lines, path)
        decimal = written.decimal or decimal_of(lines, separator)
        text.seek(0)
        rows = csv.reader(text, delimiter=separator, skipinitialspace=True)
        head: list[str] = next((row for row in rows if row), [])
        spare = spare_at_ends(rows, len(head), path)
    except UnicodeError:
        said = "say which --encoding it has, such as latin-1, or save it as UTF-8"
        raise ValueError(f"{path} is no {encoding.upper()} text: {said}") from None
    except csv.Error as error:
        raise ValueError(f"{path} cannot be read as a table: {error}") from None
    return Text(whole, Dialect(encoding, separator, spare, decimal), tuple(head))


def encoding_of(begin: bytes, said: str = "") -> str:
    """The encoding of what begins so: by its byte order mark, as a person says, or UTF-8."""
    marked = next((name for mark, name in BYTE_ORDER.items() if begin.startswith(mark)), "")
    if said and codecs.lookup(said).name not in ("utf-8", "utf-16"):
        return said
    return marked or said or "utf-8"


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
    if len(even) == 2 and even[0] == "," and only_decimal_commas(lines, even[1]):
        return even[1]
    if len(even) > 1:
        said = " or ".join(SEPARATORS[one] for one in even)
        raise ValueError(f"{path} could be read as cells between {said}: say which with --separator")
    heads = [one for one in SEPARATORS if one in lines[0]]
    return even[0] if even else heads[0] if len(heads) == 1 else ","


def only_decimal_commas(lines: list[str], separator: str) -> bool:
    """Whether all cells with a comma are decimal numbers."""
    cells = (cell for row in csv.reader(lines, delimiter=separator) for cell in row)
    return all(re.fullmatch(COMMA, cell) for cell in cells if "," in cell)


def decimal_of(lines: list[str], separator: str) -> str:
    """What decimals begin with: a comma where no cell has a dot, and one has what can be no thousands."""
    if separator == ",":
        return "."
    cells = [cell for row in csv.reader(lines, delimiter=separator) for cell in row]
    commas = [cell for cell in cells if re.fullmatch(COMMA, cell)]
    dots = any(re.fullmatch(DOT, cell) for cell in cells)
    sure = any(not re.fullmatch(THOUSANDS, cell) for cell in commas)
    return "," if sure and not dots else "."


def spare_at_ends(rows: Any, width: int, path: Path) -> bool:
    """Whether all lines but the first have one cell more than there are names, and that is empty.

    Raises:
        ValueError: a line has more or fewer cells.
    """
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
