"""Plays a run for so many minutes of training, and stops the clock to score it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch

from ptarmigan import schedule
from ptarmigan.average import Average
from ptarmigan.draw import Draw
from ptarmigan.game import Game
from ptarmigan.run import Run
from ptarmigan.settings import pick_device, pick_precision


@dataclass(frozen=True)
class Mark:
    """A moment of a run: how far it is, and its averaged networks."""

    minutes: float
    step: int
    game: Game


def clocked(run: Run, marks: Sequence[float], *, precision: str = "auto") -> Iterator[Mark]:
    """Play ``run``, and hand out its game with averaged weights at every mark (in minutes of training).

    Schedules run from 0 to 1 over the last mark, by the clock: each is played as if it ended there.
    """
    device = pick_device("auto")
    dtype = pick_precision(precision, device, images=len(run.space.shape) == 3)
    run.game.to(device)
    if len(run.space.shape) == 3:
        run.game.to(memory_format=torch.channels_last)
    draw, average = Draw(run.samples, seed=run.seed, device=device, precision=dtype), Average(run.game)
    spent, step, last = 0.0, 0, marks[-1]
    for mark in marks:
        then = time.monotonic()
        while spent + time.monotonic() - then < 60 * mark:
            progress = min((spent + time.monotonic() - then) / (60 * last), 1.0)
            run.advance(progress)
            run.rule(run.game, run.optimizers, draw, step)
            step += 1
            half_life = schedule.at(run.half_life, progress)
            average.update(batch=run.samples.batch, seen=step * run.samples.batch, half_life=half_life)
        if device.type == "cuda":
            torch.cuda.synchronize()
        spent += time.monotonic() - then
        with average.playing(run.game) as game:
            yield Mark(mark, step, game)
    run.samples.close()


def seconds(function: Callable[[], object]) -> float:
    """How long a call takes."""
    then = time.perf_counter()
    function()
    return time.perf_counter() - then
