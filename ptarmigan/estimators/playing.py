"""What estimators do to be fitted: play a recipe in a folder, and keep the one file that is to share."""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from ptarmigan import folder as folders
from ptarmigan import zoo
from ptarmigan.loop import play
from ptarmigan.options import build, defaults, plain
from ptarmigan.settings import Settings
from ptarmigan.trained import FILE, Trained, load


def played(recipe: str, options: dict[str, Any], *, out: str, device: str, verbose: bool) -> bytes:
    """Play a recipe to its end; the bytes of its ``generator.safetensors``.

    Args:
        recipe: its name.
        options: those that are not as its signature has them, with the data.
        out: the run's folder, where another call goes on with it; none is left where empty.
        device: where to play.
        verbose: show progress.

    Raises:
        ValueError: an option is wrong, or the folder holds another run.
        KeyboardInterrupt: it was interrupted; with a folder, the same call goes on.
    """
    settings = Settings(
        device=device, vitals=False, sample_every=0, score_every=0, save_every=None if out else 0
    )
    found = zoo.recipe(recipe)
    whole = defaults(found) | options
    description = folders.describe(
        recipe, {name: plain(value) for name, value in whole.items()}, dataclasses.asdict(settings)
    )
    with tempfile.TemporaryDirectory() as place:
        where = Path(out) if out else Path(place, "run")
        outcome = play(build(found, options), where, settings, description=description, quiet=not verbose)
        if not outcome.complete:
            raise KeyboardInterrupt(outcome.reason)
        return (where / FILE).read_bytes()


def revived(file: bytes, device: str) -> Trained:
    """The trained networks in such a file."""
    with tempfile.TemporaryDirectory() as place:
        path = Path(place, FILE)
        path.write_bytes(file)
        return load(path, device=device)


def seed_of(random_state: Any) -> int:
    """An integer for what scikit-learn takes as a random state."""
    if isinstance(random_state, int | np.integer):
        return int(random_state)
    return int(check_random_state(random_state).randint(np.iinfo(np.int32).max))
