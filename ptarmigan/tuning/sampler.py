"""Which options are tried next: Optuna's tree-structured Parzen estimator, in a journal or a database.

Bergstra et al. 2011, "Algorithms for hyper-parameter optimization". It learns from the first rung, where all
trials are equally long. What it proposes is a function of the seed and of what is known by then, so a study
that was killed proposes what it would have.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ptarmigan.core.noise import key
from ptarmigan.media.optional import needs
from ptarmigan.tuning.search import Choice, Dimension

if TYPE_CHECKING:
    import optuna

NAME = "ptarmigan"
JOURNAL = "journal.log"
DOCTOR = "grave faults"
"""What is to be 0 of a trial, in Optuna's words a constraint."""


class Sampler:
    """Proposes options, and is told what became of them.

    Args:
        folder: of the study.
        storage: the URL of a database; a journal in the folder when empty. Both can be read by
            ``optuna-dashboard``.
        space: what is searched.
        seed: the random seed.

    Raises:
        MissingPackageError: Optuna is not installed.
        ValueError: there is no such database.
    """

    def __init__(self, folder: Path, storage: str, space: Sequence[Dimension], seed: int) -> None:
        self.optuna = needs("optuna", extra="tune", why="tuning needs Optuna")
        self.space = {each.name: self.distribution(each) for each in space}
        self.seed = seed
        name = NAME if not storage else f"{NAME} {folder.resolve()}"
        with self.silent():
            self.study: optuna.Study = self.optuna.create_study(
                storage=self.opened(folder, storage), study_name=name, load_if_exists=True
            )

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Say nothing on what Optuna does, and leave its logging as it was."""
        before = self.optuna.logging.get_verbosity()
        self.optuna.logging.set_verbosity(self.optuna.logging.ERROR)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield
        finally:
            self.optuna.logging.set_verbosity(before)

    def opened(self, folder: Path, storage: str) -> Any:
        """The storage."""
        if not storage:
            backend = self.optuna.storages.journal.JournalFileBackend(str(folder / JOURNAL))
            return self.optuna.storages.JournalStorage(backend)
        try:
            return self.optuna.storages.RDBStorage(storage)
        except Exception as error:  # of SQLAlchemy, a driver or the server
            reason = str(error).partition("\n")[0]
            raise ValueError(f"--storage {storage}: it cannot be opened ({reason})") from error

    def distribution(self, dimension: Dimension) -> Any:
        """A dimension in Optuna's words."""
        of = self.optuna.distributions
        if isinstance(dimension, Choice):
            return of.CategoricalDistribution(dimension.values)
        if dimension.whole:
            return of.IntDistribution(int(dimension.low), int(dimension.high), log=dimension.log)
        return of.FloatDistribution(dimension.low, dimension.high, log=dimension.log)

    def begin(self, options: Mapping[str, Any]) -> None:
        """Try these options first, unless they were tried."""
        with self.silent():
            self.study.enqueue_trial(dict(options), skip_if_exists=True)

    def asked(self) -> list[dict[str, Any]]:
        """The options of every trial so far, by number."""
        waiting = self.optuna.trial.TrialState.WAITING
        return [
            rounded(trial.params) for trial in self.study.get_trials(deepcopy=False) if trial.state != waiting
        ]

    def ask(self) -> tuple[int, dict[str, Any]]:
        """The number and the options of a new trial."""
        count = len(self.study.get_trials(deepcopy=False))
        seed = key("tune", self.seed, count) % 2**32
        self.study.sampler = self.optuna.samplers.TPESampler(seed=seed)
        trial = self.study.ask(self.space)
        return trial.number, rounded(trial.params)

    def tell(self, number: int, loss: float | None, faulty: bool) -> None:
        """What a trial reached on the first rung; None where it failed. What was told before stays."""
        there = self.study.get_trials(deepcopy=False)[number]
        if there.state.is_finished():
            return
        trial = self.optuna.trial.Trial(self.study, there._trial_id)
        trial.set_constraint(DOCTOR, float(faulty))
        failed = self.optuna.trial.TrialState.FAIL if loss is None else None
        self.study.tell(trial, loss, failed)

    def importances(self) -> dict[str, float]:
        """How much of the variance of the loss each option explains; nothing where that cannot be told.

        PED-ANOVA: Watanabe et al. 2023, arXiv 2304.10255.
        """
        evaluator = self.optuna.importance.PedAnovaImportanceEvaluator()
        try:
            with self.silent():
                found = self.optuna.importance.get_param_importances(self.study, evaluator=evaluator)
        except (RuntimeError, ValueError):  # fewer than two trials, or all alike
            return {}
        return {name: float(share) for name, share in found.items()}


def rounded(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options whose numbers have four digits: more say nothing, and nobody wants to type them."""
    return {
        name: float(f"{value:.4g}") if isinstance(value, float) else value for name, value in options.items()
    }
