"""The doctor's hooks: vital signs and findings of a run, and its rescue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, final

from ptarmigan.core.game import Terms
from ptarmigan.doctor import examine
from ptarmigan.doctor.data import facts
from ptarmigan.doctor.rescue import Propose, RecoveryPolicy, Treated, adapted, forget, treatments_in
from ptarmigan.doctor.vitals import Vitals, interval
from ptarmigan.training.checkpoint import State
from ptarmigan.training.hooks import due
from ptarmigan.training.outcome import Outcome
from ptarmigan.training.recovery import Recovery, latest
from ptarmigan.training.run import Run
from ptarmigan.training.run_folder import treat, treatments
from ptarmigan.training.settings import Settings
from ptarmigan.training.train import default_hooks, train_run
from ptarmigan.training.trainer import Hook, Trainer


@final
class Diagnosis(Hook):
    """Measures vital signs, and logs at the start what is known of the data and wrong with them.

    Args:
        trainer: of the run.
        every: steps between probes; 0 for none at all.
    """

    name = "diagnosis"

    def __init__(self, trainer: Trainer, every: int) -> None:
        self.every = every
        self.vitals: Vitals | None = None
        if trainer.settings.vitals and trainer.ranks.first:
            self.vitals = Vitals(trainer.run, trainer.device, trainer.precision)

    def start(self, trainer: Trainer) -> None:
        """Facts of the data, and findings, of a new run."""
        if self.vitals is not None and not trainer.resumed:
            trainer.record(facts(trainer.run.samples, self.vitals.real))
            for finding in examine(trainer.folder):
                trainer.log.event(0, finding.headline)

    def values(self, trainer: Trainer) -> Mapping[str, float]:
        """Vital signs, where they are due."""
        if self.vitals is None or not due(trainer.step, self.every):
            return {}
        return self.vitals.probe(trainer.step, trainer.ema)

    def state_dict(self) -> Mapping[str, Any]:
        """What is remembered between probes."""
        return {} if self.vitals is None else self.vitals.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Remember it."""
        if self.vitals is not None:
            self.vitals.load_state_dict(dict(state))


@final
class Rescue(Hook):
    """Leaves training where something is wrong that other options may mend, to go on with those.

    Args:
        trainer: of the run.
        probe: steps between vital signs.
        propose: says what to change; nothing is, where it is None.
    """

    name = "rescue"

    def __init__(self, trainer: Trainer, probe: int, propose: Propose | None) -> None:
        settings = trainer.settings
        self.limit = settings.rescue if propose is not None else 0
        self.save = settings.interval(settings.save_every, trainer.run.steps) if self.limit else 0
        self.policy: RecoveryPolicy | None = None
        if self.limit and propose is not None:
            self.policy = RecoveryPolicy(trainer.folder, propose, probe, self.save)
        self.done: list[Treated] = []
        self.treated = self.healthy = 0
        trainer.checkpoints.protect(lambda step: due(step, self.save) and step >= self.healthy)

    def restore(self, trainer: Trainer) -> State | None:
        """The latest state of before the last treatment, as the run can take it up with other options."""
        first = trainer.ranks.first
        self.done = trainer.ranks.from_first(treatments(trainer.folder) if first else None, trainer.device)
        if first and self.done:
            forget(trainer.checkpoints, self.done)
        state = latest(trainer)
        if state is not None and treatments_in(state) < len(self.done):
            return adapted(state, trainer.state_dict())
        return state

    def start(self, trainer: Trainer) -> None:
        """Log the last treatment where that was not done."""
        if self.treated < len(self.done):
            self.treated = len(self.done)
            trainer.log.event(trainer.step, self.done[-1]["words"])
            trainer.save()

    def step(self, trainer: Trainer, terms: Terms) -> None:
        """Look now and then."""
        if self.policy is not None and due(trainer.step, self.policy.every):
            self.measure(trainer)

    def end(self, trainer: Trainer, outcome: Outcome) -> None:
        """Look once all is done; write down the treatment that training is left for."""
        if outcome.complete:
            self.measure(trainer, over=True)
        elif outcome.treatment is not None and trainer.ranks.first:
            treat(trainer.folder, outcome.treatment)

    def last_resort(self, trainer: Trainer) -> bool:
        """Whether something can be done about steps that are not finite."""
        return self.measure(trainer, over=True)

    def measure(self, trainer: Trainer, *, over: bool = False) -> bool:
        """Whether something is wrong and can be treated; then training is left for it, on every rank."""
        if self.policy is None or self.treated >= self.limit:
            return False
        treatment: Treated | None = None
        if trainer.ranks.first:
            well, treatment = self.policy.measure(trainer.checkpoints.steps(), over=over)
            if well:
                self.healthy = self.policy.trusted(trainer.step, self.healthy)
        trainer.treatment = trainer.ranks.from_first(treatment, trainer.device)
        return trainer.treatment is not None

    def state_dict(self) -> Mapping[str, Any]:
        """How often it was treated, and until when it was healthy."""
        return {"treated": self.treated, "healthy": self.healthy}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Remember it."""
        self.treated, self.healthy = state["treated"], state["healthy"]


def hooks_with_diagnosis(
    trainer: Trainer, hooks: Sequence[Hook] = (), *, propose: Propose | None = None
) -> list[Hook]:
    """The hooks that every training has, with the doctor's.

    Args:
        trainer: of the run.
        hooks: the user's.
        propose: the treatment of a finding, used if ``settings.rescue`` is set.
    """
    settings = trainer.settings
    probe = interval(settings.log_every, trainer.run.steps) if settings.vitals else 0
    rescue = Rescue(trainer, probe, propose)
    recovery = Recovery(trainer, rescue.restore, rescue.last_resort)
    observers = (Diagnosis(trainer, probe), rescue)
    return default_hooks(trainer, hooks, recovery=recovery, observers=observers)


def train_with_diagnosis(
    run: Run, folder: Path, settings: Settings | None = None, *, propose: Propose | None = None, **how: Any
) -> Outcome:
    """Train a run as ``train_run`` does, with the doctor's hooks among the others.

    Args:
        run: what is trained.
        folder: where.
        settings: how.
        propose: the treatment of a finding, used if ``settings.rescue`` is set.
        **how: as ``train_run`` has it.
    """
    return train_run(run, folder, settings, compose=partial(hooks_with_diagnosis, propose=propose), **how)
