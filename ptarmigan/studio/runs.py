"""The runs below a folder, and what is to be seen of each; nothing is written there."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ptarmigan.core.errors import one_line
from ptarmigan.core.text import printable
from ptarmigan.media.foreign import read_bytes
from ptarmigan.media.lock import is_held
from ptarmigan.media.plain import parse
from ptarmigan.studio.follow import Followed
from ptarmigan.training import run_folder as folders

DEEP = 3
"""Levels of folders below the one that is shown in which runs are looked for."""
MOST = 1_000
"""Runs that are listed, at most."""
LARGEST = 32 << 20
"""Bytes of a picture."""
PICTURES = 2_000
"""Pictures of a run that are listed, at most: the last ones."""


class NoSuchRunError(LookupError):
    """There is no run of that name in the list; the message says so."""


@dataclass
class Watched:
    """One run.

    Attributes:
        name: its path below the folder that is shown.
        folder: where it is.
        followed: its logs, as far as they were read.
        lock: one reader at a time.
        described: its run.json, as it was last read, and when that was written.
        problem: why it cannot be shown; empty where it can.
        faults: what the doctor finds, as ``studio.diagnosis`` keeps it up.
    """

    name: str
    folder: Path
    followed: Followed
    lock: threading.Lock = field(default_factory=threading.Lock)
    described: dict[str, Any] = field(default_factory=dict)
    written: float = -1.0
    problem: str = ""
    faults: dict[str, Any] | None = None

    def refresh(self) -> None:
        """Read what is new."""
        with self.lock:
            try:
                written = (self.folder / "run.json").stat().st_mtime
                if written != self.written:
                    self.described, self.written = folders.load(self.folder), written
                self.problem = ""
            except (OSError, ValueError) as error:
                self.problem = printable(one_line(error))
                return
            self.followed.read()

    def state(self) -> str:
        """``damaged``, ``running``, ``finished``, ``stopped``, or ``interrupted``, as a killed one is."""
        if self.problem:
            return "damaged"
        if is_held(self.folder, self.at_rest):
            return "running"
        words = self.followed.progress.ended
        return words.partition(":")[0] if words else "interrupted"

    def at_rest(self) -> float:
        """Seconds since something was logged."""
        try:
            return time.time() - (self.folder / "clock.jsonl").stat().st_mtime
        except OSError:
            return float("inf")

    def changed_at(self) -> float:
        """When something was last written: seconds since 1970."""
        found = (self.folder / name for name in ("log.jsonl", "run.json"))
        return max((path.stat().st_mtime for path in found if path.is_file()), default=0.0)

    @property
    def steps(self) -> int:
        """How many steps there are to be."""
        wanted = self.described.get("options", {}).get("steps")
        return max(wanted if isinstance(wanted, int) else 0, self.followed.progress.step)

    def pictures(self) -> list[int]:
        """The steps of its pictures, in order."""
        found = (path.stem.removeprefix("step-") for path in (self.folder / "samples").glob("step-*.png"))
        return sorted(int(number) for number in found if number.isdecimal() and len(number) <= 16)[-PICTURES:]

    def picture(self, step: int) -> bytes:
        """A picture of its samples.

        Raises:
            NoSuchRunError: there is none of that step, or what is there is none, or leads out of the folder.
        """
        path = self.folder / "samples" / f"step-{step:08d}.png"
        try:
            if path.resolve().is_relative_to(self.folder.resolve()):
                data = read_bytes(path, LARGEST)
                if data.startswith(b"\x89PNG\r\n\x1a\n"):
                    return data
        except (OSError, ValueError):
            pass
        raise NoSuchRunError(f"{self.name} has no picture of step {step}")

    def last_scores(self) -> dict[str, Any]:
        """``scores.json``; nothing where there is none that can be read."""
        try:
            found = parse(read_bytes(self.folder / "scores.json", 1 << 20))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}


class Runs:
    """The runs below a folder by name; names are all that a request can say of them.

    Args:
        root: the folder, or that of a single run.
    """

    def __init__(self, root: Path) -> None:
        self.root, self.known, self.lock = root, dict[str, Watched](), threading.Lock()

    def all(self) -> list[Watched]:
        """Every run that is there now, read up to its end."""
        with self.lock:
            found = dict(self.found())
            for name, folder in found.items():
                if name not in self.known:
                    self.known[name] = Watched(name, folder, Followed(folder))
            self.known = {name: watched for name, watched in self.known.items() if name in found}
            runs = [*self.known.values()]
        for watched in runs:
            watched.refresh()
        return runs

    def one(self, name: str) -> Watched:
        """A run of the list, read up to its end.

        Raises:
            NoSuchRunError: none is called that.
        """
        watched = self.known.get(name)
        if watched is None:
            with self.lock:
                folder = dict(self.found()).get(name)
                if folder is None:
                    raise NoSuchRunError(f"there is no run {name!r} here")
                watched = self.known.setdefault(name, Watched(name, folder, Followed(folder)))
        watched.refresh()
        return watched

    def found(self) -> Iterator[tuple[str, Path]]:
        """Name and folder of every run, in order; links that lead out of the folder are not followed."""
        if (self.root / "run.json").is_file():
            yield self.root.resolve().name, self.root
            return
        count = 0
        for folder in below(self.root, DEEP):
            if (folder / "run.json").exists():
                yield folder.relative_to(self.root).as_posix(), folder
                count += 1
            if count == MOST:
                return


def below(folder: Path, deep: int) -> Iterator[Path]:
    """Folders below one, as deep as that; not those in a run, nor links."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
            path = Path(entry.path)
            yield path
            if deep > 1 and not (path / "run.json").exists():
                yield from below(path, deep - 1)
