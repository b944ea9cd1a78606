"""Projection: the latents of which a generator makes given samples."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ptarmigan.core import noise
from ptarmigan.core.inference import inference
from ptarmigan.core.optim import Adam
from ptarmigan.metrics.perceptual import Distance
from ptarmigan.tasks.latents.space import LatentSpace

STEPS = 500
RATE = 0.1
"""Adam's, as published; it rises over the first and falls over the last part of the steps."""
RISE, FALL = 0.05, 0.25
NOISE, QUIET = 0.05, 0.75
"""Noise on w at the start, in standard deviations, and the part of the steps after which there is none."""
TRIED = 512
"""Latents among which a start is looked for."""
AT_ONCE = 64


@dataclass(frozen=True, eq=False)
class Start:
    """Where a projection starts.

    Attributes:
        w: for every target ``(n, 1, size)``.
        c: what each is conditioned on, or None.
    """

    w: Tensor
    c: Tensor | None


def project(
    space: LatentSpace,
    x: Tensor,
    start: Start,
    distance: Distance,
    *,
    steps: int = STEPS,
    plus: bool = False,
    seed: int = 0,
    tell: Callable[[int, Tensor], None] = lambda step, distances: None,
) -> Tensor:
    """W ``(n, styles, size)`` of which samples near ``x`` are made.

    Karras et al. 2020, "Analyzing and improving the image quality of StyleGAN", arXiv 1912.04958, appendix D:
    Adam at a rate of 0.1 that rises over 5 % of the steps and falls along a cosine over the last 25 %, and
    noise of 0.05 σ (1 − t / 0.75)² on w. In w+ (Abdal et al. 2019, arXiv 1904.03189) every layer has a w.

    Args:
        space: of the latents, whose game is in evaluation mode and does not require gradients.
        x: encoded samples ``(n, …)``, each projected by itself.
        start: where to start.
        distance: what is minimised.
        steps: of Adam; with none the start is returned.
        plus: in w+.
        seed: of the noise.
        tell: is called with every step and the distances before it.
    """
    c = start.c
    w = start.w.expand(-1, space.styles if plus else 1, -1).detach().clone()
    sigma = space.deviation(None if c is None else c[0])
    with inference(space.game, seed, "project", samples=len(x)), torch.enable_grad():
        w.requires_grad_(True)
        optimizer = Adam([w], RATE)
        for step in range(steps):
            t = step / steps
            optimizer.param_groups[0]["lr"] = RATE * ramp(t)
            moved = w + NOISE * sigma * max(0.0, 1 - t / QUIET) ** 2 * noise.normal(*w.shape)
            found = distance(space.synthesise(moved.expand(-1, space.styles, -1), c), x)
            optimizer.zero_grad()
            found.sum().backward()
            tell(step, found.detach())
            optimizer.step()
    return w.detach().expand(-1, space.styles, -1).clone()


def ramp(t: float) -> float:
    """What the rate is multiplied by after a share ``t`` of the steps."""
    fall = min(1.0, (1 - t) / FALL)
    return (0.5 - 0.5 * math.cos(math.pi * fall)) * min(1.0, (t + 1e-3) / RISE)


def nearest_start(
    space: LatentSpace,
    x: Tensor,
    distance: Distance,
    conditions: Callable[[int], Tensor | None],
    *,
    seed: int = 0,
) -> Start:
    """Of some latents those whose samples are nearest to ``x``, with what these are conditioned on.

    Where nothing is known of a target this is where to start: without a w the mean of z is no sample, and
    a condition has to be guessed.

    Args:
        space: of the latents.
        x: encoded samples.
        distance: what is minimised.
        conditions: so many of them.
        seed: of the latents.
    """
    c = conditions(TRIED)
    with inference(space.game, seed, "start", samples=AT_ONCE):
        w = space.map(noise.normal(TRIED, space.game.latent), c)
        made = torch.cat(
            [
                space.synthesise(w[i : i + AT_ONCE], None if c is None else c[i : i + AT_ONCE]).float()
                for i in range(0, TRIED, AT_ONCE)
            ]
        )
        best = torch.stack([nearest(one, made, distance) for one in x])
    return Start(w[best][:, :1], None if c is None else c[best])


def nearest(one: Tensor, made: Tensor, distance: Distance) -> Tensor:
    """Which of many samples is the nearest to one: of the nearest few by their numbers, by the distance."""
    plain = (made - one).square().flatten(1).sum(1)
    few = plain.topk(min(AT_ONCE, len(made)), largest=False).indices
    return few[distance(made[few], one.expand(len(few), *one.shape)).argmin()]
