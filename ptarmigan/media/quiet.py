"""What libraries have to say: on the command line ours becomes a line, and that of others is for --debug."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TextIO

from ptarmigan.core.errors import Notice, one_line
from ptarmigan.media.console import Messages, discard, number, say

STDERR = 2


@contextmanager
def libraries_quiet() -> Iterator[None]:
    """Warnings, logs and what C libraries print do not reach stderr; a ``Notice`` does, in one line."""
    with ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.showwarning = _show
        stack.enter_context(_no_last_resort())
        stack.enter_context(_stderr_of_python_alone())
        yield


def _show(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    if isinstance(message, Notice):
        say(f"ptarmigan: {one_line(message)}")


@contextmanager
def _no_last_resort() -> Iterator[None]:
    """Logs for which nobody set up a place have none: Python would print them."""
    before, logging.lastResort = logging.lastResort, logging.NullHandler()
    try:
        yield
    finally:
        logging.lastResort = before


@contextmanager
def _stderr_of_python_alone() -> Iterator[None]:
    """What C libraries print goes nowhere, such as libtiff's and FFmpeg's notes about files.

    They know stderr by its number, and Python's own stream gets another.
    """
    own = sys.stderr
    if number(own) != STDERR:
        yield
        return
    own.flush()
    kept = os.dup(STDERR)
    stream = open(kept, "w", 1, encoding=own.encoding, errors="backslashreplace")  # noqa: SIM115
    discard(own)
    sys.stderr = stream
    try:
        yield
    finally:
        Messages(stream).flush()
        sys.stderr = own
        os.dup2(kept, STDERR)
        discard(stream)  # where nobody reads, it still holds something
        stream.close()
