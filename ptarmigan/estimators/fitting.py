"""What estimators share: they train a recipe in a folder, and keep the one file that is to share."""

from __future__ import annotations

import dataclasses
import functools
import io
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any, Protocol, TypeAlias, TypeVar, cast

import numpy as np
from sklearn.utils import check_random_state

from ptarmigan import zoo
from ptarmigan.data.reading import Reading
from ptarmigan.media.files import path_of, write
from ptarmigan.media.foreign import read_bytes
from ptarmigan.trained import FILE, Trained, load
from ptarmigan.training import own
from ptarmigan.training import run_folder as folders
from ptarmigan.training.options import build, defaults, to_plain
from ptarmigan.training.settings import Settings
from ptarmigan.training.threads import settle
from ptarmigan.training.train import train_run

Fit = TypeVar("Fit", bound=Callable[..., Any])
Writes: TypeAlias = str | os.PathLike[str] | IO[bytes]
"""A path, or an open file."""


class Estimator(Protocol):
    """An estimator's arguments, and what it keeps: a file, and the networks in it once they are needed."""

    recipe: Any
    steps: int | None
    options: dict[str, Any] | None
    out: str | os.PathLike[str]
    device: str
    random_state: Any
    verbose: bool
    file_: bytes
    _trained: Trained


def fits(fit: Fit) -> Fit:
    """A method that fits: where it fails or is interrupted, the estimator is left unfitted.

    As scikit-learn has it, what was fitted are the attributes whose names end with an underscore.
    """

    @functools.wraps(fit)
    def fitted(self: Any, *args: Any, **more: Any) -> Any:
        forget(self)
        try:
            return fit(self, *args, **more)
        except BaseException:
            forget(self)
            raise

    return cast(Fit, fitted)


def forget(estimator: Any) -> None:
    """Leave an estimator with its arguments alone."""
    for name in [name for name in vars(estimator) if name.endswith("_") or name == "_trained"]:
        delattr(estimator, name)


def fit_recipe(estimator: Estimator, prefix: str, *, recipe: str = "", **given: Any) -> Trained:
    """Train an estimator's recipe, and let it keep what comes of it.

    Args:
        estimator: what is fitted.
        prefix: of the names of its recipes.
        recipe: instead of the estimator's own, where that is not named.
        given: options of the recipe that are not among the estimator's ``options``, with the data.

    Raises:
        ValueError: an option is wrong, or the folder holds another run.
        KeyboardInterrupt: it was interrupted; with a folder, the same call goes on.
    """
    wanted = os.fspath(recipe or estimator.recipe)
    name = wanted if wanted.endswith(".py") else prefix + wanted
    options = {**(estimator.options or {}), **given, "seed": seed_of(estimator.random_state)}
    if estimator.steps is not None:
        options["steps"] = estimator.steps
    estimator.file_ = train_recipe(
        name, options, out=estimator.out, device=estimator.device, verbose=estimator.verbose
    )
    estimator._trained = load_networks(estimator.file_, estimator.device)
    return estimator._trained


def networks(estimator: Estimator) -> Trained:
    """The trained networks of a fitted estimator; after unpickling they are in its file alone."""
    if "_trained" not in vars(estimator):
        estimator._trained = load_networks(estimator.file_, estimator.device)
    return estimator._trained


def picklable_state(state: dict[str, Any]) -> dict[str, Any]:
    """The state of an estimator without its networks, which its file holds."""
    return {name: value for name, value in state.items() if name != "_trained"}


def open_file(where: Writes, device: str) -> tuple[bytes, Trained]:
    """The bytes of an estimator's or a run's file, or of the one in a run's folder, and the networks in it.

    Args:
        where: the path of the file or folder, or an open file.
        device: of the networks.

    Raises:
        ValueError: it is no such file.
    """
    if not isinstance(where, str | os.PathLike):
        file = where.read()
        return file, load_networks(file, device)
    trained, path = load(where, device=device), path_of(where)
    return read_bytes(path / FILE if path.is_dir() else path), trained


def save_bytes(where: Writes, file: bytes) -> None:
    """Write a file, over what was there, or into an open one."""
    if isinstance(where, str | os.PathLike):
        write(path_of(where), file)
    else:
        where.write(file)


def estimator_arguments(trained: Trained, prefix: str, mine: Sequence[str] = ()) -> dict[str, Any]:
    """The arguments by which an estimator would be fitted to what was trained.

    Args:
        trained: the networks, which remember their recipe's options.
        prefix: of the names of the estimator's recipes.
        mine: options of a recipe that are arguments of the estimator itself.
    """
    options = trained.description["options"]
    of_files = (field.name for field in dataclasses.fields(Reading))  # an estimator is fitted to frames
    decided = ("data", "steps", "seed", *of_files, *mine)
    return {
        "recipe": trained.description["recipe"].removeprefix(prefix),
        "steps": options["steps"],
        "options": {name: value for name, value in options.items() if name not in decided},
        "random_state": options["seed"],
        **{name: options[name] for name in mine if name in options},  # of an earlier version, not all
    }


def train_recipe(
    recipe: str, options: dict[str, Any], *, out: str | os.PathLike[str], device: str, verbose: bool
) -> bytes:
    """Train a recipe to its end; the bytes of its ``generator.safetensors``.

    Args:
        recipe: its name.
        options: those that are not as its signature has them, with the data.
        out: the run's folder, where another call goes on with it; none is left where empty.
        device: where to train.
        verbose: show progress.

    Raises:
        ValueError: an option is wrong, or the folder holds another run.
        KeyboardInterrupt: it was interrupted; with a folder, the same call goes on.
    """
    settings = Settings(
        device=device, vitals=False, sample_every=0, score_every=0, save_every=None if out else 0
    )
    found = zoo.recipe(recipe)
    whole = to_plain(defaults(found) | options)
    with tempfile.TemporaryDirectory() as place:
        where = path_of(out) if out else Path(place, "run")
        run = build(found, options)
        folders.complete(where, recipe, to_plain(defaults(found)))
        settings = settle(settings, run, where)
        description = folders.describe(recipe, whole, dataclasses.asdict(settings)) | own.stamp(recipe)
        outcome = train_run(run, where, settings, description=description, quiet=not verbose)
        if not outcome.complete:
            raise KeyboardInterrupt(outcome.reason)
        return read_bytes(where / FILE)


def load_networks(file: bytes, device: str) -> Trained:
    """The trained networks in such a file."""
    return load(io.BytesIO(file), device=device)


def seed_of(random_state: Any) -> int:
    """An integer for what scikit-learn takes as a random state."""
    if isinstance(random_state, int | np.integer):
        return int(random_state)
    return int(check_random_state(random_state).randint(np.iinfo(np.int32).max))
