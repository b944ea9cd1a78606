"""A run's logs: lines of JSON, one for a step, which are cut back when the run is rolled back."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ptarmigan.media.files import write
from ptarmigan.media.foreign import read_bytes
from ptarmigan.media.plain import parse
from ptarmigan.training.schema import LogLine, check


@dataclass(frozen=True)
class Line:
    """One line.

    Attributes:
        step: after which it was written.
        samples: the real samples that were used until then.
        event: what happened; empty in a line of numbers.
        values: all numbers by name: terms, ``score/…``, ``vital/…``, ``data/…``, seconds and speed.
    """

    step: int
    samples: int = 0
    event: str = ""
    values: dict[str, float] = field(default_factory=dict)


class Lines:
    """A file of JSON lines that can be cut back to a step, so a resumed run repeats none."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, line: dict[str, Any]) -> None:
        """Append one line."""
        with open(self.path, "a") as file:
            file.write(json.dumps(line) + "\n")

    def read(self) -> list[Line]:
        """Every line that is whole, and of a step."""
        return [line for _, line in self._lines()]

    def cut(self, step: int) -> None:
        """Drop every line after ``step``, and those that are no whole lines."""
        if self.path.exists():
            kept = [text for text, line in self._lines() if line.step <= step]
            write(self.path, "".join(f"{text}\n" for text in kept).encode())

    def _lines(self) -> Iterator[tuple[str, Line]]:
        if self.path.exists():
            for text in read_bytes(self.path).decode(errors="replace").splitlines():
                line = read_line(text)
                if line is not None:
                    yield text, line


def read_line(text: str) -> Line | None:
    """A line from its text; None where a process was killed while it wrote it, or it is something else."""
    try:
        plain = parse(text)
        check(LogLine, plain, "")
    except ValueError:
        return None
    values = {name: number(value) for name, value in plain.items() if name not in ("step", "samples")}
    numbers = {name: value for name, value in values.items() if value is not None}
    return Line(plain["step"], int(plain.get("samples", 0)), plain.get("event", ""), numbers)


def number(value: object) -> float | None:
    """A number as a float, which may be infinite; None of anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf
