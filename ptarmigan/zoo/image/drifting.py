"""Drifting: Deng et al. 2026, "Generative modeling via drifting", arXiv 2602.04770, for small images.

    ptarmigan train image.drifting --data mnist

One step from noise to images, without an adversary: an honest baseline of the GANs. In features φ a field V
(``core/drift.py``) points towards real samples and away from other generated ones; it is summed over
temperatures τ, each over its own size, and the generator follows it:

    L = Σ_φ E‖φ(G(z)) − stopgrad(φ(G(z)) + Σ_τ V_τ/√E‖V_τ‖²)‖²

The paper's φ are of a network that was trained on the images beforehand; here they are pixels at three
scales, which need no training and say little of large pictures. The generator is DCGAN's, where each sample
is normalised alone.
Cost and score: benchmarks/results/zoo.json
"""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.drift import drift
from ptarmigan.core.game import SinglePlayerGame, Terms
from ptarmigan.core.optim import adams
from ptarmigan.core.precision import at_least_float32, without_autocast
from ptarmigan.core.schedule import cosine
from ptarmigan.modalities.image.source import Images
from ptarmigan.nets.dcgan import DCGANGenerator
from ptarmigan.nets.pyramid import Pyramid
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run

TEMPERATURES = (0.02, 0.05, 0.2)
"""τ, as fractions of the distance of real samples."""


class DriftingImages(SinglePlayerGame):
    """A generator that follows the drift of its samples.

    Args:
        generator: G.
        features: φ, images to vectors of each kind.
    """

    player = "generator"

    def __init__(self, generator: DCGANGenerator, features: Pyramid) -> None:
        super().__init__()
        self.generator, self.features = generator, features
        self.latent = generator.latent

    def loss(self, batch: Batch) -> Terms:
        """The squared distances of the features to where V moves them."""
        x = at_least_float32(self.sample(noise.normal(len(batch.x), self.latent)))
        with without_autocast(x):
            pairs = zip(self.features(x), self.features(batch.x), strict=True)
            return {"drift": torch.stack([self.distance(mine, real) for mine, real in pairs]).sum()}

    def distance(self, mine: Tensor, real: Tensor) -> Tensor:
        """E‖φ − (φ + V)‖² of features ``(batch, feature)`` of one kind."""
        still = mine.detach()
        moves = [drift(still, real, temperature) for temperature in TEMPERATURES]
        goal = still + sum(move / move.square().sum(1).mean().sqrt().clamp_min(1e-12) for move in moves)
        return (mine - goal).square().sum(1).mean()

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """G(z)."""
        return torch.as_tensor(self.generator(z))


@configurable
def recipe(
    data: Images = Images(),
    *,
    width: int = 32,
    latent: int = 32,
    lr: float = 1e-3,
    training: Training = Training(batch=256, half_life=50_000.0),
) -> Run:
    """A drifting generator of images."""
    samples = training.open(data)
    generator = DCGANGenerator(latent, samples.shape, width, norm=partial(nn.GroupNorm, 1))
    game = DriftingImages(generator, Pyramid(generator.sides))
    optimizers = adams(game, lr, (0.9, 0.999), ("generator",))
    return training.run(game, samples, optimizers, rate=cosine(1.0, 0.1))


small = dict(width=4, latent=8, steps=4, batch=8)
