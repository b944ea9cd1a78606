"""Errors that end a command in one line."""

from __future__ import annotations


class Diverged(RuntimeError):
    """Training could not go on: its terms or gradients are not finite, and going back did not help."""


class UsageError(ValueError):
    """The command line is not as its ``--help`` says."""


def one_line(error: BaseException) -> str:
    """What an error says; one of the system's as its own tools say it: which file, and what is wrong."""
    words = str(error)
    if isinstance(error, OSError) and error.strerror:
        words = ": ".join(str(part) for part in (error.filename, error.strerror) if part is not None)
    return " ".join(words.split())
