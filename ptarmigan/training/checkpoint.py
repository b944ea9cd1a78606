"""Checkpoints: written atomically, verified by a checksum, and never pickled code."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import torch

from ptarmigan.core.errors import one_line
from ptarmigan.core.process import ignored
from ptarmigan.media.files import write
from ptarmigan.media.foreign import is_stored, read_bytes
from ptarmigan.training.schema import Checkpoint, check

State: TypeAlias = dict[str, Any]
"""Tensors and plain values by name."""

NAME = re.compile(r"state-(\d{8,})\.pt")


class Damaged(ValueError):
    """A checkpoint is damaged."""


class Checkpoints:
    """The states in a run's folder: the latest ``keep`` of them, and those that are protected.

    Args:
        folder: the run's folder.
        keep: how many of the latest to keep.
        tell: is called with a line when a damaged file is skipped, or a checkpoint could not be written.
    """

    def __init__(self, folder: Path, keep: int, tell: Callable[[str], None]) -> None:
        self.folder, self.keep, self.tell = folder, keep, tell
        self.protected: list[Callable[[int], bool]] = []

    def protect(self, wanted: Callable[[int], bool]) -> None:
        """Keep the states of some steps however old they are."""
        self.protected.append(wanted)

    def steps(self) -> list[int]:
        """The steps that have a state, in order."""
        found = (NAME.fullmatch(path.name) for path in self.folder.glob("state-*.pt"))
        return sorted(int(match[1]) for match in found if match)

    def path(self, step: int) -> Path:
        """The file of the state after ``step`` steps."""
        return self.folder / f"state-{step:08d}.pt"

    def save(self, step: int, state: State) -> bool:
        """Write a state with its checksum, then drop those that are neither recent nor protected.

        Returns:
            Whether it was written. With a full disk a line says so, and older checkpoints are kept.
        """
        buffer = io.BytesIO()
        torch.save(state, buffer)
        data = buffer.getvalue()
        path = self.path(step)
        try:
            write(checksum_path(path), hashlib.sha256(data).hexdigest().encode())
            write(path, data)
        except OSError as error:
            if not path.exists():
                checksum_path(path).unlink(missing_ok=True)
            self.tell(f"could not write {path.name} ({error.strerror}): training goes on with {self.kept()}")
            return False
        for old in self.steps()[: -self.keep]:
            if not any(wanted(old) for wanted in self.protected):
                self.drop(old)
        return True

    def drop(self, step: int) -> None:
        """Remove the state after ``step`` steps."""
        self.path(step).unlink(missing_ok=True)
        checksum_path(self.path(step)).unlink(missing_ok=True)

    def kept(self) -> str:
        """The newest state in words."""
        steps = self.steps()
        return f"{self.path(steps[-1]).name} as the last one" if steps else "none written yet"

    def newest(self, before: int | None = None) -> State | None:
        """The newest undamaged state (up to step ``before``); None where there is none."""
        for step in reversed(self.steps()):
            if before is not None and step > before:
                continue
            try:
                return read(self.path(step))
            except Damaged as error:
                self.tell(f"{error}; using the one before")
        return None


def checksum_path(path: Path) -> Path:
    """The file with the checksum of the file at ``path``."""
    return path.with_suffix(".sha256")


def read(path: Path) -> State:
    """A state from its file: tensors and plain values, nothing that could run.

    Raises:
        Damaged: it is missing, cut short or changed since it was written, holds more than data, or no state.
    """
    try:
        data = read_bytes(path)
        expected = read_bytes(checksum_path(path), 1024).decode(errors="replace").strip()
    except (OSError, ValueError) as error:
        raise Damaged(f"{path.name} cannot be read ({one_line(error)})") from error
    if hashlib.sha256(data).hexdigest() != expected:
        raise Damaged(f"{path.name} is damaged (its checksum differs)")
    if not is_stored(io.BytesIO(data), len(data)):
        raise Damaged(f"{path.name} is damaged, or packed as torch.save never does")
    try:
        with ignored():  # torch's, of pickles it is about to refuse
            state = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except Exception as error:  # a pickle can be made to raise anything
        raise Damaged(f"{path.name} holds more than tensors and is not loaded") from error
    try:
        newer = upgraded(state)
        check(Checkpoint, newer, "what it holds does not fit")
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise Damaged(f"{path.name} is not a state ({one_line(error)})") from error
    return newer


def upgraded(state: State) -> State:
    """Convert a state of an earlier version, in which all was in one ``position``."""
    if "position" not in state:
        return state
    at = state["position"]
    best = {name: at[name] for name in ("best", "best_step", "worse", "scored")}
    hooks = {
        "recovery": {"streak": state["streak"], "rollbacks": at["rollbacks"]},
        "logging": state["meter"],
        "convergence": {"still": at["still"], "weights": state["weights_then"]},
        "scores": best,
        "diagnosis": state.get("vitals"),
        "rescue": {"treated": at.get("treated", 0), "healthy": at.get("healthy", 0)},
    }
    return {
        **{name: at[name] for name in ("step", "seconds", "scores")},
        **{name: state[name] for name in ("game", "optimizers", "draw")},
        "ema": state["average"],
        "hooks": {name: found for name, found in hooks.items() if found is not None},
    }
