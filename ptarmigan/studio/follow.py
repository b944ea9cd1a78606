"""A run's log as it grows: every line is read once, and what is kept does not grow with it."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from ptarmigan.doctor.history import ENDINGS, SCORE, renamed
from ptarmigan.media.foreign import open_binary
from ptarmigan.studio.curve import LongCurve
from ptarmigan.training.log_lines import Line, read_line
from ptarmigan.training.loggers import DATA, VITAL
from ptarmigan.training.rules import SKIPPED

AT_ONCE = 8 << 20
"""Bytes that are read at once; a longer line is passed over."""
EVENTS = 300
"""That are kept, at most: the last ones."""
CURVES = 200
"""That are kept, at most: a log may come from anybody."""


class Tail:
    """The whole lines that a file got since it was last read.

    Attributes:
        offset: up to where it was read.
        file_id: of the file that was read: one that was cut back is another file.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.offset, self.file_id = path, 0, 0

    def was_cut(self) -> bool:
        """Whether another file is there now, or a shorter one; it is then read from its beginning."""
        try:
            found = os.stat(self.path)
        except OSError:
            found = None
        there, size = (found.st_ino, found.st_size) if found else (0, 0)
        cut = bool(self.offset) and (there != self.file_id or size < self.offset)
        self.offset, self.file_id = 0 if cut else self.offset, there
        return cut

    def read(self) -> Iterator[tuple[Line, int]]:
        """Every new line, and where it ends."""
        if not self.file_id:
            return
        try:
            with open_binary(self.path, 0) as file:
                file.seek(self.offset)
                while block := whole_lines(file):
                    yield from self.lines(block)
                    file.seek(self.offset)
        except (OSError, ValueError):  # it went away, or is no file
            return

    def lines(self, block: bytes) -> Iterator[tuple[Line, int]]:
        """The lines of a block that ends with one."""
        for text in block.splitlines(keepends=True):
            self.offset += len(text)
            line = read_line(text.decode(errors="replace")) if len(text) < AT_ONCE else None
            if line is not None:
                yield line, self.offset


def whole_lines(file: BinaryIO) -> bytes:
    """What comes next up to the end of a line; a line without an end as far as it is read at once."""
    block = file.read(AT_ONCE)
    end = block.rfind(b"\n") + 1
    return block if len(block) == AT_ONCE and not end else block[:end]


@dataclass
class Event:
    """What happened, after which step, and where its line ends in the log."""

    step: int
    words: str
    end: int


@dataclass
class Progress:
    """What a log says so far.

    Attributes:
        step: how far the run came.
        samples: that were seen.
        ended: how it ended; empty while it may go on.
        curves: by group (``terms``, ``scores``, ``vitals``) and name.
        events: the last of them.
        skipped: steps at which steps had been skipped.
    """

    step: int = 0
    samples: int = 0
    ended: str = ""
    curves: dict[tuple[str, str], LongCurve] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    skipped: list[int] = field(default_factory=list)

    def add(self, line: Line, end: int) -> None:
        """One line, which ends at ``end``."""
        self.step, self.samples = max(self.step, line.step), max(self.samples, line.samples)
        if line.event:
            self.events = [*self.events, Event(line.step, line.event, end)][-EVENTS:]
            self.ended = line.event if line.event.startswith(ENDINGS) else self.ended
            return
        self.ended = ""
        for name, value in line.values.items():
            if name == SKIPPED and value > 0:
                self.skipped = [*self.skipped, line.step][-EVENTS:]
            if math.isfinite(value) and name != SKIPPED and not name.startswith(DATA):
                self.draw(name, line.step, value, end)

    def draw(self, name: str, step: int, value: float, end: int) -> None:
        """One value of a curve."""
        key = place(name)
        if key in self.curves or len(self.curves) < CURVES:
            self.curves.setdefault(key, LongCurve()).add(step, value, end)

    def of(self, group: str) -> dict[str, LongCurve]:
        """The curves of a group by name."""
        return {name: curve for (mine, name), curve in self.curves.items() if mine == group}


def place(name: str) -> tuple[str, str]:
    """The group and the name of a curve, from its name in the log."""
    if name.startswith(SCORE):
        return "scores", name.removeprefix(SCORE)
    if name.startswith(VITAL):
        return "vitals", renamed(name.removeprefix(VITAL))
    return "terms", name


class Followed:
    """The logs of a run's folder, as far as they were read."""

    def __init__(self, folder: Path) -> None:
        self.log, self.clock = Tail(folder / "log.jsonl"), Tail(folder / "clock.jsonl")
        self.progress, self.seconds = Progress(), LongCurve()

    def read(self) -> None:
        """Read what is new."""
        if self.log.was_cut():
            self.progress = Progress()
        for line, end in self.log.read():
            self.progress.add(line, end)
        if self.clock.was_cut():
            self.seconds = LongCurve()
        for line, end in self.clock.read():
            if math.isfinite(seconds := line.values.get("seconds", math.nan)):
                self.seconds.add(line.step, seconds, end)

    @property
    def mark(self) -> str:
        """How far both logs were read, and of which files: a reader sends it to go on from there."""
        return f"{self.log.offset}.{self.log.file_id}.{self.clock.offset}.{self.clock.file_id}"

    def since(self, mark: str) -> dict[str, Any]:
        """What a reader does not know who has read up to a mark; all where that is of other files."""
        known = [int(part) if part.isdecimal() else 0 for part in mark.split(".")]
        offset, log, clock_offset, clock = known if len(known) == 4 else (0, 0, 0, 0)
        fresh = log != self.log.file_id or clock != self.clock.file_id or offset > self.log.offset
        if fresh:
            offset = clock_offset = 0
        groups: dict[str, Any] = {"terms": {}, "scores": {}, "vitals": {}}
        for (group, name), curve in self.progress.curves.items():
            if found := curve.since(offset):
                groups[group][name] = found
        return {
            "fresh": fresh,
            **groups,
            "seconds": self.seconds.since(clock_offset),
            "events": [[e.step, e.words] for e in self.progress.events if e.end > offset],
        }
