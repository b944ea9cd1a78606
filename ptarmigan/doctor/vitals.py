"""Vital signs: what a run is like at some of its steps, measured without touching what is trained."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ptarmigan.core import noise
from ptarmigan.core.game import Game
from ptarmigan.data.permutation import permute
from ptarmigan.data.samples import Source
from ptarmigan.doctor.features import Axes, Floats, finite_rows, share_of
from ptarmigan.doctor.portrait import Portrait
from ptarmigan.doctor.sketch import Sketch
from ptarmigan.tasks.choice import task_of
from ptarmigan.training.draw import placed
from ptarmigan.training.ema import EMA
from ptarmigan.training.rules import due, parameters
from ptarmigan.training.run import Run

PROBES = 100
"""Probes in a run, about."""
COUNT = 128
"""Samples of every kind in a probe: training ones, held-out ones, generated ones."""
REFERENCE = {False: 1_024, True: 512}
"""Training samples that others are held against, at most; fewer where they are small and steps are short."""
SMALL = 64
"""Numbers in a small sample, at most."""
FIXED = 32
"""Generated samples of a probe whose latents never change, so that it is seen how far they move."""
FEW = 16
"""Generated samples where all of a probe would take long: for the gradient norm, and other classes."""
MOST = 1 << 24
"""Numbers in the samples of a probe, at most: 64 MiB."""
EDGE = 0.01
"""Numbers that are as near to an end of a range, in lengths of it, are at that end."""
AXES = 3
"""Axes along which the mean of the samples is followed."""

Values = dict[str, float]


def interval(log_every: int, steps: int) -> int:
    """Steps between probes: a multiple of those between looks, so that both share a line; 0 for never."""
    return log_every * max(1, steps // (PROBES * log_every)) if log_every else 0


def count(shape: tuple[int, ...]) -> int:
    """Samples of every kind in a probe: fewer where they are huge."""
    return max(FIXED, min(COUNT, MOST // (4 * math.prod(shape))))


class Vitals:
    """Probes of one run, on its first rank.

    What is random in a probe is a function of the seed and the step, in a stream of noise of its own;
    networks are in evaluation mode, and nothing of theirs changes. What is remembered between probes is in
    ``state_dict``.

    How far samples and classes of the current networks are from real ones shows collapse and oscillation at
    once; what people get are samples of the EMA networks, whose signs begin with ``averaged/``.

    Args:
        run: what is played.
        device: where its networks are.
        precision: the dtype of autocast, or None.
        compiled: its networks are; they are not compiled again for a probe.
    """

    def __init__(
        self, run: Run, device: torch.device, precision: torch.dtype | None, *, compiled: bool = False
    ) -> None:
        self.run, self.device, self.precision, self.compiled = run, device, precision, compiled
        self.count = count(run.space.shape)
        self.task = task_of(run.game, run.samples, seed=run.seed, precision=precision)
        self.sketches: dict[str, Sketch] = {}
        self.fixed: Tensor | None = None
        self._real: Real | None = None

    @property
    def real(self) -> Real:
        """The real samples, read when they are first needed."""
        if self._real is None:
            self._real = Real(self.run, self.count)
        return self._real

    def probe(self, step: int, ema: EMA) -> Values:
        """The finite vital signs after ``step`` steps; gradients are those that the last turns left."""
        found = self.players(step)
        game = self.run.game
        with quiet(game), self.eager(), self.autocast():
            z, c = self.latents(step)
            with torch.no_grad():
                x = game.sample(z, c)
                if c is not None:
                    found |= self.task.vital_signs(game, z, c, x, self.real.train)
            found |= self.scores(game, x, c)
            found |= self.samples(x)
            with ema.applied_to(game), torch.no_grad():
                found |= {f"averaged/{k}": v for k, v in self.looked_at(game.sample(z, c)).items()}
        return {f"vital/{k}": float(f"{v:.6g}") for k, v in found.items() if np.isfinite(v)}

    def autocast(self) -> torch.autocast:
        """As training has it."""
        return torch.autocast(self.device.type, self.precision, enabled=self.precision is not None)

    def eager(self) -> AbstractContextManager[object]:
        """Without the compiler, where there is one."""
        return torch.compiler.set_stance("force_eager") if self.compiled else nullcontext()

    def latents(self, step: int) -> tuple[Tensor, Tensor | None]:
        """Latents, the first of them the same at every step, and what as many real samples come with."""
        seed, latent = self.run.seed, self.run.game.latent
        noise.at(seed, "doctor", device=self.device)
        fixed = noise.normal(FIXED, latent)
        noise.at(seed, "doctor", step, device=self.device)
        z = torch.cat([fixed, noise.normal(self.count - FIXED, latent)]).to(torch.get_default_dtype())
        given = self.real.given
        return z, None if given is None else placed(given, self.device)

    def players(self, step: int) -> Values:
        """How long gradients and weights are, and how far and where these went since the last probe."""
        found: Values = {}
        # others have gradients of an earlier phase, or none if the run was resumed since
        moved_last = {name for turn in due(self.run.game, step - 1) for name in turn.players}
        for name, optimizer in self.run.optimizers.items():
            held = [p.detach() for p in parameters(optimizer)]
            gradients = [p.grad.detach() for p in parameters(optimizer) if p.grad is not None]
            found[f"grad/{name}"] = norm(gradients) if name in moved_last else float("nan")
            found[f"weight/{name}"] = norm(held)
            sketch = self.sketches.setdefault(name, Sketch(name))
            moved, turned = sketch.follow(held)
            found[f"moved/{name}"] = moved / max(found[f"weight/{name}"], 1e-12)
            found[f"turn/{name}"] = turned
        return found

    def scores(self, game: Game, fake: Tensor, c: Tensor | None) -> Values:
        """The discriminator's scores of real, held-out and generated samples, and how surely they differ.

        ``told`` is the chance that a training sample scores above a generated one, ``told_held_out`` the same
        of held-out samples, and ``known`` that a training sample scores above a held-out one: a half is fair.
        """
        real = self.real
        with torch.no_grad():
            judged = [self.judged(game, x, k) for x, k in (real.probe(self.device), (fake, c))]
            mine, made = judged
            if mine is None or made is None:
                return {}
            others = None if real.held_out is None else self.judged(game, *real.held_out_probe(self.device))
        found = {
            "score_real": float(mine.mean()),
            "score_fake": float(made.mean()),
            "spread_real": float(mine.std()),
            "spread_fake": float(made.std()),
            "told": above(mine, made),
        }
        if others is not None:
            found["score_held_out"] = float(others.mean())
            found["told_held_out"], found["known"] = above(others, made), above(mine, others)
        return found | self.slope(game, fake, c)

    def judged(self, game: Game, x: Tensor, c: Tensor | None) -> Floats | None:
        """The discriminator's scores."""
        said = game.discriminate(x, c)
        return None if said is None else said.detach().float().cpu().double().numpy()

    def slope(self, game: Game, fake: Tensor, c: Tensor | None) -> Values:
        """The gradient norm at generated samples, in scores over the distance of two real samples."""
        x = fake[:FEW].detach().requires_grad_()
        with torch.enable_grad():
            said = game.discriminate(x, None if c is None else c[:FEW])
            if said is None or not said.requires_grad:
                return {}
            (gradient,) = torch.autograd.grad(said.sum(), x)
        return {"slope": float(gradient.float().flatten(1).norm(dim=1).mean()) * self.real.apart}

    def samples(self, x: Tensor) -> Values:
        """What the generator makes now, and how far that has moved since the last probe."""
        found = self.looked_at(x) | ranges(x, self.real.train)
        whole = bool(finite_rows(x).all())
        at = self.real.axes(self.run.space.embed(x)) if whole else None
        if at is not None:
            centre = at.mean(0) / np.maximum(self.real.portrait.spread, 1e-12)
            found |= {f"at/{i}": float(v) for i, v in enumerate(centre[:AXES])}
            now = torch.from_numpy(at[:FIXED])
            if self.fixed is not None:
                moved = (now - self.fixed).square().sum(1).mean()
                found["movement"] = float((moved / max(self.real.portrait.typical, 1e-12)) ** 0.5)
            self.fixed = now
        return found

    def looked_at(self, x: Tensor) -> Values:
        """Samples held against the portrait of the real ones."""
        finite = finite_rows(x)
        found = {"finite": share_of(finite)}
        if not finite.all():
            return found
        asked = self.real.asked
        found |= self.real.portrait.look(self.real.axes(self.run.space.embed(x)), asked)
        return found

    def state_dict(self) -> dict[str, Any]:
        """What is remembered between probes."""
        return {"sketches": {k: s.state_dict() for k, s in self.sketches.items()}, "fixed": self.fixed}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Remember it."""
        self.sketches = {name: Sketch(name) for name in state["sketches"]}
        for name, sketch in self.sketches.items():
            sketch.load_state_dict(state["sketches"][name])
        self.fixed = state["fixed"]


class Real:
    """The real samples that a run is held against: the same ones at every probe.

    Args:
        run: its samples and its seed.
        count: how many are shown to the discriminator, of the training and of the held-out ones.
    """

    def __init__(self, run: Run, count: int) -> None:
        samples = run.samples
        source, held_out = samples.source, samples.held_out
        self.space = run.space
        self.rows = chosen(source, REFERENCE[math.prod(self.space.shape) <= SMALL], run.seed)
        self.train = self.encoded(source, self.rows[:count])
        self.given = self.conditions(run, self.rows, count, held_out=False)
        self.held_out: Tensor | None = None
        self.held_out_given: Tensor | None = None
        others = None
        if held_out is not source and len(held_out) and (held_out.labels is None) == (source.labels is None):
            picked = chosen(held_out, count, run.seed)
            self.held_out = self.encoded(held_out, picked)
            self.held_out_given = self.conditions(run, picked, len(picked), held_out=True)
            others = self.space.embed(self.held_out)
        flat = np.concatenate(
            [
                self.space.embed(self.encoded(source, part))
                for part in np.array_split(self.rows, max(1, len(self.rows) // count))
            ]
        )
        self.axes = Axes.of(flat)
        at = self.axes(flat)
        group, groups = self.groups(run, at)
        self.portrait = Portrait.of(at, group, groups, count, noise.key(run.seed, "doctor", "clusters"))
        self.apart = float(self.train.float().flatten(1).var(0, unbiased=False).sum() * 2) ** 0.5
        self.asked = None
        if samples.labelled and self.space.classes and self.given is not None:
            self.asked = self.given.numpy()
        self.floor = {} if others is None else self.portrait.look(self.axes(others))

    def groups(self, run: Run, at: Floats) -> tuple[NDArray[np.int64] | None, int]:
        """The class or mode of every reference sample, where there are any, and how many there are."""
        labels, mixture = run.samples.source.labels, run.samples.mixture
        if labels is not None and self.space.classes:
            return labels[self.rows], len(self.space.classes)
        if mixture is None:
            return None, 0
        raw = run.samples.source.read(self.rows)
        apart = ((raw[:, None].astype(np.float64) - mixture.centres) ** 2).sum(2)
        return apart.argmin(1), len(mixture.centres)

    def conditions(self, run: Run, rows: NDArray[np.int64], n: int, *, held_out: bool) -> Tensor | None:
        """What ``n`` samples at ``rows`` come with: their classes, or inputs to translate; None of others."""
        samples = run.samples
        given = samples.condition
        if given is not None and not given.matched:
            rows = chosen(given.held_out if held_out else given.source, n, run.seed)
        c = samples.conditions(np.resize(rows, n), held_out=held_out)
        layout = torch.preserve_format if given is None else given.space.layout
        return None if c is None else placed(c, noise.CPU, layout)

    def encoded(self, source: Source, rows: NDArray[np.int64]) -> Tensor:
        """Samples as networks see them."""
        x = self.space.encode(source.read(rows))
        return x.to(torch.get_default_dtype(), memory_format=self.space.layout)

    def probe(self, device: torch.device) -> tuple[Tensor, Tensor | None]:
        """Training samples, and what they come with."""
        n = len(self.train)
        return self.train.to(device), None if self.given is None else placed(self.given[:n], device)

    def held_out_probe(self, device: torch.device) -> tuple[Tensor, Tensor | None]:
        """Held-out samples, and what they come with."""
        assert self.held_out is not None
        c = self.held_out_given
        return self.held_out.to(device), None if c is None else placed(c, device)


def chosen(source: Source, n: int, seed: int) -> NDArray[np.int64]:
    """``n`` rows of a source, or all where there are fewer, in an order that looks random."""
    return permute(np.arange(min(n, len(source))), len(source), seed, "doctor")


def above(a: Floats, b: Floats) -> float:
    """The chance that one of ``a`` is above one of ``b``; ties count half."""
    return float((a[:, None] > b).mean() + 0.5 * (a[:, None] == b).mean())


def ranges(x: Tensor, real: Tensor) -> Values:
    """The numbers of encoded samples, against those of real ones.

    ``edge`` is the share at either end of the real range, ``pinned`` at either end of their own; ``beyond``
    is the share outside of the real range, and ``unreached`` that of real numbers outside of theirs.
    """
    x, real = x.detach().float().cpu(), real.float()
    mine, theirs = extremes(x), extremes(real)
    return {
        "low": mine[0],
        "high": mine[1],
        "mean": float(x.mean()),
        "std": float(x.std()),
        "edge": outside(x, theirs, -EDGE),
        "pinned": outside(x, mine, -EDGE),
        "beyond": outside(x, theirs, EDGE),
        "unreached": outside(real, mine, EDGE),
    }


def extremes(x: Tensor) -> tuple[float, float]:
    """The lowest and the highest number."""
    low, high = torch.aminmax(x)
    return float(low), float(high)


def outside(x: Tensor, ends: tuple[float, float], margin: float) -> float:
    """The share of numbers outside of a range that is widened at either end by ``margin`` of its length."""
    low, high = ends
    wider = margin * (high - low)
    return share_of((x <= low - wider) | (x >= high + wider))


def norm(tensors: list[Tensor]) -> float:
    """The Euclidean norm of several tensors as one vector."""
    if not tensors:
        return float("nan")
    return float(torch.stack(torch._foreach_norm(tensors)).float().norm())


@contextmanager
def quiet(game: Game) -> Iterator[None]:
    """The game in evaluation mode, and as it was afterwards."""
    modes = [(module, module.training) for module in game.modules()]
    game.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training
