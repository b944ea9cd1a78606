"""Errors that end a command in one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import shorten

REASON = 200
"""Characters of a library's error that are shown."""


class Diverged(RuntimeError):
    """Training diverged: terms or gradients are not finite, and earlier checkpoints did not help."""


class Notice(UserWarning):
    """Something that a person should know of, although all goes on; the command line says it in a line."""


class UsageError(ValueError):
    """The command line has an unknown option, a missing argument or a value of the wrong type."""


@contextmanager
def must_fit(problem: str) -> Iterator[None]:
    """Turn errors of code that is called with the contents of a file into one clear error about that file.

    Args:
        problem: the beginning of the message, before the reason: "x.safetensors does not fit toy.gan".

    Raises:
        ValueError: the code raised something.
    """
    try:
        yield
    except ValueError:
        raise
    except (ArithmeticError, AttributeError, LookupError, MemoryError, RuntimeError, TypeError) as error:
        reason = shorten(one_line(error) or type(error).__name__, REASON, placeholder=" …")
        raise ValueError(f"{problem} ({reason})") from error


@contextmanager
def about(where: object) -> Iterator[None]:
    """Begin the message of an error with what it is about, unless it names that.

    Args:
        where: a path or a name; nothing is added for anything else, such as a frame.

    Raises:
        ValueError: the code raised it.
    """
    try:
        yield
    except ValueError as error:
        if not isinstance(where, str | Path) or str(where) in str(error):
            raise
        raise ValueError(f"{where}: {one_line(error)}") from error


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory was asked for in vain: Python's, torch's, or that of a GPU."""
    words = ("can't allocate memory", "out of memory")
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError) and any(word in str(error) for word in words)
    )


def one_line(error: BaseException) -> str:
    """An error's message in one line; for an error of the operating system, the file and what is wrong."""
    words = str(error)
    if isinstance(error, OSError) and error.strerror:
        words = ": ".join(str(part) for part in (error.filename, error.strerror) if part is not None)
    return " ".join(words.split())
