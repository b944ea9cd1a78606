"""A recipe's signature as a form, and what was filled in as a command."""

from __future__ import annotations

import dataclasses
import inspect
import re
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ptarmigan import zoo
from ptarmigan.core.errors import UsageError
from ptarmigan.data.known import DATA
from ptarmigan.modalities.registry import modalities
from ptarmigan.training.options import is_group, plain
from ptarmigan.training.settings import Settings

NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
WORDS = re.compile(r"[^\x00-\x1f\x7f/\\~]{0,200}")
"""Text without what makes a path: files are named where the studio is started, and not by a page."""
LISTED = 500
"""Files of the data folder that are offered, at most."""


@dataclasses.dataclass(frozen=True)
class Option:
    """One option of a form.

    Attributes:
        name: as in the signature.
        group: the heading that it stands under: ``recipe``, ``data``, ``training`` or ``settings``.
        kind: ``int``, ``float``, ``bool``, ``choice``, ``list`` or ``text``.
        default: what it is when nothing is filled in.
        help: what it is, in words.
        choices: what may be chosen.
    """

    name: str
    group: str
    kind: str
    default: Any
    help: str = ""
    choices: tuple[str, ...] = ()


def options(name: str, folder: Path | None = None) -> list[Option]:
    """Every option of a recipe and of its training, with what may be filled in.

    Args:
        name: of the recipe.
        folder: whose files may be trained on, beside built-in sets; none when None.

    Raises:
        ValueError: there is no such recipe.
    """
    recipe = zoo.recipe(name)
    found = [*of_recipe(recipe), *of_group(Settings(), "settings")]
    return [
        dataclasses.replace(each, kind="choice", choices=tuple(data_names(str(each.default), folder)))
        if each.name == DATA
        else each
        for each in found
    ]


def of_recipe(recipe: Callable[..., Any]) -> Iterator[Option]:
    """The options of a recipe; those of a group follow each other."""
    import docstring_parser

    hints = typing.get_type_hints(recipe, include_extras=True)
    said = docstring_parser.parse(recipe.__doc__ or "", docstring_parser.DocstringStyle.GOOGLE)
    words = {each.arg_name: each.description or "" for each in said.params}
    for parameter in inspect.signature(recipe).parameters.values():
        if is_group(parameter.default):
            yield from of_group(parameter.default, parameter.name)
        else:
            hint = hints.get(parameter.name, str)
            yield option(parameter.name, "recipe", hint, parameter.default, words.get(parameter.name, ""))


def of_group(group: Any, heading: str) -> Iterator[Option]:
    """The options of a group, which is a dataclass whose fields have docstrings."""
    import docstring_parser

    said = [docstring_parser.parse_from_object(kind).params for kind in type(group).__mro__[-2::-1]]
    words = {each.arg_name: each.description or "" for params in said for each in params}
    hints = typing.get_type_hints(type(group), include_extras=True)
    for each in dataclasses.fields(group):
        yield option(
            each.name, heading, hints[each.name], getattr(group, each.name), words.get(each.name, "")
        )


def option(name: str, group: str, hint: Any, default: Any, words: str) -> Option:
    """One option from its annotation."""
    kind, choices = kind_of(hint, default)
    return Option(name, group, kind, plain(default), " ".join(words.split()), choices)


def kind_of(hint: Any, default: Any) -> tuple[str, tuple[str, ...]]:
    """What is filled in for an annotation, and what may be chosen."""
    if typing.get_origin(hint) is typing.Annotated:
        hint = typing.get_args(hint)[0]
    if typing.get_origin(hint) is typing.Literal:
        return "choice", tuple(map(str, typing.get_args(hint)))
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        kinds = [kind_of(arg, default) for arg in typing.get_args(hint) if arg is not type(None)]
        return next((kind for kind in kinds if kind[0] != "text"), kinds[0])
    if typing.get_origin(hint) is tuple or isinstance(default, tuple):
        return "list", ()
    for one in (bool, int, float):
        if hint is one or (hint is Any and type(default) is one):
            return one.__name__, ()
    return "text", ()


def data_names(default: str, folder: Path | None) -> list[str]:
    """Data that may be chosen: built-in sets of the kinds that have the default, and files of the folder."""
    sets = [name for each in modalities() if default in each.sets for name in each.sets]
    return [*dict.fromkeys([default, *sets]), *files_of(folder)]


def files_of(folder: Path | None) -> list[str]:
    """What lies in the folder of data, by name."""
    if folder is None or not folder.is_dir():
        return []
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))[:LISTED]


def arguments(name: str, given: Mapping[str, Any], folder: Path | None = None) -> list[str]:
    """What is filled in as arguments of ``ptarmigan train``; what is as by default is left out.

    Args:
        name: of the recipe, one of the zoo.
        given: values by the names of options.
        folder: whose files may be trained on.

    Raises:
        ValueError: there is no such recipe or option, or a value is none of its kind.
    """
    if name not in zoo.names():
        raise UsageError(f"there is no recipe {name!r}")
    known = {each.name: each for each in options(name, folder)}
    words = [name]
    for key, value in given.items():
        if key not in known:
            raise UsageError(f"{name} has no option {key!r}")
        words += typed(known[key], value, folder)
    return words


def typed(option: Option, value: Any, folder: Path | None) -> list[str]:
    """An option as it is typed; nothing where it has its default.

    Raises:
        UsageError: the value is none of its kind.
    """
    flag = option.name.replace("_", "-")
    if value == option.default or value in ("", None):
        return []
    if option.kind == "bool":
        if not isinstance(value, bool):
            raise UsageError(f"--{flag}: yes or no, and not {value!r}")
        return [f"--{flag}" if value else f"--no-{flag}"]
    if option.kind == "list":
        return [f"--{flag}", *(checked(option, word) for word in str(value).replace(",", " ").split())]
    word = checked(option, value)
    if option.name == DATA and folder is not None and word in files_of(folder):
        word = str(folder.resolve() / word)
    return [f"--{flag}={word}"]


def checked(option: Option, value: Any) -> str:
    """A value as a word.

    Raises:
        UsageError: it is none of its kind, or names a file.
    """
    flag = option.name.replace("_", "-")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise UsageError(f"--{flag}: a number or a word")
    word = str(value).strip()
    if option.kind == "choice" and word not in option.choices:
        raise UsageError(f"--{flag} {word[:50]!r}: one of {', '.join(option.choices)}")
    if option.kind in ("int", "float") and not NUMBER.fullmatch(word):
        raise UsageError(f"--{flag} {word[:50]!r}: a number")
    if option.kind in ("text", "list") and (
        not WORDS.fullmatch(word) or word.startswith((".", "-")) or Path(word).exists()
    ):
        raise UsageError(f"--{flag} {word[:50]!r}: a page names no files; type the command yourself")
    return word
