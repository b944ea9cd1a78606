"""Pivotal tuning: a generator that makes a given sample exactly, of latents that can still be edited."""

from __future__ import annotations

import copy

import torch
from torch import Tensor

from ptarmigan.core import noise
from ptarmigan.core.game import Game
from ptarmigan.core.inference import inference
from ptarmigan.core.optim import Adam
from ptarmigan.metrics.perceptual import Distance
from ptarmigan.tasks.latents.space import LatentSpace, latent_space

STEPS, RATE = 350, 3e-4
LOCAL, REACH = 0.1, 0.5
"""The weight of the locality term, and how far from the pivot it looks, in standard deviations of w."""


def tune(
    space: LatentSpace,
    x: Tensor,
    w: Tensor,
    c: Tensor | None,
    distance: Distance,
    *,
    steps: int = STEPS,
    seed: int = 0,
) -> Game:
    """A copy of a game whose generator makes ``x`` of ``w``.

    Roich et al. 2021, "Pivotal tuning for latent-based editing of real images", arXiv 2106.05744: Adam at
    3e-4 on the generator's weights θ, for at most 350 steps, down

        d(G(w; θ), x) + λ d(G(w'; θ), G(w'; θ₀))    (eq. 2 and 4)

    where w' lies on the way from the pivot w to that of a random sample, so that others stay as they are. λ
    is 0.1, as in the paper; the authors' code leaves this term out by default. Their distance to w', 30, is
    of FFHQ's w: here it is half a standard deviation.

    Args:
        space: of the latents; its game is left as it is.
        x: encoded samples ``(n, …)``, for which one generator is tuned together.
        w: the pivots ``(n, styles, size)``.
        c: their conditions, or None.
        distance: of encoded samples.
        steps: at most.
        seed: of the random samples.
    """
    tuned = copy.deepcopy(space.game)
    mine = latent_space(tuned)
    weights = [p for name in tuned.ema for p in getattr(tuned, name).parameters()]
    for p in weights:
        p.requires_grad_(True)
    reach = REACH * space.deviation(None if c is None else c[0])
    optimizer = Adam(weights, RATE)
    for step in range(steps):
        with inference(tuned, seed, "tune", step, samples=len(x)), torch.enable_grad():
            with torch.no_grad():
                way = space.map(noise.normal(len(x), tuned.latent), c) - w
                near = w + reach * way / way.flatten(1).norm(dim=1)[:, None, None].clamp(min=1e-12)
                before = space.synthesise(near, c).float()
            total = distance(mine.synthesise(w, c), x) + LOCAL * distance(mine.synthesise(near, c), before)
            optimizer.zero_grad()
            total.sum().backward()
            optimizer.step()
    return tuned.requires_grad_(False)
