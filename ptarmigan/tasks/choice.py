"""The task of a game."""

from __future__ import annotations

import torch

from ptarmigan.core.game import Game
from ptarmigan.data.samples import Samples
from ptarmigan.tasks.generate import Generate
from ptarmigan.tasks.task import Task


def task_of(
    game: Game, samples: Samples, *, seed: int = 0, n: int = 10_000, precision: torch.dtype | None = None
) -> Task:
    """The task of a game on its samples: its attribute ``task``, or else generation.

    Args:
        game: the networks.
        samples: the real samples.
        seed: of latents, and of classes.
        n: samples that are scored.
        precision: the dtype of autocast, or None.

    Raises:
        TypeError: ``game.task`` is not a ``Task``.
    """
    return task_type(game)(samples, seed=seed, n=n, precision=precision)


def task_type(game: Game) -> type[Task]:
    """The class of a game's task.

    Raises:
        TypeError: ``game.task`` is not a ``Task``.
    """
    task = game.task or Generate
    if not issubclass(task, Task):
        raise TypeError(f"{type(game).__name__}.task is {task.__name__}, which is no Task")
    return task
