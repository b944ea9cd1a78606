"""What all trackers have in common: a run has one identity with each, however often it goes on."""

from __future__ import annotations

import json
import math
import secrets
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from PIL import Image

from ptarmigan.data.known import to_share
from ptarmigan.media.files import write
from ptarmigan.media.optional import needs
from ptarmigan.media.plain import read_json
from ptarmigan.training import run_folder

FILE = "trackers.json"
"""In the run's folder: by which identifier each tracker knows the run."""
PROJECT = "ptarmigan"


class Tracker(ABC):
    """A logger that sends what is logged to a tracker of experiments.

    It begins with the first that is logged, when run.json is there, and goes on under the same identifier
    after a resume. Values that are not finite are left out.

    Args:
        folder: the run's folder.

    Raises:
        MissingPackageError: the tracker's package is not installed.
    """

    name: ClassVar[str]
    """In ``--report-to``, and the package and the extra that it needs."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.begun = folder, False
        self.package: Any = needs(
            self.name, extra=self.name, why=f"--report-to {self.name} needs {self.name}"
        )

    @abstractmethod
    def begin(self, known: str, description: Mapping[str, Any]) -> str:
        """Begin a run, or go on with one.

        Args:
            known: its identifier; empty at the first time.
            description: of the run, without places of this machine.

        Returns:
            The identifier.
        """

    @abstractmethod
    def send(self, step: int, values: Mapping[str, float]) -> None:
        """Send values, all of which are finite."""

    @abstractmethod
    def send_picture(self, step: int, image: Image.Image) -> None:
        """Send a picture of samples."""

    @abstractmethod
    def finish(self) -> None:
        """See that all has arrived."""

    def values(self, step: int, values: Mapping[str, float]) -> None:
        """Losses, scores or other numbers."""
        self.start()
        self.send(step, {name: value for name, value in values.items() if math.isfinite(value)})

    def picture(self, step: int, image: Image.Image) -> None:
        """Samples of the EMA weights."""
        self.start()
        self.send_picture(step, image)

    def event(self, step: int, words: str) -> None:
        """Words are for the log; the run begins."""
        self.start()

    def close(self) -> None:
        """Training has ended."""
        if self.begun:
            self.begun = False
            self.finish()

    def start(self) -> None:
        """Begin, once."""
        if not self.begun:
            self.begun, known = True, identifiers(self.folder)
            found = self.begin(known.get(self.name, ""), to_share(run_folder.load(self.folder)))
            if known.get(self.name) != found:
                write(self.folder / FILE, json.dumps({**known, self.name: found}).encode())


def identifiers(folder: Path) -> dict[str, str]:
    """By which identifiers trackers know a run."""
    try:
        found = read_json(folder / FILE)
    except (OSError, ValueError):
        return {}
    return {k: v for k, v in found.items() if isinstance(v, str)} if isinstance(found, dict) else {}


def new_identifier() -> str:
    """One that every tracker takes: 21 letters and digits; drawn from nothing that a run draws from."""
    return secrets.token_hex(11)[:21]


def flat(description: Mapping[str, Any]) -> dict[str, str | int | float | bool]:
    """Recipe, options and settings as plain values: ``options.lr``."""
    groups = {name: description.get(name) or {} for name in ("options", "settings", "versions")}
    values = {f"{group}.{name}": value for group, held in groups.items() for name, value in held.items()}
    plain = {n: v if isinstance(v, str | int | float | bool) else json.dumps(v) for n, v in values.items()}
    return {"recipe": str(description["recipe"]), **plain}
