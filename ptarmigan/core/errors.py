"""Errors that end a command in one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from textwrap import shorten

REASON = 200
"""Characters of another's error that are shown."""


class Diverged(RuntimeError):
    """Training could not go on: its terms or gradients are not finite, and going back did not help."""


class UsageError(ValueError):
    """The command line is not as its ``--help`` says."""


@contextmanager
def must_fit(problem: str) -> Iterator[None]:
    """Take errors of code that is called with what a file says as errors of that file.

    Args:
        problem: what is then said, before the reason: "x.safetensors does not fit toy.gan".

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


def one_line(error: BaseException) -> str:
    """What an error says; one of the system's as its own tools say it: which file, and what is wrong."""
    words = str(error)
    if isinstance(error, OSError) and error.strerror:
        words = ": ".join(str(part) for part in (error.filename, error.strerror) if part is not None)
    return " ".join(words.split())
