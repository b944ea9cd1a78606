"""The loop: plays a run until it is done, and survives what happens on the way."""

from __future__ import annotations

import io
import math
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import torch
import torch.distributed as dist

from ptarmigan.core.errors import Diverged
from ptarmigan.core.game import Terms
from ptarmigan.core.precision import laid_out
from ptarmigan.data.left_out import left_out
from ptarmigan.doctor import examine
from ptarmigan.doctor.data import facts
from ptarmigan.doctor.rescue import Propose, RecoveryPolicy, Treated, adapted, forget
from ptarmigan.doctor.vitals import Vitals, interval
from ptarmigan.training import distributed
from ptarmigan.training.checkpoint import Checkpoints
from ptarmigan.training.distributed import Ranks
from ptarmigan.training.draw import Draw
from ptarmigan.training.ema import Average
from ptarmigan.training.logging import Meter, Watch
from ptarmigan.training.private import privacy
from ptarmigan.training.rules import SKIPPED, parameters
from ptarmigan.training.run import Run
from ptarmigan.training.run_folder import claim, treat, treatments
from ptarmigan.training.settings import Settings, pick_device, pick_precision, try_compiling
from ptarmigan.training.studio import Studio

LOOK = 10
"""Steps between looks at what only a float can tell: non-finite steps in a row, other ranks' wish to stop."""
ROLLBACKS = 3
SAVE_SECONDS = 300.0


@dataclass(frozen=True)
class Outcome:
    """How a run ended: ``reason`` in words; ``complete`` is False where it was interrupted and can go on.

    Where it is to go on with other options, ``treatment`` has them, as run.json does.
    """

    folder: Path
    step: int
    reason: str
    complete: bool
    scores: dict[str, float]
    signal: int = 0
    treatment: Treated | None = None


@dataclass
class Position:
    """Where a run is; all of it is in a checkpoint."""

    step: int = 0
    seconds: float = 0.0
    rollbacks: int = 0
    best_step: int | None = None
    best: float = float("inf")
    worse: int = 0
    still: int = 0
    scores: dict[str, float] = field(default_factory=dict)
    scored: int | None = None
    converged: str = ""
    treated: int = 0
    healthy: int = 0


def play(
    run: Run,
    folder: Path,
    settings: Settings | None = None,
    *,
    description: dict[str, Any] | None = None,
    force: bool = False,
    quiet: bool = False,
    propose: Propose | None = None,
) -> Outcome:
    """Play ``run`` in ``folder``, going on from the newest whole checkpoint that is there.

    Args:
        run: what is played.
        folder: where; it must be this run's already, unless there is a ``description``.
        settings: how.
        description: what the run is; with it the folder is claimed once the run is known to fit.
        force: see ``folder.claim``.
        quiet: show no progress.
        propose: says what to change where something is wrong, if ``settings.rescue`` wants it treated.

    Raises:
        ValueError: settings exclude one another, the batch cannot be shared evenly, the device or a compiler
            is not there, or the folder is another's.
        Diverged: non-finite steps, also after going back.
    """
    settings = settings or Settings()
    settings.check()
    device = distributed.local_device(pick_device(settings.device))
    if settings.compile:
        try_compiling(device)
    player = Player(run, folder, settings, device, distributed.join(device), quiet=quiet, propose=propose)
    goes_on = False
    try:
        if description is not None and player.ranks.first:
            claim(folder, description, force=force)
        outcome = player.play()
        distributed.wait()  # a rank that leaves before the rest may abort (gloo)
        goes_on = outcome.treatment is not None
        return outcome
    finally:
        player.watch.close()
        run.samples.close()
        if not goes_on:
            distributed.leave()


class Player:
    """A run on a device, with what is beside it: averaged weights, checkpoints, watchers."""

    def __init__(
        self,
        run: Run,
        folder: Path,
        settings: Settings,
        device: torch.device,
        ranks: Ranks,
        *,
        quiet: bool,
        propose: Propose | None,
    ) -> None:
        self.run, self.settings, self.device, self.ranks = run, settings, device, ranks
        images = len(run.space.shape) == 3
        precision = pick_precision(settings.precision, device, images=images)
        if settings.deterministic:
            torch.use_deterministic_algorithms(True)
            torch.backends.cudnn.benchmark = False
        laid_out(run.game, device, precision, images=images)
        self.draw = Draw(
            run.samples,
            seed=run.seed,
            device=device,
            precision=precision,
            accumulate=settings.accumulate,
            ranks=ranks,
        )
        distributed.copy_from_first([*run.game.parameters(), *run.game.buffers()])
        self.average = Average(run.game)
        if settings.compile:
            for network in run.game.children():
                network.compile(dynamic=False)  # with symbolic shapes inductor fails on a U-Net's levels
        self.at = Position()
        self.meter = Meter()
        self.streak = torch.zeros((), device=device)
        self.weights_then: torch.Tensor | None = None
        self.watch = Watch(folder if ranks.first else None, run.steps, run.samples.batch, quiet=quiet)
        self.vitals: Vitals | None = None
        if settings.vitals and ranks.first:
            self.vitals = Vitals(run, device, precision, compiled=settings.compile)
        self.checkpoints = Checkpoints(folder, settings.keep, self.watch.tell)
        self.studio = Studio(run, folder, settings, precision)
        self.folder = folder
        self.saved_at = time.monotonic()
        self.every = {
            "sample": settings.interval(settings.sample_every, run.steps),
            "score": settings.interval(settings.score_every, run.steps),
            "save": settings.interval(settings.save_every, run.steps),
            "probe": interval(settings.log_every, run.steps) if settings.vitals else 0,
        }
        self.policy: RecoveryPolicy | None = None
        if settings.rescue and propose is not None:
            self.policy = RecoveryPolicy(folder, propose, self.every["probe"], self.every["save"])
        self.remedy: Treated | None = None

    def play(self) -> Outcome:
        """The loop."""
        at, run = self.at, self.run
        with interrupts() as interrupt:
            self.begin()
            before, started = at.seconds, time.monotonic()
            while not (reason := self.over()):
                run.advance(at.step / run.steps)
                terms = run.rule(run.game, run.optimizers, self.draw, at.step)
                at.step += 1
                at.seconds = before + time.monotonic() - started
                try:
                    self.follow(terms)
                except Diverged:
                    if not self.is_faulty(over=True):
                        raise
                if self.remedy is not None:
                    return self.treated(self.remedy)
                if self.interrupted(interrupt):
                    return self.leave(interrupt)
        return self.finish(reason)

    def begin(self) -> None:
        """Be where the newest state is, or at the start, also after a treatment."""
        at = self.at
        done: list[Treated] = self.from_first(treatments(self.folder) if self.ranks.first else None)
        if self.ranks.first and done:
            forget(self.checkpoints, done)
        state = self.newest()
        if state is not None and state["position"].get("treated", 0) < len(done):
            state = adapted(state, self.state())
        if state is not None:
            self.restore(state)
        self.watch.start(at.step)
        if state is None:
            self.watch.rewind(-1)
            self.watch.skipped(left_out(self.run.samples))
            if self.vitals:
                self.watch.facts(facts(self.run.samples, self.vitals.real))
                for finding in examine(self.folder):
                    self.watch.event(0, finding.headline)
        elif at.step:
            self.watch.say(f"going on from step {at.step}")
        if at.treated < len(done):
            at.treated = len(done)
            self.watch.event(at.step, done[-1]["words"])
            self.save()
        elif state is None:
            self.save()

    def is_faulty(self, *, over: bool = False) -> bool:
        """Whether something is wrong and can be treated; ``remedy`` is what. Ranks are told."""
        if self.policy is None or self.at.treated >= self.settings.rescue:
            return False
        if self.ranks.first:
            well, self.remedy = self.policy.look(self.checkpoints.steps(), over=over)
            if well:
                self.at.healthy = self.policy.trusted(self.at.step, self.at.healthy)
        self.remedy = self.from_first(self.remedy)
        return self.remedy is not None

    def treated(self, treatment: Treated) -> Outcome:
        """Leave, to go on with other options."""
        if self.ranks.first:
            treat(self.folder, treatment)
        distributed.wait()
        at = self.at
        return Outcome(self.folder, at.step, treatment["words"], False, at.scores, treatment=treatment)

    def over(self) -> str:
        """Why the run is over, or nothing while it is not. Ranks decide about time together, now and then."""
        if self.at.step >= self.run.steps:
            return f"all {self.run.steps} steps are done"
        if self.at.converged:
            return self.at.converged
        limit = 60 * self.settings.minutes
        if limit and self.together() and distributed.agree(self.at.seconds >= limit, self.device):
            return f"the {self.settings.minutes:g} minutes are up"
        return ""

    def together(self) -> bool:
        """Whether this is a step at which ranks ask one another; alone, every step is."""
        return self.ranks.size == 1 or self.at.step % LOOK == 0

    def follow(self, terms: Terms) -> None:
        """What comes after every step; most of it after few."""
        at, run = self.at, self.run
        self.average.update(batch=run.samples.batch, half_life=run.remembers(at.step))
        self.streak = (self.streak + terms[SKIPPED]) * terms[SKIPPED]
        self.meter.add(terms)
        self.watch.advance(at.step)
        if at.step % LOOK == 0 and float(self.streak) >= LOOK:
            self.roll_back(terms)
            return
        if due(at.step, self.settings.log_every):
            self.look()
        if self.policy and due(at.step, self.policy.every) and self.is_faulty():
            return
        if due(at.step, self.every["sample"]) and self.ranks.first:
            self.picture()
        if due(at.step, self.every["score"]):
            self.score()
        if (due(at.step, self.every["save"]) or self.overdue()) and not float(self.streak):
            self.save()

    def look(self) -> None:
        """Write the terms down, and see whether anything still moves."""
        means = self.meter.take()
        if not means:
            return
        vitals: dict[str, float] = {}
        if self.vitals and due(self.at.step, self.every["probe"]):
            vitals = self.vitals.probe(self.at.step, self.average)
        self.watch.values(self.at.step, means | vitals, self.at.seconds)
        if self.settings.tolerance:
            self.see_whether_it_moves(means)

    def see_whether_it_moves(self, means: dict[str, float]) -> None:
        """Converged: three looks in a row at which weights and losses moved less than the tolerance."""
        held = [p.detach() for o in self.run.optimizers.values() for p in parameters(o)]
        now = torch.cat([p.reshape(-1).float() for p in held] + [torch.tensor(list(means.values()))])
        then, self.weights_then = self.weights_then, now
        if then is not None and len(then) == len(now):
            moved = float((now - then).norm() / then.norm().clamp_min(1e-12))
            self.at.still = self.at.still + 1 if moved < self.settings.tolerance else 0
            if self.at.still == 3:
                self.at.converged = (
                    f"converged: weights and losses move less than {self.settings.tolerance:g}"
                )

    def picture(self) -> None:
        """Draw samples of the averaged weights."""
        with self.average.playing(self.run.game) as game:
            self.watch.picture(self.at.step, self.studio.task.picture(game))

    def score(self) -> None:
        """Score the averaged weights; remember the best."""
        at = self.at
        at.scored = at.step
        if self.ranks.first:
            with self.average.playing(self.run.game) as game:
                at.scores = self.studio.task.scores(game)
            self.watch.values(at.step, {f"score/{k}": v for k, v in at.scores.items()}, at.seconds)
        if distributed.agree(self.ranks.first and self.loss() < at.best, self.device):
            at.best, at.best_step, at.worse = self.loss(), at.step, 0
            if self.ranks.first:
                self.studio.keep(self.average, "best.safetensors", {"step": at.step, "scores": at.scores})
            self.save()
        else:
            at.worse += 1
            if self.settings.patience and at.worse >= self.settings.patience:
                at.converged = f"converged: no better score for {at.worse} evaluations"

    def loss(self) -> float:
        """The first of the latest scores, with its sign changed where higher is better."""
        if not self.at.scores:
            return float("nan")
        first = self.studio.task.metrics[0]
        return self.at.scores[first.name] * (1 if first.lower_is_better else -1)

    def interrupted(self, interrupt: Interrupt) -> bool:
        """Whether a signal came, to this rank or another."""
        return self.together() and distributed.agree(interrupt.name is not None, self.device)

    def leave(self, interrupt: Interrupt) -> Outcome:
        """Save and go, in the middle of a run."""
        self.save()
        words = f"stopped at step {self.at.step} of {self.run.steps}"
        name = interrupt.name or "another rank's signal"
        return Outcome(
            self.folder, self.at.step, f"{words} by {name}", False, self.at.scores, interrupt.number
        )

    def finish(self, reason: str) -> Outcome:
        """The end of a run: what people take away from it."""
        at = self.at
        self.look()
        if self.every["score"] and at.scored != at.step:
            self.score()
        self.save()
        if self.is_faulty(over=True) and self.remedy is not None:
            return self.treated(self.remedy)
        if self.ranks.first:
            self.studio.keep(self.average, "generator.safetensors", {"step": at.step, "scores": at.scores})
            if self.every["sample"] and at.step % self.every["sample"]:
                self.picture()
            if known := privacy(self.run.game):
                reason += f"; ε is {math.ceil(100 * known['epsilon']) / 100:g} at δ {known['delta']:g}"
            self.watch.finished(at.step, reason)
        distributed.wait()
        return Outcome(self.folder, at.step, reason, True, at.scores)

    def overdue(self) -> bool:
        """Whether the last checkpoint is minutes old; one rank writes, so one rank decides."""
        return self.ranks.first and time.monotonic() - self.saved_at > SAVE_SECONDS

    def save(self) -> None:
        """Write a checkpoint."""
        if self.ranks.first:
            regular = self.every["save"] if self.policy else 0
            healthy = range(self.at.healthy, self.at.step, regular) if regular else ()
            self.checkpoints.save(self.at.step, self.state(), best=self.at.best_step, healthy=healthy)
        self.saved_at = time.monotonic()

    def state(self) -> dict[str, Any]:
        """All that a resume needs, as tensors and plain values."""
        return {
            "position": vars(self.at).copy(),
            "game": self.run.game.state_dict(),
            "optimizers": {name: o.state_dict() for name, o in self.run.optimizers.items()},
            "average": self.average.networks.state_dict(),
            "draw": self.draw.state_dict(),
            "meter": self.meter.state_dict(),
            "streak": self.streak,
            "weights_then": self.weights_then,
            "vitals": self.vitals.state_dict() if self.vitals else None,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Be where ``state`` was taken.

        Raises:
            ValueError: it is of other networks or optimizers.
        """
        try:
            self.run.game.load_state_dict(state["game"])
            for name, optimizer in self.run.optimizers.items():
                optimizer.load_state_dict(state["optimizers"][name])
        except (RuntimeError, ValueError, KeyError) as error:
            first, _, reason = str(error).partition("\n")
            raise ValueError(
                f"{self.folder} cannot go on: its recipe was changed since, and what was saved does not fit "
                f"({' '.join((reason or first).split())}); train into another --out"
            ) from error
        vars(self.at).update(state["position"])
        self.average.networks.load_state_dict(state["average"])
        self.draw.load_state_dict(state["draw"])
        self.meter.load_state_dict(state["meter"], self.device)
        self.streak = state["streak"].to(self.device)
        self.weights_then = state["weights_then"]
        if self.vitals and state.get("vitals"):
            self.vitals.load_state_dict(state["vitals"])

    def newest(self) -> dict[str, Any] | None:
        """The newest whole checkpoint; every rank gets the first one's."""
        found: dict[str, Any] | None = self.from_first(
            self.checkpoints.newest() if self.ranks.first else None
        )
        return found

    def from_first(self, value: Any) -> Any:
        """The first rank's tensors and plain values, on every rank."""
        if self.ranks.size == 1:
            return value
        buffer = io.BytesIO()
        torch.save(value, buffer)
        data = torch.frombuffer(bytearray(buffer.getvalue()), dtype=torch.uint8)
        size = torch.tensor(len(data), device=self.device)
        dist.broadcast(size, 0)
        shared = data.to(self.device) if self.ranks.first else data.new_empty(int(size), device=self.device)
        dist.broadcast(shared, 0)
        whole = io.BytesIO(shared.cpu().numpy().tobytes())
        return torch.load(whole, map_location="cpu", weights_only=True)

    def roll_back(self, terms: Terms) -> None:
        """Go back to the last good checkpoint and on with fresh noise.

        Raises:
            Diverged: it was done often enough.
        """
        from ptarmigan.doctor.words import not_finite

        step, tried = self.at.step, self.at.rollbacks + 1
        culprits = [name for name, term in terms.items() if not torch.isfinite(term)]
        cause = f"the term {culprits[0]!r} is not finite" if culprits else "a gradient is not finite"
        state = self.newest()
        if state is None or tried > ROLLBACKS:
            self.watch.event(step, f"stopped: {cause}")
            raise Diverged(f"{cause} for {LOOK} steps in a row at step {step}. {not_finite()}")
        self.restore(state)
        self.at.rollbacks, self.draw.stream = tried, tried
        self.watch.rewind(self.at.step)
        self.watch.event(self.at.step, f"went back here from step {step} with fresh noise: {cause}")


def due(step: int, every: int) -> bool:
    """Whether something done every so many steps is due; never where that is 0."""
    return bool(every) and step % every == 0


@dataclass
class Interrupt:
    """The signal that came, if one did."""

    name: str | None = None
    number: int = 0


@contextmanager
def interrupts() -> Iterator[Interrupt]:
    """Notice SIGINT and SIGTERM instead of dying of them; a second SIGINT does what it always did."""
    noticed = Interrupt()
    if threading.current_thread() is not threading.main_thread():
        yield noticed
        return

    def notice(number: int, frame: FrameType | None) -> None:
        noticed.name, noticed.number = signal.Signals(number).name, number
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = {number: signal.signal(number, notice) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield noticed
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
