"""The best EMA of a finished run's weights, by its score, without training again."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from ptarmigan.core.errors import must_fit
from ptarmigan.media.progress import status
from ptarmigan.tasks.choice import task_of
from ptarmigan.tasks.task import Task
from ptarmigan.trained import FILE, rebuild
from ptarmigan.trained.loading import read
from ptarmigan.training import checkpoint
from ptarmigan.training import run_folder as folders
from ptarmigan.training.checkpoint import Checkpoints, State
from ptarmigan.training.ema import EMA
from ptarmigan.training.power_ema import CHOSEN, PowerEMA
from ptarmigan.training.run import Run
from ptarmigan.training.schema import Weights, check
from ptarmigan.training.settings import pick_device
from ptarmigan.training.weights_file import write_networks

TRIED = (0.01, 0.015, 0.025, 0.04, 0.06, 0.1, 0.15)
"""Relative widths; narrower ones are hardly an average, wider ones reach back to where little was learnt."""


@dataclass(frozen=True)
class Candidate:
    """An EMA of a run's weights, and its score.

    Attributes:
        step: after which it ends.
        width: relative to the training so far; None for the half-life that the run was trained with.
        score: the first score of the run's kind.
    """

    step: int
    width: float | None
    score: float = float("nan")

    @property
    def words(self) -> str:
        """Which one it is."""
        return "as trained" if self.width is None else f"width {self.width:g}"


@dataclass(frozen=True)
class Choice:
    """What ``choose_ema`` found.

    Attributes:
        metric: the name of the score.
        tried: all candidates, scored by the same samples.
        best: the best of them.
        fresh: the scores of other samples of the weights as trained, and of the best.
        chosen: the best is what ``load`` takes from now on; else it takes the weights as trained.
    """

    metric: str
    tried: tuple[Candidate, ...]
    best: Candidate
    fresh: tuple[float, float]
    chosen: bool


class Averages:
    """The EMAs in the checkpoints of a run.

    Args:
        folder: of the run.
        run: whose game has the networks.
        say: is called with a line where a checkpoint is damaged.

    Attributes:
        steps: the step of the best score during training, where its checkpoint is there, and the last step.
        ema: the EMA that was asked for last.
    """

    def __init__(self, folder: Path, run: Run, say: Any) -> None:
        self.run, self.ema, self.power = run, EMA(run.game), PowerEMA(run.game)
        self.checkpoints = Checkpoints(folder, 1, say)
        newest = self.checkpoints.newest()
        if newest is None:
            raise ValueError(f"{folder} has no checkpoint any more, in which the averages would be")
        if "power_ema" not in newest["hooks"]:
            raise ValueError(f"{folder} was trained by an earlier version, which kept no averages")
        best = newest["hooks"].get("scores", {}).get("best_step")
        kept = [best] if best in self.checkpoints.steps() and best != newest["step"] else []
        self.steps = (*kept, newest["step"])
        self.state: State = {"step": -1}

    def take(self, step: int, width: float | None) -> EMA:
        """The EMA of a width after a step; see ``Candidate``."""
        if self.state["step"] != step:
            self.state = checkpoint.read(self.checkpoints.path(step))
            self.run.advance(step / self.run.steps)
            self.run.game.load_state_dict(self.state["game"])
            self.power.load_state_dict(self.state["hooks"]["power_ema"])
        if width is None:
            self.ema.networks.load_state_dict(self.state["ema"])
        else:
            self.power.recombined(width, self.ema.networks)
        return self.ema

    def scores(self, candidate: Candidate, task: Task) -> dict[str, float]:
        """The scores of a candidate."""
        with self.take(candidate.step, candidate.width).applied_to(self.run.game) as game:
            return task.scores(game)


def choose_ema(
    folder: Path,
    *,
    widths: Sequence[float] = TRIED,
    n: int = 2_500,
    seed: int = 0,
    device: str = "auto",
    quiet: bool = True,
    run: Run | None = None,
) -> Choice:
    """Score EMAs of several widths, at the last step and at that of the best score, and take the best.

    It is written as ``ema.safetensors``, which ``load`` prefers, if it is also better than the weights as
    trained on samples that it was not chosen by.

    Args:
        folder: of a finished run.
        widths: relative to the training, from 0.005 to 0.2.
        n: samples in a score.
        seed: the random seed of the samples; those of the second comparison have the next one.
        device: of the networks.
        quiet: show no progress.
        run: the networks and the data of a run that was made in Python.

    Raises:
        ValueError: the folder holds no finished run, its checkpoints or averages are missing, it is private,
            or nothing scores its kind.
        FileNotFoundError: the data of the run is missing.
    """
    described = finished(folder)
    run = copy.copy(rebuild(folder, run))
    run.game = copy.deepcopy(run.game).to(pick_device(device)).eval().requires_grad_(False)
    precision = torch.bfloat16 if described.get("precision") == "bfloat16" else None
    task, other = (task_of(run.game, run.samples, seed=s, n=n, precision=precision) for s in (seed, seed + 1))
    if not task.metrics:
        raise ValueError(f"nothing scores {described['recipe']}, so that no EMA of {folder} is the best")
    name = task.metrics[0].name
    problem = f"{folder}: what is in its checkpoints does not fit"
    with folders.writing(folder), status(shown=not quiet) as notify, must_fit(problem):
        averages, tried = Averages(folder, run, notify), list[Candidate]()
        for each in [Candidate(step, width) for step in averages.steps for width in (None, *widths)]:
            notify(f"{each.words}, step {each.step:,}")
            tried.append(replace(each, score=averages.scores(each, task)[name]))
        last = next(each for each in reversed(tried) if each.width is None)
        best = min(tried, key=lambda each: task.loss({name: each.score}))
        notify("other samples of the best")
        compared = [averages.scores(each, other) for each in (last, best)]
        chosen = task.loss(compared[1]) < task.loss(compared[0])
        (folder / CHOSEN).unlink(missing_ok=True)
        if chosen:
            with averages.take(best.step, best.width).applied_to(run.game) as game:
                more = {**task.described(game), **game.described(), "scores": compared[1]}
            described |= more | {"step": best.step, "ema_width": best.width}
            write_networks(folder / CHOSEN, averages.ema.networks, described)
        before, now = (scores[name] for scores in compared)
        return Choice(name, tuple(tried), best, (before, now), chosen)


def finished(folder: Path) -> dict[str, Any]:
    """The description of a finished run.

    Raises:
        ValueError: it is not finished, or private: choosing by a score would look at the rows again.
    """
    folders.load(folder)
    if not (folder / FILE).exists():
        raise ValueError(f"{folder} is not finished: its EMAs are chosen from at the end")
    described: dict[str, Any] = read(folder / FILE)[0]
    check(Weights, described, f"{folder / FILE} was not written by ptarmigan")
    if "epsilon" in described:
        raise ValueError(f"{folder} is private, and a choice by scores would look at the rows again")
    return described
