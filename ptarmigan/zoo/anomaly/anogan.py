"""AnoGAN: Schlegl et al. 2017, "Unsupervised anomaly detection with GANs", arXiv 1703.05921, for rows.

    ptarmigan train anomaly.anogan --data breast-cancer
    ptarmigan detect runs/anomaly.anogan-breast-cancer rows.csv

A GAN learns to generate rows. For a row x to be scored, a latent z is searched by gradient descent on

    L(z) = (1 − λ) ‖x − G(z)‖₁ + λ ‖f(x) − f(G(z))‖₁

where f is the discriminator's last hidden layer: 500 steps and λ = 0.1, as published. The anomaly score is L
at the z that is found. All searches start at one latent and are independent, so a row's score depends on no
other row. Not as published: layers are fully connected, for rows instead of images, and R1 (arXiv 1801.04406)
keeps the GAN stable. Scores take seconds for each thousand rows: ``anomaly.fanogan`` has an encoder instead.
Cost and score: after 13,571 steps, 30 s of one core, on breast-cancer:
sliced Wasserstein distance 0.223 (real samples: 0.26); benchmarks/results/zoo.json
"""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Terms
from ptarmigan.core.gan import TwoPlayerGame
from ptarmigan.core.losses import non_saturating as loss
from ptarmigan.core.optim import Adam, adams
from ptarmigan.core.penalties import R1, PenaltyInputs
from ptarmigan.modalities.vector.source import Vectors
from ptarmigan.nets.players import Discriminator, Generator
from ptarmigan.tasks.detect.detector import Detector
from ptarmigan.training.meaning import OTHER
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run

SEARCH_RATE = 0.02
"""Adam's learning rate in a search."""


class AnoGAN(TwoPlayerGame, Detector):
    """A generator ``z -> x``, whose latents are searched, against a discriminator.

    Args:
        generator: G.
        discriminator: scores samples, and has features f.
        gamma: γ, of R1.
        weight: λ.
        search: steps of a search.
    """

    ema = ("generator", "discriminator")
    remembered = 512  # as a search for each takes long
    searches = True
    discriminator: Discriminator

    def __init__(
        self, generator: Generator, discriminator: Discriminator, gamma: float, weight: float, search: int
    ) -> None:
        super().__init__(generator, discriminator)
        self.penalty, self.weight, self.search = R1(gamma), weight, search

    def discriminator_loss(self, batch: Batch) -> Terms:
        """−E[log D(x)] − E[log(1 − D(G(z)))] + γ/2 E[‖∇D(x)‖²]."""
        discriminator, fake = self.discriminator, self.fake(batch)
        real_scores, fake_scores = discriminator(batch.x), discriminator(fake)
        inputs = PenaltyInputs(discriminator, batch.x, fake, real_scores, fake_scores, self.progress)
        return {
            "discriminator": loss.discriminator(real_scores, fake_scores),
            self.penalty.name: self.penalty(inputs),
        }

    def generator_loss(self, batch: Batch) -> Terms:
        """−E[log D(G(z))]."""
        return {"generator": loss.generator(self.discriminator(self.fake(batch)), None)}

    def anomaly_score(self, x: Tensor) -> Tensor:
        """L(z) at the z that is found for each sample."""
        return self.distance(x, self.reconstruct(x))

    def reconstruct(self, x: Tensor) -> Tensor:
        """G(z), for the z that is found for each sample."""
        return self.sample(self.find(x))

    @torch.enable_grad()
    def find(self, x: Tensor) -> Tensor:
        """For each sample, the latent that its search finds."""
        z = noise.normal(1, self.latent).to(x).repeat(len(x), 1).requires_grad_()
        optimizer = Adam([z], SEARCH_RATE)
        for _ in range(self.search):
            (z.grad,) = torch.autograd.grad(self.distance(x, self.sample(z)).sum(), z)
            optimizer.step()
        return z.detach()

    def distance(self, x: Tensor, y: Tensor) -> Tensor:
        """(1 − λ) ‖x − y‖₁ + λ ‖f(x) − f(y)‖₁."""
        features = self.discriminator.features
        in_features = (features(x) - features(y)).abs().sum(1)
        return (1 - self.weight) * (x - y).abs().flatten(1).sum(1) + self.weight * in_features


@configurable
def recipe(
    data: Vectors = Vectors(),
    *,
    width: int = 64,
    latent: int = 4,
    lr: float = 1e-3,
    gamma: float = 1.0,
    weight: Annotated[float, OTHER] = 0.1,
    search: int = 500,
    training: Training = Training(steps=2_000, batch=128),
) -> Run:
    """An AnoGAN.

    Args:
        gamma: γ, of R1.
        weight: λ, of the distance in the discriminator's features against that in the sample.
        search: steps in which a sample's latent is searched.
    """
    samples, networks = training.open_with_networks(data)
    game = AnoGAN(networks.generator(latent, width), networks.discriminator(width), gamma, weight, search)
    return training.run(game, samples, adams(game, lr, (0.5, 0.99)))


small = dict(width=8, latent=4, search=3, steps=4, batch=16)
