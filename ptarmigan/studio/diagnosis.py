"""The doctor beside the page: one thread that diagnoses runs whose log has grown, none too often."""

from __future__ import annotations

import queue
import threading
import time
from pathlib import Path
from typing import Any

from ptarmigan.doctor import diagnose, read
from ptarmigan.report.doctor import Opinion, evidence, healthy, opinions
from ptarmigan.studio.runs import Watched

WAITING = 64
"""Runs that wait for a diagnosis, at most."""
PAUSE = 5.0
"""Seconds between two diagnoses of a run, at least."""
SHARE = 20
"""As many times as long as a diagnosis took it is not repeated: at most a twentieth of a core is spent."""


class Doctor:
    """Keeps ``faults`` of runs up to date, in a thread of its own."""

    def __init__(self) -> None:
        self.waiting: queue.Queue[tuple[Watched, bool] | None] = queue.Queue(WAITING)
        self.seen: dict[tuple[str, bool], int] = {}
        self.next: dict[str, float] = {}
        self.thread = threading.Thread(target=self.work, name="doctor", daemon=True)

    def start(self) -> None:
        """Begin."""
        self.thread.start()

    def ask(self, watched: Watched, *, full: bool = False) -> None:
        """Have a run diagnosed where it logged something since; nothing waits for it.

        Args:
            watched: the run.
            full: with treatments, for which a run may have to be built.
        """
        key, offset = (watched.name, full), watched.followed.log.offset
        if (
            watched.problem
            or self.seen.get(key) == offset
            or time.monotonic() < self.next.get(watched.name, 0)
        ):
            return
        try:
            self.waiting.put_nowait((watched, full))
        except queue.Full:
            return
        self.seen[key], self.next[watched.name] = offset, time.monotonic() + PAUSE

    def work(self) -> None:
        """Diagnose one run after another."""
        while (asked := self.waiting.get()) is not None:
            watched, full = asked
            begun = time.monotonic()
            found = examine(watched.folder, full=full)
            before = watched.faults
            if full or before is None or before["headline"] != found["headline"]:
                watched.faults = found
            self.next[watched.name] = time.monotonic() + max(PAUSE, SHARE * (time.monotonic() - begun))


def examine(folder: Path, *, full: bool) -> dict[str, Any]:
    """What the doctor says of a run, as plain data; where it cannot say anything, why.

    Returns:
        ``headline`` (empty where nothing is wrong), ``healthy``, ``findings`` where these are asked for.
    """
    try:
        history = read(folder)
        if not full:
            found = diagnose(history)
            return {"headline": found[0].headline if found else "", "healthy": not found, "findings": None}
        said = opinions(history, folder)
        return {
            "headline": said[0].finding.headline if said else "",
            "healthy": healthy(history, said),
            "findings": [finding(each) for each in said],
        }
    except Exception:  # a recipe may be anybody's code, and the page goes on without a diagnosis
        return {"headline": "", "healthy": None, "findings": []}


def finding(each: Opinion) -> dict[str, Any]:
    """A finding as plain data."""
    return {
        "headline": each.finding.headline,
        "step": each.finding.step,
        "evidence": evidence(each.finding),
        "why": each.words.why,
        "source": each.words.source,
        "helps": each.words.helps,
        "change": each.treatment.words if each.treatment else "",
        "command": each.command,
    }
