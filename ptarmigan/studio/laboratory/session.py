"""One experiment: a run that is trained step by step, can go back, and is looked at while it goes on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from ptarmigan.core.game import Terms, Turn
from ptarmigan.core.process import learning
from ptarmigan.doctor import Finding, diagnose
from ptarmigan.doctor.history import History
from ptarmigan.doctor.vitals import PROBES, Vitals
from ptarmigan.doctor.words import WORDS
from ptarmigan.studio.curve import LongCurve
from ptarmigan.studio.laboratory.frame import COUNTED, SHOWN, Camera, counted, number, packed
from ptarmigan.studio.laboratory.phase import learnt, vector_field
from ptarmigan.studio.laboratory.snapshots import APART, Snapshots
from ptarmigan.training.draw import Draw
from ptarmigan.training.ema import EMA
from ptarmigan.training.rules import SKIPPED, alternating, due, parameters, turn_by_turn
from ptarmigan.training.run import Run

CPU = torch.device("cpu")


class Session:
    """A run of the plane, as the laboratory has it. One thread uses it at a time.

    Steps are those of the run's update rule, and random numbers are functions of seed and step: what is done
    again after going back is the same to the bit, and so is a run by the command.

    Args:
        run: that is trained.

    Attributes:
        step: steps done.
        turn: what was updated last, and the means of its terms.
        curves: of every term and measure, as far as training ever came.
    """

    def __init__(self, run: Run) -> None:
        self.run, self.step, self.turn = run, 0, ("", dict[str, float]())
        self.draw, self.ema = Draw(run.samples, seed=run.seed), EMA(run.game)
        real = run.space.encode(run.samples.source.read(np.arange(COUNTED) % len(run.samples)))
        self.camera = Camera(run.game, real, run.seed)
        self.vitals = Vitals(run, CPU, None)
        self.every = max(APART, run.steps // PROBES // APART * APART)
        self.history, self.sums = History(run.steps), dict[str, list[float]]()
        self.curves: dict[str, LongCurve] = {}
        self.snapshots = Snapshots(run, self.draw, self.ema)
        self.pending: Iterator[tuple[Turn, Terms]] | None = None
        self.left, self.reached = 0, 0
        self.learnt = learnt(run)
        self.snapshots.keep(0)

    def advance(self, steps: int = 1) -> None:
        """Whole steps, or what is left of one that was begun turn by turn; none beyond the run's end."""
        for _ in range(steps):
            if self.over:
                return
            before = self.step
            if self.run.rule is alternating or self.pending is not None:
                while self.step == before:
                    self.advance_turn()
            else:
                self.run.advance(self.step / self.run.steps)
                with learning():
                    terms = self.run.rule(self.run.game, self.run.optimizers, self.draw, self.step)
                self.note("all", terms)
                self.end_step()

    def advance_turn(self) -> None:
        """One player's update; a whole step where the rule is not one after another."""
        if self.over:
            return
        if self.run.rule is not alternating:
            self.advance()
            return
        game, optimizers = self.run.game, self.run.optimizers
        if self.pending is None:
            self.run.advance(self.step / self.run.steps)
            self.pending = turn_by_turn(game, optimizers, self.draw, self.step)
            self.left = sum(turn.times for turn in due(game, self.step))
        with learning():
            turn, terms = next(self.pending)
        self.note("+".join(turn.players), terms)
        self.left -= 1
        if self.left == 0:
            self.pending = None
            self.end_step()

    @property
    def over(self) -> bool:
        """Whether the run is at its end."""
        return self.step >= self.run.steps

    def note(self, players: str, terms: Terms) -> None:
        """Remember the losses of an update."""
        values = {name: float(value) for name, value in terms.items() if name != SKIPPED}
        self.turn = players, values
        for name, value in values.items():
            self.sums.setdefault(name, []).append(value)

    def end_step(self) -> None:
        """What comes after all turns of a step."""
        self.step += 1
        self.ema.update(batch=self.run.samples.batch, half_life=self.run.remembers(self.step))
        new = self.step > self.reached
        self.reached = max(self.reached, self.step)
        self.snapshots.keep(self.step)
        if self.step % APART == 0:
            means = {name: float(np.mean(values)) for name, values in self.sums.items()}
            self.sums = {}
            if new:
                self.measure(means)

    def measure(self, means: Mapping[str, float]) -> None:
        """Add to the curves and to what the doctor knows; only where training has not been before."""
        found = dict(means)
        if self.run.samples.mixture is not None and self.camera.planar:
            reached = counted(self.run.samples, self.camera.samples(self.run.game))
            found |= {"modes": reached["found"], "mode divergence": reached["divergence"]}
        for name, value in found.items():
            if np.isfinite(value):
                self.curves.setdefault(name, LongCurve()).add(self.step, value, self.step)
        history = self.history
        history.step, history.samples = self.step, self.step * self.run.samples.batch
        for name, value in means.items():
            if np.isfinite(value):
                history.terms.setdefault(name, []).append((self.step, value))
        if self.step % self.every == 0:
            for name, value in self.vitals.probe(self.step, self.ema).items():
                history.vitals.setdefault(name.removeprefix("vital/"), []).append((self.step, value))

    def seek(self, step: int) -> None:
        """Go back, or on, to a step that was reached: from the state that was kept before it."""
        step = max(0, min(step, self.reached))
        begin = self.snapshots.before(step)
        if not begin <= self.step <= step or self.pending is not None:
            self.snapshots.restore(begin)
            self.step, self.pending, self.turn, self.sums = begin, None, ("", {}), {}
        self.advance(step - self.step)

    def opening(self) -> dict[str, Any]:
        """What does not change: real points, how many steps there are, and the field of a Dirac-GAN."""
        found: dict[str, Any] = {
            "real": packed(self.camera.real[:SHOWN]),
            "size": self.camera.real.shape[1],
            "steps": self.run.steps,
        }
        if self.learnt:
            found["field"] = packed(vector_field(self.run, self.learnt))
        return found

    def frame(self) -> dict[str, Any]:
        """How it is now."""
        fake = self.camera.samples(self.run.game)
        with self.ema.applied_to(self.run.game) as game:
            averaged = self.camera.samples(game)
        players, terms = self.turn
        found = diagnose(self.history.until(self.step)) if self.history.vitals else None
        return {
            "step": self.step,
            "reached": self.reached,
            "middle": self.pending is not None,
            "turn": {"players": players, "terms": {name: number(value) for name, value in terms.items()}},
            "norms": {name: norm(self.run.optimizers[name]) for name in self.run.optimizers},
            "modes": counted(self.run.samples, fake) if self.camera.planar else {},
            "doctor": None if found is None else said(found),
            "averaged": packed(averaged[:SHOWN]),
            **({"phase": [number(p.detach()) for p in self.learnt]} if self.learnt else {}),
            **self.camera.frame(fake),
        }


def said(findings: Sequence[Finding]) -> list[str]:
    """The first thing that is wrong in a line, why that happens, and what helps; nothing of a healthy run."""
    if not findings:
        return []
    words = WORDS[findings[0].fault]
    return [findings[0].headline, words.why, words.helps]


def norm(optimizer: torch.optim.Optimizer) -> float | None:
    """The norm of the gradient that a player last had; None before its first."""
    gradients = [p.grad for p in parameters(optimizer) if p.grad is not None]
    return number(torch.stack(torch._foreach_norm(gradients)).norm()) if gradients else None
