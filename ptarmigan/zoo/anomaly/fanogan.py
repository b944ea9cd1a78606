"""f-AnoGAN: Schlegl et al. 2019, "f-AnoGAN: fast unsupervised anomaly detection", for rows.

    ptarmigan train anomaly.fanogan --data breast-cancer
    ptarmigan detect runs/anomaly.fanogan-breast-cancer rows.csv

First a WGAN-GP (arXiv 1704.00028) learns to generate rows. Then its networks are frozen, and an encoder E
learns to find the latent of a row (izi_f), by a loss that is also the anomaly score:

    L(x) = 1/n ‖x − G(E(x))‖² + κ/n_f ‖f(x) − f(G(E(x)))‖²

where f is the critic's last hidden layer, and n and n_f are sizes. Medical Image Analysis 54, doi
10.1016/j.media.2019.01.010; the loss, the score and κ = 1 are the paper's. Not as published: layers are fully
connected, for rows instead of images, the encoder is trained by Adam instead of RMSprop, and latents are few
and clipped to ±2: from others, on which the generator was not trained, it would reconstruct outliers as well.
Cost and score: after 14,101 steps, 30 s of one core, on breast-cancer:
sliced Wasserstein distance 0.242 (real samples: 0.26); benchmarks/results/zoo.json
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Terms, Turn
from ptarmigan.core.gan import TwoPlayerGame
from ptarmigan.core.losses import wasserstein as loss
from ptarmigan.core.optim import adam, adams
from ptarmigan.core.penalties import GradientPenalty, PenaltyInputs
from ptarmigan.modalities.vector.source import Vectors
from ptarmigan.nets.players import Discriminator, Generator
from ptarmigan.tasks.detect.detector import Detector
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run


class FAnoGAN(TwoPlayerGame, Detector):
    """A generator ``z -> x`` against a critic, and then an encoder ``x -> z`` that inverts it.

    Args:
        generator: G.
        discriminator: the critic, which has features f.
        encoder: E.
        penalty: λ, of the gradient penalty.
        critic_steps: critic steps for one of the generator.
        kappa: κ.
        first: steps before the encoder's.
    """

    ema = ("generator", "encoder", "discriminator")
    discriminator: Discriminator

    def __init__(
        self,
        generator: Generator,
        discriminator: Discriminator,
        encoder: nn.Module,
        penalty: float,
        critic_steps: int,
        kappa: float,
        first: int,
    ) -> None:
        super().__init__(generator, discriminator)
        self.encoder, self.penalty = encoder, GradientPenalty(penalty)
        self.critic_steps, self.kappa, self.first = critic_steps, kappa, first

    def turns(self) -> tuple[Turn, ...]:
        """The critic and the generator in the first steps, the encoder in the others."""
        before, after = lambda step: step < self.first, lambda step: step >= self.first
        return (
            Turn(("discriminator",), self.discriminator_loss, self.critic_steps, before),
            Turn(("generator",), self.generator_loss, 1, before, reads=False),
            Turn(("encoder",), self.encoder_loss, 1, after),
        )

    def discriminator_loss(self, batch: Batch) -> Terms:
        """E[D(G(z))] − E[D(x)] + λ E[(‖∇D(x̂)‖ − 1)²]."""
        critic, fake = self.discriminator, self.fake(batch)
        inputs = PenaltyInputs(critic, batch.x, fake, critic(batch.x), critic(fake), self.progress)
        return {
            "discriminator": loss.discriminator(inputs.real_scores, inputs.fake_scores),
            self.penalty.name: self.penalty(inputs),
        }

    def generator_loss(self, batch: Batch) -> Terms:
        """−E[D(G(z))]."""
        return {"generator": loss.generator(self.discriminator(self.fake(batch)), None)}

    def encoder_loss(self, batch: Batch) -> Terms:
        """E[L(x)]."""
        return {"encoder": self.anomaly_score(batch.x).mean()}

    def anomaly_score(self, x: Tensor) -> Tensor:
        """L(x) = 1/n ‖x − G(E(x))‖² + κ/n_f ‖f(x) − f(G(E(x)))‖²."""
        again, features = self.reconstruct(x), self.discriminator.features
        in_features = (features(x) - features(again)).square().mean(1)
        return (x - again).square().flatten(1).mean(1) + self.kappa * in_features

    def reconstruct(self, x: Tensor) -> Tensor:
        """G(E(x)), each number of the latent within ±2."""
        return self.sample(torch.tanh(self.encoder(x) / 2) * 2)


@configurable
def recipe(
    data: Vectors = Vectors(),
    *,
    width: int = 64,
    latent: int = 4,
    lr: float = 1e-3,
    penalty: float = 10.0,
    critic_steps: int = 5,
    kappa: float = 1.0,
    training: Training = Training(steps=2_000, batch=128),
) -> Run:
    """An f-AnoGAN: half of the steps are the GAN's, the others the encoder's.

    Args:
        penalty: λ, of the gradient penalty.
        kappa: κ, weight of the distance in the critic's features against that in the sample.
    """
    samples, networks = training.open_with_networks(data)
    game = FAnoGAN(
        networks.generator(latent, width),
        networks.discriminator(width),
        networks.encoder(latent, width),
        penalty,
        critic_steps,
        kappa,
        first=training.steps // 2,
    )
    encoder = {"encoder": adam(game.encoder, lr, (0.9, 0.999))}
    return training.run(game, samples, adams(game, lr, (0.5, 0.9)) | encoder)


small = dict(width=8, latent=4, critic_steps=2, steps=4, batch=16)
