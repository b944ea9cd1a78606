"""Plays a run for so many minutes of training, and stops the clock to score it.

A busy machine makes a clock lie. So minutes are also counted in steps: ``pace`` says, on a quiet machine, how
long a step takes, and ``played`` plays as many as fit.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import torch

from ptarmigan.core.game import Game
from ptarmigan.core.precision import laid_out
from ptarmigan.training.draw import Draw
from ptarmigan.training.ema import EMA
from ptarmigan.training.run import Run
from ptarmigan.training.settings import pick_device, pick_precision


@dataclass(frozen=True)
class Mark:
    """A moment of a run: how far it is, and its averaged networks."""

    minutes: float
    step: int
    game: Game


@dataclass
class Play:
    """A run on its device, a step at a time."""

    run: Run
    step: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        run, device = self.run, pick_device("auto")
        dtype = pick_precision("auto", device, half=run.space.half_precision)
        laid_out(run.game, device, dtype, run.space.layout)
        self.draw = Draw(run.samples, seed=run.seed, device=device, precision=dtype)
        self.ema, self.device = EMA(run.game), device

    def advance(self, progress: float) -> None:
        """One step, with schedules as they are when ``progress`` of the run is done."""
        run = self.run
        run.advance(progress)
        run.rule(run.game, run.optimizers, self.draw, self.step)
        self.step += 1
        self.ema.update(batch=run.samples.batch, half_life=run.remembers(self.step))

    def wait(self) -> None:
        """Until the device has done what it was told."""
        if self.device.type == "cuda":
            torch.cuda.synchronize()


def clocked(
    run: Run, marks: Sequence[float], *, clock: Callable[[], float] = time.monotonic
) -> Iterator[Mark]:
    """Play ``run``, and hand out its game with averaged weights at every mark (in minutes of training).

    Schedules run from 0 to 1 over the last mark, by the clock: each is played as if it ended there.
    ``time.process_time`` is a clock that other work does not disturb, for a run on one thread.
    """
    play = Play(run)
    spent, last = 0.0, marks[-1]
    for mark in marks:
        then = clock()
        while spent + clock() - then < 60 * mark:
            play.advance(min((spent + clock() - then) / (60 * last), 1.0))
        play.wait()
        spent += clock() - then
        with play.ema.applied_to(run.game) as game:
            yield Mark(mark, play.step, game)
    run.samples.close()


def played(run: Run, marks: Sequence[float], milliseconds: float) -> Iterator[Mark]:
    """The same, with as many steps as fit into each mark's minutes when one takes ``milliseconds``."""
    play = Play(run)
    steps = [max(1, round(60_000 * mark / milliseconds)) for mark in marks]
    for mark, end in zip(marks, steps, strict=True):
        while play.step < end:
            play.advance(play.step / steps[-1])
        with play.ema.applied_to(run.game) as game:
            yield Mark(mark, play.step, game)
    run.samples.close()


def pace(run: Run, seconds: float, *, whole: int = 8) -> float:
    """Milliseconds a step takes, over so many ``seconds`` or more, and ``whole`` rounds of lazy turns.

    What is so slow that the rounds would take ten times that has none: it stops amid them.
    """
    play = Play(run)
    play.advance(0.0)  # whatever is made at the first step is made here
    play.wait()
    then, begun = time.perf_counter(), play.step
    while (spent := time.perf_counter() - then) < seconds or (
        (play.step - begun) % whole and spent < 10 * seconds
    ):
        play.advance(0.0)
    play.wait()
    run.samples.close()
    return 1000 * (time.perf_counter() - then) / (play.step - begun)


def seconds(function: Callable[[], object]) -> float:
    """How long a call takes."""
    then = time.perf_counter()
    function()
    return time.perf_counter() - then
