"""Training of one run in one folder, with the hooks that every run has and those of a user."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from ptarmigan.core.process import deterministic, learning, threads, untuned
from ptarmigan.data.known import DATA, as_plain, this_folder
from ptarmigan.tasks.choice import task_of
from ptarmigan.training import distributed
from ptarmigan.training.data_of_run import NOT_CHECKED, known_data
from ptarmigan.training.hooks import Export, Logging, Samples, Saving, Scores, UpdateEMA
from ptarmigan.training.loggers import Logger
from ptarmigan.training.logging import Log
from ptarmigan.training.outcome import Outcome
from ptarmigan.training.power_ema import PowerEMA
from ptarmigan.training.recovery import Recovery
from ptarmigan.training.run import Run
from ptarmigan.training.run_folder import claim, treatments
from ptarmigan.training.settings import Settings, pick_device, try_compiling
from ptarmigan.training.stopping import Convergence, TimeLimit
from ptarmigan.training.threads import settle
from ptarmigan.training.trainer import Hook, Trainer
from ptarmigan.training.transfer import freeze_discriminator, start_from
from ptarmigan.training.user_hooks import Ending, Guarded

Compose: TypeAlias = Callable[[Trainer, Sequence[Hook]], list[Hook]]
"""The hooks of a trainer, in the order in which they are called, with those of a user among them."""


def default_hooks(
    trainer: Trainer,
    hooks: Sequence[Hook] = (),
    *,
    recovery: Recovery | None = None,
    observers: Sequence[Hook] = (),
) -> list[Hook]:
    """The hooks that every training has.

    Args:
        trainer: of the run.
        hooks: the user's: called before losses are logged, and at the end after all others.
        recovery: in place of the default one.
        observers: hooks that are called once losses are logged, before samples are drawn and scored.
    """
    run, settings = trainer.run, trainer.settings
    recovery = recovery or Recovery(trainer)
    logging = Logging(trainer, settings.log_every)
    n, precision = settings.score_samples, trainer.precision
    task = task_of(run.game, run.samples, seed=run.seed, n=n, precision=precision)
    return [
        recovery,
        UpdateEMA(),
        PowerEMA(run.game),
        *map(Guarded, hooks),
        logging,
        Convergence(settings.tolerance, logging),
        *observers,
        Samples(settings.interval(settings.sample_every, run.steps), task),
        Scores(trainer, settings.interval(settings.score_every, run.steps), settings.patience, task),
        Saving(settings.interval(settings.save_every, run.steps), recovery),
        Export(task),
        TimeLimit(settings.minutes),
        *map(Ending, hooks),
    ]


def train_run(
    run: Run,
    folder: Path,
    settings: Settings | None = None,
    *,
    compose: Compose = default_hooks,
    hooks: Sequence[Hook] = (),
    loggers: Sequence[Logger] = (),
    description: dict[str, Any] | None = None,
    force: bool = False,
    quiet: bool = False,
) -> Outcome:
    """Train ``run`` in ``folder``, from its latest undamaged checkpoint.

    Args:
        run: to train.
        folder: of the run; it must exist, unless there is a ``description``.
        settings: of the training.
        compose: makes the list of hooks.
        hooks: the user's.
        loggers: the user's.
        description: of the run, for run.json; with it the folder is claimed once the run is known to fit.
        force: see ``run_folder.claim``.
        quiet: show no progress.

    Raises:
        ValueError: settings exclude one another, the batch cannot be shared evenly, the device or a compiler
            is not there, two hooks have one name, or the folder is another's.
        Diverged: steps that are not finite, also after rollbacks.
    """
    settings = settle(settings or Settings(), run, folder)
    settings.check()
    device = distributed.local_device(pick_device(settings.device))
    if settings.compile:
        try_compiling(device)
    ranks = distributed.join(device)
    place = folder if ranks.first else None
    log = Log(place, run.steps, run.samples.batch, quiet=quiet, loggers=loggers)
    goes_on = False
    try:
        with learning(), threads(settings.threads), reproducible(settings.deterministic):
            said = transfer(run, folder, settings)
            trainer = Trainer(run, folder, settings, device, ranks, log)
            trainer.hooks = compose(trainer, hooks)
            check_names(trainer.hooks)
            if description is not None and ranks.first:
                known = as_plain(known_data(run)) | {"folder": this_folder()}
                given = None if run.built is None else run.built.options.get(DATA)
                claim(folder, {**description, DATA: known}, force=force, data=given)
                if not known["digest"]:
                    log.screen.say(NOT_CHECKED)
            for line in said:
                log.screen.say(line)
            outcome = trainer.train()
        distributed.wait()  # a rank that leaves before the rest may abort (gloo)
        goes_on = outcome.treatment is not None
        return outcome
    finally:
        log.close(own=not goes_on)
        run.samples.close()
        if not goes_on:
            distributed.leave()


def transfer(run: Run, folder: Path, settings: Settings) -> list[str]:
    """Start a new run from the weights of another one, and take frozen layers from their optimizer.

    Returns:
        What was done, in lines; a run that goes on has its own weights.

    Raises:
        ValueError: the weights do not fit, or there are no such layers.
    """
    frozen = (
        [freeze_discriminator(run, settings.freeze_discriminator)] if settings.freeze_discriminator else []
    )
    if not settings.start_from or any(folder.glob("state-*.pt")):
        return []
    try:
        return [start_from(run.game, settings.start_from), *frozen]
    except ValueError as error:
        if treatments(folder):  # another recipe was taken, whose networks are others
            return [f"{error}; it starts with weights of its own", *frozen]
        raise


@contextmanager
def reproducible(on: bool) -> Iterator[None]:
    """The same bits on the same device every time, where that is asked for."""
    with ExitStack() as stack:
        if on:
            stack.enter_context(deterministic())
            stack.enter_context(untuned())
        yield


def check_names(hooks: Sequence[Hook]) -> None:
    """No two hooks have one name: their states would be one.

    Raises:
        ValueError: two have.
    """
    names = [hook.name for hook in hooks]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"there are two hooks called {name!r}: give each a name of its own")
