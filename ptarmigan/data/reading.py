"""How files are read, where a person says it: options that several kinds of data share."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
SPELT = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "bar": "|"}
"""How a separator can be typed where it is hard to."""
DECIMALS = (".", ",")


@dataclass(frozen=True)
class Data:
    """Options of data begin with what they are."""

    data: Any = ""


@dataclass(frozen=True, kw_only=True)
class Written:
    """How a text file of columns is written."""

    separator: str = ""
    """What stands between the cells of a text file: a comma, a semicolon, tab or a bar; found when empty."""
    decimal: str = ""
    """What decimals of a text file begin with, a dot or a comma; found when empty."""
    encoding: str = ""
    """Of a text file, such as latin-1 or utf-16; UTF-8, unless its first bytes say otherwise, when empty."""

    @property
    def between(self) -> str:
        """The separator as one character; empty where it is to be found."""
        return SPELT.get(self.separator, self.separator)

    def check(self) -> None:
        """See that all of it can be meant.

        Raises:
            ValueError: it cannot.
        """
        if self.between and self.between not in SEPARATORS:
            raise ValueError(f"--separator {self.separator!r}: it is a comma, a semicolon, tab or a bar")
        if self.decimal and self.decimal not in DECIMALS:
            raise ValueError(f"--decimal {self.decimal!r}: it is a dot or a comma")
        try:
            codecs.lookup(self.encoding or "utf-8")
        except LookupError:
            raise ValueError(f"--encoding {self.encoding}: there is none of that name") from None


@dataclass(frozen=True, kw_only=True)
class Reading(Written):
    """How a text file of columns is written, and what its cells are."""

    text: tuple[str, ...] = ()
    """Columns of a text file that are text as it stands, whatever they look like."""
    missing: tuple[str, ...] = ()
    """Cells of a text file that are missing ones, such as "-", "?" or -999, beside empty ones."""


def check_text(options: Any, endings: tuple[str, ...]) -> None:
    """See that what is said of a text file is said of one.

    Args:
        options: of data.
        endings: of the names of text files.

    Raises:
        ValueError: the data is something else, whose columns have types.
    """
    said, data = reading_of(options), options.data
    if said and not (isinstance(data, str | Path) and str(data).lower().endswith(endings)):
        what = data if isinstance(data, str | Path) else f"a {type(data).__name__}"
        raise ValueError(f"--{next(iter(said))} is of text files, and {what} is none")


def reading_of(options: Any) -> dict[str, Any]:
    """The options of ``Reading`` that say something, among others or among the fields of a dataclass."""
    known = options if isinstance(options, Mapping) else vars(options)
    values = {field.name: known.get(field.name) for field in fields(Reading)}
    return {name: tuple(v) if isinstance(v, list) else v for name, v in values.items() if v}
