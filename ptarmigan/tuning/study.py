"""A study: a folder of trials that any number of processes work on, and that goes on where it was left.

    study.json      what is searched
    journal.log     what was proposed, by Optuna
    trials/0007/    a run, and beside it in 0007.json what it reached
    final/          the best trials' options and the defaults, each with several new seeds

A process takes a trial by its folder's lock, which the system releases however the process ends: so a trial
that was left is taken up by another, from its last checkpoint.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ptarmigan.core.errors import one_line
from ptarmigan.evaluation.score import score_run
from ptarmigan.evaluation.written import FILE as SCORES
from ptarmigan.media.console import say
from ptarmigan.media.files import write
from ptarmigan.media.lock import alone
from ptarmigan.media.plain import read_json
from ptarmigan.training.settings import Settings
from ptarmigan.tuning.halving import survivors
from ptarmigan.tuning.sampler import Sampler
from ptarmigan.tuning.search import Dimension
from ptarmigan.tuning.trial import Trial, is_faulty, train_up_to

DEFAULT = "default"
"""The runs of the finals with the recipe's own options."""
POLL = 2.0
"""Seconds between looks at what other processes have done, where there is nothing else to do."""


@dataclass(frozen=True)
class Plan:
    """What a study does.

    Attributes:
        recipe: its name.
        options: of the recipe and of the training, in all trials.
        space: what is searched.
        defaults: what is searched, as the recipe has it.
        trials: how many.
        rungs: steps after which trials are compared.
        reduction: of how many trials one goes on.
        finalists: trials that are trained again with new seeds.
        seeds: how many.
    """

    recipe: str
    options: dict[str, Any]
    space: tuple[Dimension, ...]
    defaults: dict[str, Any]
    trials: int
    rungs: tuple[int, ...]
    reduction: int
    finalists: int
    seeds: int

    @property
    def seed(self) -> int:
        """Of the search, and of every trial."""
        return int(self.options.get("seed", 0))

    @property
    def scored(self) -> int:
        """Samples in a score of the finals: four times as many as in one during training."""
        return 4 * int(self.options.get("score_samples", Settings.score_samples))

    def plain(self) -> dict[str, Any]:
        """What must be the same when a study goes on."""
        return {
            "recipe": self.recipe,
            "options": json.loads(json.dumps(self.options, default=str)),
            "search": {each.name: str(each) for each in self.space},
            "rungs": list(self.rungs),
            "reduction": self.reduction,
        }


@dataclass(frozen=True)
class Job:
    """Something to train, by whoever gets its folder."""

    folder: Path
    do: Callable[[], int]


@dataclass
class Study:
    """A study.

    Attributes:
        folder: of the study.
        plan: what it does.
        sampler: proposes options.
        until: the time at which no more is begun, by ``time.monotonic``.
        quiet: say nothing.
        said: trials whose outcome was said.
    """

    folder: Path
    plan: Plan
    sampler: Sampler
    until: float = float("inf")
    quiet: bool = False
    said: set[tuple[int, int]] = field(default_factory=set)

    def work(self) -> int:
        """Train until nothing is left to do, or until the time is up.

        Returns:
            The number of the signal that ended it; 0 where none did.
        """
        while (jobs := self.jobs()) and time.monotonic() < self.until:
            for job in jobs:
                with claimed(job.folder) as mine:
                    if mine:
                        if signal := job.do():
                            return signal
                        break
            else:
                time.sleep(POLL)
        return 0

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do."""
        return not self.jobs()

    def jobs(self) -> list[Job]:
        """What can be done now: the trials of the first rung that is not complete, then the finals."""
        trials = self.trials()
        for rung in range(len(self.plan.rungs)):
            open_ = [
                Job(each.folder, lambda each=each, rung=rung: self.train(each, rung))  # type: ignore[misc]
                for each in survivors(trials, rung, self.plan.reduction)
                if len(each.results) <= rung and not each.error
            ]
            if rung == 0 and len(trials) < self.plan.trials:
                open_.append(Job(self.folder / "asking", self.begin))
            if open_:
                return open_
        return [
            Job(place, lambda place=place, options=options: self.train_final(place, options))  # type: ignore[misc]
            for place, options in self.finals(trials).items()
            if not (place / SCORES).exists()
        ]

    def trials(self) -> list[Trial]:
        """Every trial so far, with what it reached."""
        return [
            Trial(number, options, self.place(number)).read()
            for number, options in enumerate(self.sampler.asked())
        ]

    def place(self, number: int) -> Path:
        """A trial's folder."""
        return self.folder / "trials" / f"{number:04d}"

    def begin(self) -> int:
        """Take a new trial, and leave its training to the next look."""
        if len(self.sampler.asked()) < self.plan.trials:
            self.sampler.ask()
        return 0

    def train(self, trial: Trial, rung: int) -> int:
        """Train a trial up to a rung.

        Returns:
            The number of the signal that ended it; 0 where none did.

        Raises:
            ValueError: the first trial failed: then the fault is not the search's.
        """
        trial = trial.read()  # another process may have been quicker
        if len(trial.results) <= rung and not trial.error:
            trial, outcome = train_up_to(trial, self.plan.rungs[rung], self.plan.recipe, self.plan.options)
            if outcome is not None and not outcome.complete:
                return outcome.signal
            if trial.error and trial.number == 0:
                trial.file.unlink()
                raise ValueError(trial.error)
            self.tell(trial, rung)
        if rung == 0:
            result = trial.results[0] if trial.results else None
            loss = None if result is None else result["loss"]
            self.sampler.tell(trial.number, loss, result is not None and is_faulty(result))
        return 0

    def tell(self, trial: Trial, rung: int) -> None:
        """One line on a trial."""
        if self.quiet:
            return
        options = ", ".join(f"{name} {short(value)}" for name, value in trial.options.items())
        if trial.error:
            say(f"trial {trial.number} ({options}) failed: {trial.error}")
            return
        result = trial.results[rung]
        score = next((f"{name} {value:.4g}" for name, value in result["scores"].items()), "no score")
        grave = f", {', '.join(result['faults'])}" if is_faulty(result) else ""
        say(f"trial {trial.number} ({options}): {score} after {result['step']} steps{grave}")

    def ranking(self, trials: list[Trial]) -> list[Trial]:
        """The trials of the last rung, the best first."""
        last = len(self.plan.rungs) - 1
        there = [
            each
            for each in survivors(trials, last, self.plan.reduction)
            if not each.error and each.results[last:]
        ]
        return sorted(there, key=lambda each: each.rank(last))

    def finals(self, trials: list[Trial]) -> dict[Path, dict[str, Any]]:
        """The runs of the finals and their options: the best trials' and the defaults, with new seeds."""
        chosen = {f"trial-{each.number:04d}": each.options for each in self.ranking(trials)}
        entries = dict([*chosen.items()][: self.plan.finalists])
        entries = {name: options for name, options in entries.items() if options != self.plan.defaults}
        if chosen:
            entries[DEFAULT] = self.plan.defaults
        seeds = range(self.plan.seed + 1, self.plan.seed + 1 + self.plan.seeds)
        return {
            self.folder / "final" / f"{name}-seed{seed}": {**options, "seed": seed}
            for name, options in entries.items()
            for seed in seeds
        }

    def train_final(self, place: Path, options: dict[str, Any]) -> int:
        """Train a run of the finals, and score it as ``ptarmigan score`` does.

        Returns:
            The number of the signal that ended it; 0 where none did.
        """
        trial, outcome = train_up_to(
            Trial(0, options, place), self.plan.rungs[-1], self.plan.recipe, self.plan.options
        )
        if outcome is None:
            raise ValueError(f"{place}: {trial.error}")
        if not outcome.complete:
            return outcome.signal
        scored = score_run(place, n=self.plan.scored)
        if not self.quiet:
            name, first = next(iter(scored["scores"].items()))
            say(f"{place.name}: {name} {first['value']:.4g}")
        return 0


@contextmanager
def claimed(folder: Path) -> Iterator[bool]:
    """Whether this process is the only one that works in a folder, as long as it does."""
    lock = alone(folder)
    try:
        lock.__enter__()
    except ValueError:
        yield False
        return
    try:
        yield True
    finally:
        lock.__exit__(None, None, None)


def open_study(folder: Path, plan: Plan, storage: str) -> Sampler:
    """Make a folder a study's, or find that it is already, and open what proposes options.

    Raises:
        ValueError: it holds something else, or a study of other options.
    """
    path = folder / "study.json"
    with alone(folder):
        if not path.exists():
            if any(each.name != ".lock" for each in folder.iterdir()):
                raise ValueError(f"{folder} is not empty and holds no study: choose another --out")
            write(path, (json.dumps(plan.plain(), indent=2) + "\n").encode())
        sampler = Sampler(folder, storage, plan.space, plan.seed)
        if all(each.holds(plan.defaults.get(each.name)) for each in plan.space):
            sampler.begin(plan.defaults)
    check_same(path, plan)
    return sampler


def check_same(path: Path, plan: Plan) -> None:
    """A study that is there is this one; only more trials may be asked for.

    Raises:
        ValueError: it is another, or its file cannot be read.
    """
    try:
        there = read_json(path)
        mine = plan.plain()
        changed = [name for name in mine if there.get(name) != mine[name]]
    except (OSError, ValueError, AttributeError) as error:
        raise ValueError(f"{path} cannot be read: {one_line(error)}") from error
    if changed:
        raise ValueError(
            f"{path.parent} holds a study with other {', '.join(changed)}: choose another --out, or repeat "
            "its command"
        )


def short(value: Any) -> str:
    """A value in few characters."""
    return f"{value:.3g}" if isinstance(value, float) else str(value)
