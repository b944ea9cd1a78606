"""The sessions of the laboratory: a few, each in a thread that only works while somebody looks."""

from __future__ import annotations

import contextlib
import itertools
import json
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import torch

from ptarmigan.core.errors import UsageError, one_line
from ptarmigan.core.text import printable
from ptarmigan.studio.laboratory.choice import open_run, recipes
from ptarmigan.studio.laboratory.session import Session
from ptarmigan.studio.runs import NoSuchRunError
from ptarmigan.training.run import Run

MOST = 4
"""Sessions at once; a further one ends the oldest."""
WAITING = 8
"""Commands of a page that wait, at most; of more the oldest are dropped."""
PAUSE = 1 / 15
"""Seconds between two frames, at least."""
UNSEEN, IDLE = 3.0, 900.0
"""Seconds without a look after which a session pauses, and ends."""
PACE = 100
"""Steps between two frames, at most."""


class Player(threading.Thread):
    """One session, played by a thread of its own.

    Args:
        run: that is trained.

    Attributes:
        version: counts the frames.
        shown: the latest one, as JSON.
        opening: what does not change.
        ended: it takes no more commands; ``problem`` says why.
    """

    def __init__(self, run: Run) -> None:
        super().__init__(name="laboratory", daemon=True)
        self.session = Session(run)
        self.opening = self.session.opening()
        self.commands: deque[Callable[[], None]] = deque(maxlen=WAITING)
        self.changed = threading.Condition()
        self.playing, self.pace, self.looked = False, 5, time.monotonic()
        self.version, self.shown, self.ended, self.problem = 0, "", False, ""
        self.publish()

    def do(self, action: str, value: int) -> None:
        """A command of the page: play, pause, pace, step, turn or seek.

        Raises:
            UsageError: it is none of these.
        """
        session = self.session
        actions: dict[str, Callable[[], None]] = {
            "play": lambda: self.set(playing=True),
            "pause": lambda: self.set(playing=False),
            "pace": lambda: self.set(pace=max(1, min(value, PACE))),
            "step": lambda: session.advance(max(1, min(value, PACE))),
            "turn": session.advance_turn,
            "seek": lambda: session.seek(value),
        }
        if action not in actions:
            raise UsageError(f"{action[:20]!r} is none of {', '.join(actions)}")
        with self.changed:
            self.commands.append(actions[action])
            self.changed.notify()

    def set(self, **values: Any) -> None:
        """Set how it is played."""
        for name, value in values.items():
            setattr(self, name, value)

    def look(self) -> None:
        """Somebody looks."""
        self.looked = time.monotonic()
        with self.changed:
            self.changed.notify()

    def end(self) -> None:
        """End the thread."""
        with self.changed:
            self.ended = True
            self.changed.notify()

    def run(self) -> None:
        """Do what is asked for, and play, until it is ended."""
        torch.set_num_threads(1)  # of this thread
        try:
            while (work := self.next()) is not None:
                begun = time.monotonic()
                work()
                self.publish()
                time.sleep(max(0.0, PAUSE - (time.monotonic() - begun)))
        except (ArithmeticError, RuntimeError, ValueError) as error:
            self.problem = printable(one_line(error))
        self.ended = True

    def next(self) -> Callable[[], None] | None:
        """What is to be done now; None when it is over."""
        with self.changed:
            while not self.ended:
                unseen = time.monotonic() - self.looked
                if self.commands:
                    return self.commands.popleft()
                if self.playing and unseen < UNSEEN:
                    if not self.session.over:
                        return lambda: self.session.advance(self.pace)
                    self.playing = False
                    return lambda: None
                if unseen > IDLE:
                    return None
                self.changed.wait(1.0)
        return None

    def publish(self) -> None:
        """Show how it is now."""
        self.shown = json.dumps({**self.session.frame(), "playing": self.playing, "pace": self.pace})
        self.version += 1

    def since(self, mark: str) -> dict[str, Any]:
        """What a page does not have of the curves, that has them up to a step."""
        known = int(mark) if mark.isdecimal() else -1
        with contextlib.suppress(RuntimeError):  # a curve is added just now: it comes with the next frame
            curves = {name: curve.since(known) for name, curve in self.session.curves.items()}
            return {name: found for name, found in curves.items() if found}
        return {}


class Sessions:
    """The sessions by their numbers."""

    def __init__(self) -> None:
        self.numbers, self.players, self.lock = itertools.count(1), dict[str, Player](), threading.Lock()

    def open(self, run: Run) -> tuple[str, Player]:
        """Begin one; the oldest ends where there are too many."""
        player = Player(run)
        with self.lock:
            name = str(next(self.numbers))
            self.players[name] = player
            self.players = {key: each for key, each in self.players.items() if not each.ended}
            for key in list(self.players)[:-MOST]:
                self.players.pop(key).end()
        player.start()
        return name, player

    def warm(self) -> None:
        """Import, in a thread, what the first session needs, so that it is there at once."""
        threading.Thread(target=lambda: Session(open_run(recipes()[0], {})).frame(), daemon=True).start()

    def one(self, name: str) -> Player:
        """The session of that number.

        Raises:
            NoSuchRunError: it has ended, or never was.
        """
        found = self.players.get(name)
        if found is None or found.ended:
            raise NoSuchRunError((found.problem if found else "") or "this session has ended: start it again")
        return found

    def close(self) -> None:
        """End all."""
        for player in self.players.values():
            player.end()
