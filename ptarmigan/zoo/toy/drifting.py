"""Drifting: Deng et al. 2026, "Generative modeling via drifting", arXiv 2602.04770, in the plane.

    ptarmigan train toy.drifting --data ring

One step from noise to samples, without an adversary: an honest baseline of the GANs. Samples go where a field
V moves them, towards real samples and away from one another (``core/drift.py``); it is zero where the two
distributions are one:

    L = E‖G(z) − stopgrad(G(z) + V(G(z)))‖²

Settings are those of the authors' example in the plane. Mass moves badly between modes that are far apart.
Cost and score: benchmarks/results/zoo.json
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.drift import drift
from ptarmigan.core.game import SinglePlayerGame, Terms
from ptarmigan.core.optim import adams
from ptarmigan.modalities.point.source import Points
from ptarmigan.nets.mlp import PointGenerator, dense
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run


class Drifting(SinglePlayerGame):
    """A generator that follows the drift of its samples.

    Args:
        generator: G.
        temperature: τ.
    """

    player = "generator"

    def __init__(self, generator: PointGenerator, temperature: float) -> None:
        super().__init__()
        self.generator, self.temperature = generator, temperature
        self.latent = generator.latent

    def loss(self, batch: Batch) -> Terms:
        """‖V‖², whose gradient goes through the samples alone."""
        x = self.sample(noise.normal(len(batch.x), self.latent))
        still = x.detach()
        goal = still + drift(still, batch.x, self.temperature)
        return {"drift": (x - goal).square().sum(1).mean()}

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """G(z)."""
        return torch.as_tensor(self.generator(z))


@configurable
def recipe(
    data: Points = Points(),
    *,
    width: int = 256,
    latent: int = 32,
    lr: float = 1e-3,
    temperature: float = 0.05,
    training: Training = Training(steps=2_000, batch=2_048),
) -> Run:
    """A drifting generator in the plane.

    Args:
        width: of the three hidden layers.
        temperature: τ, how far samples see, as a fraction of the distance of real ones.
    """
    samples = training.open(data)
    generator = PointGenerator(latent, samples.shape, (width,) * 3, layer=dense(nn.SiLU))
    game = Drifting(generator, temperature)
    return training.run(game, samples, adams(game, lr, (0.9, 0.999), ("generator",)))


small = dict(width=8, latent=4, steps=4, batch=16)
