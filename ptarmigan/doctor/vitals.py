"""Vital signs: what a run is like at some of its steps, measured without touching what is trained."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ptarmigan.core import noise
from ptarmigan.core.game import Game
from ptarmigan.core.precision import uncompiled
from ptarmigan.data.space import Space
from ptarmigan.doctor.discrimination import scores
from ptarmigan.doctor.features import finite_rows, share_of
from ptarmigan.doctor.movement import Movement
from ptarmigan.doctor.ranges import ranges
from ptarmigan.doctor.real import Real
from ptarmigan.tasks.choice import task_of
from ptarmigan.training.draw import placed
from ptarmigan.training.ema import EMA
from ptarmigan.training.restored import optional_tensor
from ptarmigan.training.run import Run

PROBES = 100
"""Probes in a run, about."""
FIXED = 32
"""Samples of every kind in a probe (training ones, held-out ones, generated ones), at least.

The latents of so many never change, and by these the movement of samples is measured.
"""
MOST = 1 << 24
"""Numbers in the samples of a probe, at most: 64 MiB."""
AXES = 3
"""Axes along which the mean of the samples is followed."""

Values = dict[str, float]


def interval(log_every: int, steps: int) -> int:
    """Steps between probes: a multiple of those between looks, so that both share a line; 0 for never."""
    return log_every * max(1, steps // (PROBES * log_every)) if log_every else 0


def count(space: Space) -> int:
    """Samples of every kind in a probe: fewer where they are huge."""
    return max(FIXED, min(space.probed, MOST // (4 * math.prod(space.shape))))


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
    """

    def __init__(self, run: Run, device: torch.device, precision: torch.dtype | None) -> None:
        self.run, self.device, self.precision = run, device, precision
        self.count = count(run.space)
        self.task = task_of(run.game, run.samples, seed=run.seed, precision=precision)
        self.movement = Movement(run)
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
        found, game, real = self.movement.follow(step), self.run.game, self.real
        # a probe is not worth compiling for
        with quiet(game), uncompiled(), self.autocast(), noise.isolated():
            z, c = self.latents(step)
            with torch.no_grad():
                x = game.sample(z, c)
                if c is not None:
                    found |= self.task.vital_signs(game, z, c, x, real.train)
            found |= scores(game, real, x, c)
            found |= self.samples(x)
            with ema.applied_to(game), torch.no_grad():
                found |= {f"averaged/{k}": v for k, v in self.compared(game.sample(z, c)).items()}
        return {f"vital/{k}": float(f"{v:.6g}") for k, v in found.items() if np.isfinite(v)}

    def autocast(self) -> torch.autocast:
        """As training has it."""
        return torch.autocast(self.device.type, self.precision, enabled=self.precision is not None)

    def latents(self, step: int) -> tuple[Tensor, Tensor | None]:
        """Latents, the first of them the same at every step, and what as many real samples come with."""
        seed, latent = self.run.seed, self.run.game.latent
        noise.at(seed, "doctor", device=self.device)
        fixed = noise.normal(FIXED, latent)
        noise.at(seed, "doctor", step, device=self.device)
        z = torch.cat([fixed, noise.normal(self.count - FIXED, latent)]).to(torch.get_default_dtype())
        given = self.real.given
        return z, None if given is None else placed(given, self.device)

    def samples(self, x: Tensor) -> Values:
        """Signs of the generator's samples, and how far these have moved since the last probe."""
        found = self.compared(x) | ranges(x, self.real.train)
        whole = bool(finite_rows(x).all())
        at = self.real.axes(self.run.space.embed(x)) if whole else None
        if at is not None:
            centre = at.mean(0) / np.maximum(self.real.reference.spread, 1e-12)
            found |= {f"at/{i}": float(v) for i, v in enumerate(centre[:AXES])}
            now = torch.from_numpy(at[:FIXED])
            if self.fixed is not None and self.fixed.shape == now.shape:  # not of older embeddings
                moved = (now - self.fixed).square().sum(1).mean()
                found["movement"] = float((moved / max(self.real.reference.typical, 1e-12)) ** 0.5)
            self.fixed = now
        return found

    def compared(self, x: Tensor) -> Values:
        """Samples compared with the real ones."""
        finite = finite_rows(x)
        found = {"finite": share_of(finite)}
        if not finite.all():
            return found
        requested = self.real.requested
        found |= self.real.reference.measure(self.real.axes(self.run.space.embed(x)), requested)
        return found

    def state_dict(self) -> dict[str, Any]:
        """What is remembered between probes."""
        return {"sketches": self.movement.state_dict(), "fixed": self.fixed}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Remember it."""
        self.movement.load_state_dict(state["sketches"])
        self.fixed = optional_tensor(state["fixed"], None, None)


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
