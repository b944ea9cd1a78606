"""The space of a search: which options are searched, and the values that each may take.

``lr=1e-4..1e-2:log`` is a range, ``width=16,32,64`` a choice. Values have the type of the recipe's option.
"""

from __future__ import annotations

import dataclasses
import inspect
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import NoneType
from typing import Any, Literal, TypeAlias

from ptarmigan.training.options import check_names, defaults, is_group

Value: TypeAlias = "bool | int | float | str | None"
LOG = ":log"
BETWEEN = ".."
SPELT: dict[str, Value] = {"true": True, "false": False, "none": None}


@dataclass(frozen=True)
class Choice:
    """An option with some values.

    Attributes:
        name: of the option.
        values: two or more.
    """

    name: str
    values: tuple[Value, ...]

    def holds(self, value: Any) -> bool:
        """Whether this is one of the values."""
        return value in self.values

    def __str__(self) -> str:
        return ",".join(map(str, self.values))


@dataclass(frozen=True)
class Range:
    """An option with all numbers between two.

    Attributes:
        name: of the option.
        low: the least.
        high: the greatest.
        log: search evenly among magnitudes.
        whole: whole numbers only.
    """

    name: str
    low: float
    high: float
    log: bool = False
    whole: bool = False

    def holds(self, value: Any) -> bool:
        """Whether this is a number of the range."""
        return isinstance(value, int | float) and self.low <= value <= self.high

    def __str__(self) -> str:
        return f"{self.low:g}{BETWEEN}{self.high:g}{LOG if self.log else ''}"


Dimension: TypeAlias = "Choice | Range"


def dimensions(
    recipe: Callable[..., Any], search: Mapping[str, str | Sequence[Value]]
) -> tuple[Dimension, ...]:
    """The space of a search.

    Args:
        recipe: whose options they are.
        search: by the names of options, ``1e-4..1e-2:log``, ``16,32`` or a list of values.

    Raises:
        ValueError: there is nothing to search, no such option, or a value that the option cannot have.
    """
    if not search:
        raise ValueError("nothing is searched: name options, such as --search lr=1e-4..1e-2:log width=16,32")
    check_names(search, defaults(recipe))
    types = types_of(recipe)
    return tuple(
        read(name, said, types[name]) if isinstance(said, str) else choice(name, tuple(said))
        for name, said in search.items()
    )


def read(name: str, said: str, annotation: Any) -> Dimension:
    """The values that an option may take, from the command line's form.

    Raises:
        ValueError: it has none, or they are of another type.
    """
    ends = said.removesuffix(LOG)
    if BETWEEN not in ends:
        return choice(name, tuple(value_of(name, each, annotation) for each in said.split(",")))
    low, high = (value_of(name, each, annotation) for each in ends.split(BETWEEN, 1))
    if isinstance(low, bool | str | None) or isinstance(high, bool | str | None):
        raise ValueError(f"--search {name}={said}: a range needs two numbers, such as 1e-4{BETWEEN}1e-2{LOG}")
    log = said.endswith(LOG)
    if not low < high or (log and low <= 0):
        more = " and above 0" if log else ""
        raise ValueError(f"--search {name}={said}: the first number must be below the second{more}")
    return Range(name, low, high, log, isinstance(low, int) and isinstance(high, int))


def choice(name: str, values: tuple[Value, ...]) -> Choice:
    """Some values of an option.

    Raises:
        ValueError: there are fewer than two, or one twice.
    """
    if len(values) < 2 or len({*values}) < len(values):
        raise ValueError(f"--search {name}={','.join(map(str, values))}: two different values or more")
    return Choice(name, values)


def value_of(name: str, text: str, annotation: Any) -> Value:
    """A value of the type that an option has.

    Raises:
        ValueError: the text is none.
    """
    known = typing.get_args(annotation) if typing.get_origin(annotation) is Literal else ()
    if known:
        found = [each for each in known if str(each) == text]
        if not found:
            raise ValueError(f"--search {name}={text}: expected {', '.join(map(str, known))}")
        value: Value = found[0]
        return value
    types = {*typing.get_args(annotation)} or {annotation}
    for kind in (bool, NoneType):
        if kind in types and isinstance(SPELT.get(text.lower(), ""), kind):
            return SPELT[text.lower()]
    for number in (int, float):
        if number in types:
            try:
                return number(text)
            except ValueError:
                continue
    if str in types:
        return text
    raise ValueError(f"--search {name}={text}: this option cannot have that value")


def types_of(recipe: Callable[..., Any]) -> dict[str, Any]:
    """The types of a recipe's options by flat names, those of groups beside the rest."""
    hints = typing.get_type_hints(recipe)
    found: dict[str, Any] = {}
    for name, parameter in inspect.signature(recipe).parameters.items():
        group = parameter.default
        if is_group(group):
            theirs = typing.get_type_hints(type(group))
            found |= {field.name: theirs[field.name] for field in dataclasses.fields(group)}
        else:
            found[name] = hints.get(name, Any)
    return found
