"""Options of commands: a function's signature, parsed by tyro."""

from __future__ import annotations

import contextlib
import functools
import io
import os
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import tyro

from ptarmigan.core.errors import UsageError

T = TypeVar("T")
BOX = "╭╮╰╯─│"
PLAIN = (tyro.conf.OmitArgPrefixes, tyro.conf.FlagCreatePairsOff)


def parse(command: Callable[..., T] | type[T], args: list[str], prog: str) -> T:
    """Parse ``args`` by the signature of ``command``, and call it; paths may begin with ``~``.

    Raises:
        UsageError: they do not fit; tyro's message in one line.
    """
    said = io.StringIO()

    @functools.wraps(command, updated=())
    def later(*given: Any, **named: Any) -> Callable[[], T]:
        return partial(command, *given, **named)

    try:
        with contextlib.redirect_stderr(said):
            given = [at_home(word) for word in args]
            call: Callable[[], T] = tyro.cli(later, args=given, prog=f"ptarmigan {prog}", config=PLAIN)
    except SystemExit as stop:
        if stop.code in (0, None):
            raise
        raise UsageError(in_one_line(said.getvalue(), prog)) from None
    return call()  # outside of the try: what it prints itself is not tyro's


def at_home(word: str) -> str:
    """Expand ``~`` at the beginning of a path: shells do not expand it after ``--out=`` and in quotes."""
    option, sign, value = word.partition("=") if word.startswith("--") else ("", "", word)
    return f"{option}{sign}{os.path.expanduser(value)}" if re.match(r"~\w*/", value) else word


def in_one_line(box: str, prog: str) -> str:
    """Tyro's message without its frame: what is wrong, and the option that was perhaps meant."""
    lines = [line.strip(BOX + " ") for line in box.splitlines()[1:]]
    said = lines[: lines.index("")] if "" in lines else lines
    words = " ".join(line for line in said if line)
    near = [line.split()[0] for line in lines[len(said) :] if line.startswith("--")]
    hint = f" (perhaps {near[0]})" if near else ""
    return f"{words}{hint}; see 'ptarmigan {prog} --help'"


def use_recipe(file: str, *runs: str) -> None:
    """Let runs whose recipe is a person's file use this one; nothing where none is given.

    Raises:
        ValueError: there is no such file, or a run needs none.
    """
    if file:
        from ptarmigan.training.own import name_file
        from ptarmigan.training.run_folder import load

        for run in runs:
            name_file(load(Path(run)), file)


def use_data_dir(folder: str) -> None:
    """Set the folder of named data sets."""
    if folder:
        if not Path(folder).is_dir():
            raise UsageError(f"--data-dir {folder}: there is no such folder")
        os.environ["PTARMIGAN_DATA"] = folder
