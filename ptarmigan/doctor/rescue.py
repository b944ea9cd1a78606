"""Rescue: when a run has to be treated, and to which of its states it goes back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from torch import Tensor

from ptarmigan.doctor import thresholds as at
from ptarmigan.doctor.diagnose import diagnose, well
from ptarmigan.doctor.faults import Finding
from ptarmigan.doctor.history import read
from ptarmigan.doctor.treatment import Treatment
from ptarmigan.training.checkpoint import Checkpoints, Damaged
from ptarmigan.training.checkpoint import read as read_state

Propose: TypeAlias = Callable[[Finding], Treatment | None]
"""A finding to what to change; None where nothing can be."""

Treated: TypeAlias = dict[str, Any]
"""A treatment as run.json keeps it."""

State: TypeAlias = dict[str, Any]
"""What a checkpoint holds."""

DOUBT = 4 * at.LASTING
"""Probes before the last clean bill of health in which a fault may have begun unnoticed."""


class RecoveryPolicy:
    """When a run is treated, and from which of its states it goes on.

    Args:
        folder: the run's.
        propose: what to change because of a finding.
        probe: steps between probes.
        save: steps between the states that a run may go back to; 0 where there is only the beginning.
    """

    def __init__(self, folder: Path, propose: Propose, probe: int, save: int) -> None:
        self.folder, self.propose, self.probe, self.save = folder, propose, probe, save

    @property
    def every(self) -> int:
        """Steps between looks."""
        return self.probe * at.LASTING

    def measure(self, states: list[int], *, over: bool = False) -> tuple[bool, Treated | None]:
        """Whether the run is healthy, and what is done where it is not and something can be done.

        Args:
            states: the steps that have one.
            over: all steps are done.
        """
        history = read(self.folder)
        history.ended = "finished: " if over else history.ended
        found = diagnose(history)
        treatment = self.propose(found[0]) if found else None
        if not found or treatment is None:
            return not found, None
        good = min(found[0].step, max(well(history), default=0))
        to = max((s for s in states if self.save and s % self.save == 0 and s <= good), default=0)
        to = to if treatment.recipe == history.described["recipe"] else 0
        back = f"back to step {to:,}" if to else "back to the start"
        return False, {
            "step": history.step,
            "fault": found[0].headline,
            "recipe": treatment.recipe,
            "changes": treatment.changes,
            "to": to,
            "words": f"treated: {found[0].headline}: {treatment.words}; {back}",
        }

    def trusted(self, step: int, before: int) -> int:
        """The state to keep when the run was found healthy at ``step``; it was ``before`` until then."""
        sure = step - DOUBT * self.probe
        return max(before, sure - sure % self.save) if self.save else before


def forget(checkpoints: Checkpoints, done: list[Treated]) -> None:
    """Drop the states of a faulty run: those after what its last treatment went back to."""
    to = done[-1]["to"]
    for step in checkpoints.steps():
        if step > to or to == 0:
            try:
                treated = treatments_in(read_state(checkpoints.path(step)))
            except Damaged:
                continue
            if treated < len(done):
                checkpoints.drop(step)


def treatments_in(state: State) -> int:
    """How often a run had been treated when a state was saved."""
    found: int = state["hooks"].get("rescue", {}).get("treated", 0)
    return found


def adapted(saved: State, fresh: State) -> State | None:
    """A state from before a treatment, as a run with other options can take it up; None where it cannot.

    Weights and what optimizers remember are as they were; rates and decays are new, and so is all that was
    not there before.

    Args:
        saved: the state.
        fresh: the state of the new run at its start.
    """
    merged = saved | {"optimizers": {}}
    for name in ("game", "ema"):
        old, new = saved[name], fresh[name]
        if any(key in old and fits(old[key], value) is False for key, value in new.items()):
            return None
        merged[name] = {key: old.get(key, value) for key, value in new.items()}
    for name, new in fresh["optimizers"].items():
        old = saved["optimizers"].get(name)
        merged["optimizers"][name] = (
            new if old is None or other_kind(old, new) else old | {"param_groups": new["param_groups"]}
        )
    return merged


def fits(old: Tensor, new: Tensor) -> bool:
    """Whether one tensor can stand for the other."""
    return old.shape == new.shape


def other_kind(old: State, new: State) -> bool:
    """Whether two optimizers' states are of different kinds, or of other weights."""
    groups = [[(sorted(g), len(g["params"])) for g in state["param_groups"]] for state in (old, new)]
    return groups[0] != groups[1]
