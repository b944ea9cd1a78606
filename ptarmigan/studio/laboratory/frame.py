"""What is drawn of a game at a step: points, the discriminator's surface, the generator's grid, arrows.

Coordinates are those that networks see. Arrays are sent as base64 of float32 or uint8, row by row.
"""

from __future__ import annotations

import base64
import math
from statistics import NormalDist
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ptarmigan.core import noise
from ptarmigan.core.game import Game
from ptarmigan.core.gan import GAN
from ptarmigan.core.losses import least_squares, minimax, non_saturating
from ptarmigan.data.samples import Samples
from ptarmigan.doctor.vitals import quiet
from ptarmigan.metrics.modes import modes

VIEW = 1.5
"""What is seen of the plane: from minus this to this."""
SHOWN = 400
"""Points of either kind."""
COUNTED = 1_024
"""Generated points by which densities are estimated and modes counted."""
CELLS = 40
"""Of the surface, along a side."""
LINES = 13
"""Of the generator's grid, along a side."""
ARROWS = 80
BANDWIDTH = 0.06
"""The standard deviation of the kernels by which both densities are estimated."""


def packed(values: NDArray[Any] | Tensor) -> str:
    """Numbers as text: bytes as they are, others as float32."""
    found = np.asarray(values)
    return base64.b64encode(
        found.astype(found.dtype if found.dtype == np.uint8 else "<f4").tobytes()
    ).decode()


def number(value: Any) -> float | None:
    """A number of four digits; None where it is not finite."""
    return float(f"{float(value):.4g}") if math.isfinite(float(value)) else None


def ticks(n: int = CELLS) -> NDArray[Any]:
    """The middles of cells along a side."""
    return ((np.arange(n, dtype=np.float32) + 0.5) / n * 2 - 1) * np.float32(VIEW)


def cells() -> Tensor:
    """The middles of all cells, row by row from the top."""
    x, y = np.meshgrid(ticks(), ticks()[::-1])
    return torch.from_numpy(np.stack([x.ravel(), y.ravel()], 1))


def grid_of_latents(latent: int) -> Tensor:
    """Latents at even quantiles of the first two of their numbers; the others are 0."""
    at = [NormalDist().inv_cdf(0.02 + 0.96 * i / (LINES - 1)) for i in range(LINES)]
    z = torch.zeros(LINES * LINES, latent)
    for axis, values in enumerate(torch.meshgrid(torch.tensor(at), torch.tensor(at), indexing="ij")[:latent]):
        z[:, axis] = values.flatten()
    return z


def latents_of(game: Game, seed: int, n: int = COUNTED) -> Tensor:
    """The latents that are shown: the same at every step, so that points are seen to move."""
    with noise.isolated():
        noise.at(seed, "laboratory")
        return noise.normal(n, game.latent)


def density(points: Tensor) -> NDArray[np.float64]:
    """The density at the cells, up to a factor, estimated by Gaussian kernels."""
    finite = points[torch.isfinite(points).all(1)].double().numpy()
    along = [np.exp(-0.5 * ((ticks()[:, None] - finite[:, axis]) / BANDWIDTH) ** 2) for axis in (0, 1)]
    found: NDArray[np.float64] = along[1][::-1] @ along[0].T / max(1, len(finite))
    return found


def optimum(real: NDArray[np.float64], fake: NDArray[np.float64]) -> NDArray[np.uint8]:
    """The optimal discriminator p / (p + q): Goodfellow et al. 2014, proposition 1; 1/2 where nothing is."""
    tiny = 1e-3 / COUNTED
    return shades((real + tiny) / (real + fake + 2 * tiny))


def shades(share: NDArray[Any]) -> NDArray[np.uint8]:
    """From 0 to 1, as bytes."""
    found: NDArray[np.uint8] = np.nan_to_num(np.clip(share * 255, 0, 255)).astype(np.uint8).ravel()
    return found


def certainty(game: Game, scores: Tensor, real: Tensor, fake: Tensor) -> NDArray[Any]:
    """How real the discriminator finds places, from 0 to 1.

    It is the sigmoid of the score where the loss means it so; elsewhere scores have no unit of their own, and
    are seen from the middle between real and generated ones, in standard deviations of both.
    """
    loss = game.loss if isinstance(game, GAN) else None
    if loss in (non_saturating, minimax):
        return torch.sigmoid(scores).numpy()
    if loss is least_squares:
        return scores.clamp(0, 1).numpy()
    both = torch.cat([real, fake])
    return torch.sigmoid(2 * (scores - (real.mean() + fake.mean()) / 2) / (both.std() + 1e-12)).numpy()


def arrows(game: Game, x: Tensor, real: Tensor) -> Tensor | None:
    """Where every generated sample would go to lower the generator's loss: −∂L_G/∂x, times the batch.

    Of a game without such a loss it is where the score rises, ∂D/∂x.
    """
    at = x.detach().clone().requires_grad_()
    scores = game.discriminate(at)
    if scores is None:
        return None
    if isinstance(game, GAN):
        loss = -game.loss.generator(scores, game.discriminate(real) if game.loss.relative else None) * len(at)
    else:
        loss = scores.sum()
    (found,) = torch.autograd.grad(loss, at)
    return found


def counted(samples: Samples, fake: Tensor) -> dict[str, Any]:
    """The modes that generated points reach; nothing where those of the data are not known."""
    mixture = samples.mixture
    if mixture is None:
        return {}
    found = modes(samples.space.decode(fake), mixture.centres, mixture.sigma)
    return {
        "found": found.found,
        "total": found.total,
        "good": number(found.good),
        "divergence": number(found.divergence),
    }


class Camera:
    """Draws a game of the plane.

    Args:
        game: that is drawn.
        real: encoded real samples, ``COUNTED`` of them.
        seed: of the latents.
    """

    def __init__(self, game: Game, real: Tensor, seed: int) -> None:
        self.game, self.real = game, real
        self.z = latents_of(game, seed)
        self.grid, self.cells = grid_of_latents(game.latent), cells()
        self.planar = real.shape[1] == 2
        self.density = density(real) if self.planar else None

    def samples(self, game: Game) -> Tensor:
        """Generated samples of the fixed latents."""
        with quiet(game), torch.no_grad():
            return game.sample(self.z).detach().float()

    def frame(self, fake: Tensor) -> dict[str, Any]:
        """Everything that is drawn of the plane; of one dimension the points alone."""
        found: dict[str, Any] = {"fake": packed(fake[:SHOWN])}
        game = self.game
        with quiet(game):
            with torch.no_grad():
                scores = self.scores(fake)
                if self.density is None:
                    return found | (scores or {})
                found["grid"] = packed(game.sample(self.grid))
            found["optimum"] = packed(optimum(self.density, density(fake)))
            if scores is None:
                return found
            found |= scores
            moved = arrows(game, fake[:ARROWS], self.real[:ARROWS])
            return found if moved is None else {**found, "arrows": packed(torch.nan_to_num(moved))}

    def scores(self, fake: Tensor) -> dict[str, Any] | None:
        """The discriminator's surface, and its mean scores; None where it scores no single points."""
        try:
            everywhere = self.game.discriminate(self.cells[:, : self.real.shape[1]])
            real, false = (self.game.discriminate(x[:SHOWN]) for x in (self.real, fake))
        except (RuntimeError, ValueError):  # of packs of several
            return None
        if everywhere is None or real is None or false is None or len(everywhere) != len(self.cells):
            return None
        surface = shades(certainty(self.game, everywhere, real, false))
        return {"surface": packed(surface), "scores": [number(real.mean()), number(false.mean())]}
