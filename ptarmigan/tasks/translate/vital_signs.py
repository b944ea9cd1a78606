"""Vital signs of a translation: how its outputs depend on their inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from ptarmigan.core import noise
from ptarmigan.core.game import Game
from ptarmigan.data.samples import Samples
from ptarmigan.data.space import Space
from ptarmigan.metrics.pairwise import squared_distances
from ptarmigan.tasks.translate.cycle import distances, noisy

Values: TypeAlias = dict[str, float]
Floats: TypeAlias = NDArray[np.float64]
Back: TypeAlias = Callable[[Tensor, Tensor], Tensor | None]
"""Outputs and latents to inputs; None where a game goes one way only."""

FEW = 16
"""Outputs that are translated back."""
SIDE = 16
"""Pixels of a side at which edges are compared, at most."""


def vital_signs(
    game: Game, back: Back, samples: Samples, seed: int, z: Tensor, c: Tensor, x: Tensor, real: Tensor
) -> Values:
    """Measures of how outputs depend on their inputs; called without gradients.

    ``input_sensitivity`` is the distance between outputs of different inputs with the same latents, relative
    to that of real samples. ``follows`` is the probability that an output is nearer to its own target than to
    another one, or without pairs, that its edges agree more with those of its own input: ½ means that it
    ignores the input. ``changed`` is the distance of outputs from their inputs, relative to that of real
    samples. ``cycle`` is the distance of inputs from their reconstructions by rounded outputs, and
    ``cycle_noise`` by outputs with slight noise.

    Args:
        game: translates.
        back: translates outputs back.
        samples: the data.
        seed: of the slight noise.
        z: the latents of outputs.
        c: their inputs, as many.
        x: the outputs.
        real: real samples; the first inputs belong to them where pairs match.
    """
    inputs, space = samples.require_condition(), samples.space
    if not torch.isfinite(x).all():
        return {}
    n = min(len(x), len(real))
    real = real[:n].to(x)
    # without latents, the outputs of other inputs are already computed
    other = game.sample(z[:FEW], c[:FEW].roll(1, 0)) if game.latent else x[:FEW].roll(1, 0)
    found = {"input_sensitivity": far(other, x[:FEW]) / max(far(real, real.roll(1, 0)), 1e-12)}
    if inputs.paired:
        found["follows"] = nearer(squared_distances(space.embed(x[:n]), space.embed(real)))
    elif x.dim() == c.dim() == 4:
        found["follows"] = nearer(-agreements(x[:n], c[:n]))
    if alike(inputs.space, space):
        found["changed"] = far(x[:n], c[:n]) / max(far(real, c[:n]), 1e-12)
    raw, latents = space.decode(x[:FEW]), noise.normal(len(x[:FEW]), game.latent).to(x)
    for name, outputs in (("cycle", raw), ("cycle_noise", noisy(raw, space, seed))):
        again = back(space.encode(outputs).to(x), latents)
        if again is not None:
            wanted = inputs.space.decode(c[:FEW])
            found[name] = float(distances(inputs.space, inputs.space.decode(again), wanted).mean())
    return found


def far(a: Tensor, b: Tensor) -> float:
    """The root of the mean squared distance of samples to their partners."""
    return float((a.float() - b.float()).flatten(1).square().sum(1).mean().sqrt())


def nearer(distances: Floats) -> float:
    """The probability that a distance to the own partner, on the diagonal, is smaller than to another."""
    n = len(distances)
    if n < 2:
        return float("nan")
    own = distances.diagonal()[:, None]
    wins = (distances > own).sum() + 0.5 * ((distances == own).sum() - n)
    return float(wins / (n * (n - 1)))


def agreements(a: Tensor, b: Tensor) -> Floats:
    """The correlations of the edge maps of every picture of ``a`` with every one of ``b``."""
    sides = min(SIDE, a.shape[2]), min(SIDE, a.shape[3])
    small = [F.adaptive_avg_pool2d(x.float(), sides) for x in (a, b)]
    one, other = (standardised(edges(x)) for x in small)
    return one @ other.T


def edges(x: Tensor) -> Floats:
    """Edge maps of pictures, summed over channels, ``(n, places)``."""
    across, down = (x[..., 1:] - x[..., :-1]).abs(), (x[..., 1:, :] - x[..., :-1, :]).abs()
    return (F.pad(across, (0, 1)) + F.pad(down, (0, 0, 0, 1))).sum(1).flatten(1).cpu().double().numpy()


def standardised(x: Floats) -> Floats:
    """Rows minus their mean, scaled to length 1; zero for a constant row."""
    x = x - x.mean(1, keepdims=True)
    return np.asarray(x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12))


def alike(a: Space, b: Space) -> bool:
    """Whether samples of both spaces are comparable, as photos of one size."""
    return type(a) is type(b) and a.shape == b.shape
