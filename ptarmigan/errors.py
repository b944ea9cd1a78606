"""Errors that end a command in one line."""

from __future__ import annotations


class Diverged(RuntimeError):
    """Training could not go on: its terms or gradients are not finite, and going back did not help."""


class UsageError(ValueError):
    """The command line is not as its ``--help`` says."""
