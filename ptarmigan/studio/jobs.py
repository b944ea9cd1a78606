"""Trainings that the page starts: processes of their own, one at a time, which outlive it."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ptarmigan import zoo
from ptarmigan.core.errors import UsageError
from ptarmigan.core.text import printable
from ptarmigan.doctor.treatment import command
from ptarmigan.studio.form import arguments
from ptarmigan.studio.runs import Watched
from ptarmigan.training import own
from ptarmigan.training.options import defaults
from ptarmigan.training.run_folder import BY_HAND, asked
from ptarmigan.training.settings import Settings

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}")
"""What a run that is started here may be called: no path."""
SAID = 4_000
"""Bytes of what a process printed last that are shown."""


class BusyError(RuntimeError):
    """Another training that was started here is going on."""


@dataclass
class Job:
    """One training.

    Attributes:
        name: of its run.
        words: the command as it is typed.
        process: that trains.
        output: what it prints.
    """

    name: str
    words: str
    process: subprocess.Popen[bytes]
    output: IO[bytes]

    def plain(self) -> dict[str, Any]:
        """As the page shows it."""
        code = self.process.poll()
        said = "" if code is None else self.said()
        return {"name": self.name, "command": self.words, "running": code is None, "code": code, "said": said}

    def said(self) -> str:
        """The last line that it printed."""
        size = os.fstat(self.output.fileno()).st_size
        lines = (
            os.pread(self.output.fileno(), SAID, max(0, size - SAID)).decode(errors="replace").splitlines()
        )
        return printable(lines[-1]) if lines else ""


class Jobs:
    """Starts trainings, stops them, and lets them go on.

    Args:
        root: the folder in which runs are made.
        data: the folder whose files may be trained on; none when None.
        refusal: why nothing may be started here; empty where it may.
    """

    def __init__(self, root: Path, data: Path | None = None, refusal: str = "") -> None:
        self.root, self.data, self.refusal = root, data, refusal
        self.job: Job | None = None
        self.lock = threading.Lock()

    def start(self, recipe: str, name: str, given: dict[str, Any]) -> Job:
        """Begin a run.

        Raises:
            UsageError: something is there already, or an option cannot be meant.
            BusyError: another one is going on.
        """
        if not NAME.fullmatch(name):
            raise UsageError("a run's name has letters, digits, points, dashes and underscores, 80 at most")
        if (self.root / name).exists():
            raise UsageError(f"there is a run {name} already: choose another name")
        return self.spawn(name, [*arguments(recipe, given, self.data), f"--out={self.root / name}"])

    def go_on(self, watched: Watched) -> Job:
        """Go on with a run as it was asked for.

        Raises:
            UsageError: it was made by a file of the user's or in Python, which a page does not run.
            BusyError: another one is going on.
        """
        wanted = asked(watched.described)
        recipe = wanted["recipe"]
        if recipe == BY_HAND or own.is_own(recipe) or watched.described.get("edited"):
            raise UsageError("this run is of a recipe of your own: go on with it where you began it")
        settings = {name: v for name, v in watched.described["settings"].items() if name != "threads"}
        known = defaults(zoo.recipe(recipe)) | vars(Settings())
        typed = command(recipe, wanted["options"] | settings, known, str(watched.folder))
        return self.spawn(watched.name, shlex.split(typed)[2:])

    def spawn(self, name: str, words: list[str]) -> Job:
        """Start ``ptarmigan train`` with these arguments; there is no shell between.

        Raises:
            BusyError: another one is going on.
            UsageError: nothing may be started here.
        """
        if self.refusal:
            raise UsageError(self.refusal)
        with self.lock:
            if self.job is not None and self.job.process.poll() is None:
                raise BusyError(f"{self.job.name} is being trained: one at a time")
            self.close()
            output = tempfile.TemporaryFile()  # noqa: SIM115 - it is open as long as it is shown
            process = subprocess.Popen(
                [sys.executable, "-m", "ptarmigan", "train", *words],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C ends the page, and no training
            )
            self.job = Job(name, shlex.join(["ptarmigan", "train", *words]), process, output)
            return self.job

    def stop(self, name: str) -> None:
        """Have a training saved and ended, as Ctrl-C does.

        Raises:
            UsageError: it was not started here.
        """
        job = self.job
        if job is None or job.name != name or job.process.poll() is not None:
            raise UsageError(f"{name} was not started by this page: stop it where it was started")
        job.process.send_signal(signal.SIGINT if os.name != "nt" else signal.SIGTERM)

    def plain(self) -> dict[str, Any] | None:
        """The last training, as the page shows it."""
        return None if self.job is None else self.job.plain()

    def close(self) -> None:
        """Keep no longer what the last training printed; it goes on."""
        if self.job is not None:
            self.job.output.close()

    def left(self) -> str:
        """What goes on when the page ends, in a line; empty where nothing does."""
        job = self.job
        if job is None or job.process.poll() is not None:
            return ""
        process = job.process.pid
        return f"{job.name} is still trained by process {process}; it ends by: kill -INT {process}"
