"""The ways to people: messages on stderr, which may be lost, and results on stdout, which may not."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import Any, TextIO

from ptarmigan.core.text import printable

PIPE = 141
"""What a shell says of a program that a closed pipe ended: 128 + SIGPIPE."""


class Messages:
    """A stream of messages, best effort: what cannot be written is lost, and the work goes on.

    Args:
        stream: stderr, or what an editor, a service or a logger put in its place; None where there is none.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.encoding = getattr(stream, "encoding", None) or "utf-8"

    def isatty(self) -> bool:
        """Whether the stream is a terminal; an editor's or a logger's only takes text."""
        try:
            return bool(self._stream.isatty())
        except (AttributeError, OSError, ValueError):
            return False

    def write(self, text: str) -> int:
        """Write what can be written: characters that the encoding has not become their numbers."""
        try:
            self._stream.write(text)
        except UnicodeEncodeError:
            self.write(text.encode("ascii", "backslashreplace").decode())
        except (AttributeError, OSError, ValueError):  # no stream; a closed pipe; a closed file
            pass
        return len(text)

    def flush(self) -> None:
        """Write what was held back."""
        with contextlib.suppress(AttributeError, OSError, ValueError):
            self._stream.flush()


def messages() -> Messages:
    """Stderr as it is now."""
    return Messages(sys.stderr)


def on_terminal() -> bool:
    """Whether stderr is a terminal."""
    return messages().isatty()


def say(words: str) -> None:
    """One line on stderr. Where nobody reads it any more it is lost, and the work goes on."""
    stream = messages()
    stream.write(f"{printable(words)}\n")
    stream.flush()


def open_streams() -> None:
    """Put something where a standard stream is closed, as in services, and let stdout take any character.

    Else the next file that is opened takes its number, and whatever a library prints goes into that file.
    Messages then go nowhere; results cannot be written, which ``deliver`` finds.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:  # the other way round, so that what is written to stdout is an error
            os.open(os.devnull, os.O_WRONLY if number == 0 else os.O_RDONLY)
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def deliver(code: int) -> int:
    """See that all that was printed arrives, and give the exit code.

    Args:
        code: of what was done; it is kept unless it says that all is well.
    """
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        code = code or PIPE
        discard(sys.stdout)
    except (OSError, ValueError) as error:
        say(f"ptarmigan: what was to be printed could not be written: {getattr(error, 'strerror', error)}")
        code = code or 1
        discard(sys.stdout)
    try:
        sys.stderr.flush()
    except (AttributeError, OSError, ValueError):
        discard(sys.stderr)
    return code


def discard(stream: TextIO) -> None:
    """Let what a stream still holds go nowhere: at its end the interpreter would fail for it."""
    target = number(stream)
    if target is not None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, target)
        os.close(nowhere)


def number(stream: Any) -> int | None:
    """The system's number of a stream; None where there is none behind it."""
    try:
        return int(stream.fileno())
    except (AttributeError, OSError, ValueError):
        return None
