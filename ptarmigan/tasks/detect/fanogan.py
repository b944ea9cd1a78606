"""The game of f-AnoGAN: Schlegl et al. 2019, doi 10.1016/j.media.2019.01.010, for samples of any form."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Terms, Turn
from ptarmigan.core.losses import wasserstein as loss
from ptarmigan.core.penalties import GradientPenalty, Judged
from ptarmigan.tasks.detect.detector import Critic, Detector, Maker, pixels_apart


class FAnoGAN(Detector):
    """A generator ``z -> x`` against a critic, and then an encoder ``x -> z`` that inverts it.

    Args:
        generator: makes samples of latents.
        discriminator: the critic, which has features of samples.
        encoder: finds latents of samples.
        penalty: λ, of the critic's slopes.
        critic_steps: the critic's moves for one of the generator.
        kappa: κ, weight of the distance in the critic's features against that in the sample.
        first: steps before the encoder's.
    """

    averaged = ("generator", "encoder", "discriminator")

    def __init__(
        self,
        generator: Maker,
        discriminator: Critic,
        encoder: nn.Module,
        penalty: float,
        critic_steps: int,
        kappa: float,
        first: int,
    ) -> None:
        super().__init__()
        self.generator, self.discriminator, self.encoder = generator, discriminator, encoder
        self.penalty, self.critic_steps = GradientPenalty(penalty), critic_steps
        self.kappa, self.first = kappa, first
        self.latent = generator.latent

    def turns(self) -> tuple[Turn, ...]:
        """The critic and the generator in the first steps, the encoder in the others."""
        before, after = lambda step: step < self.first, lambda step: step >= self.first
        return (
            Turn(("discriminator",), self.critic_loss, self.critic_steps, before),
            Turn(("generator",), self.generator_loss, 1, before, reads=False),
            Turn(("encoder",), self.encoder_loss, 1, after),
        )

    def critic_loss(self, batch: Batch) -> Terms:
        """The distance that the critic sees, and its slopes."""
        critic, fake = self.discriminator, self.made(batch)
        judged = Judged(critic, batch.x, fake, critic(batch.x), critic(fake), self.progress)
        return {
            "discriminator": loss.discriminator(judged.real_scores, judged.fake_scores),
            self.penalty.name: self.penalty(judged),
        }

    def generator_loss(self, batch: Batch) -> Terms:
        """How badly the critic thinks of what was made."""
        return {"generator": loss.generator(self.discriminator(self.made(batch)), None)}

    def encoder_loss(self, batch: Batch) -> Terms:
        """How far samples are from what is made of their latents."""
        return {"encoder": self.distance(batch.x).mean()}

    def abnormality(self, x: Tensor) -> Tensor:
        """The distance of samples from what is made of their latents."""
        return self.distance(x)

    def where(self, x: Tensor) -> Tensor | None:
        """How far every pixel of images is from what is made of their latents."""
        return pixels_apart(x, self.sample(self.encode(x)))

    def distance(self, x: Tensor) -> Tensor:
        """|x - G(E(x))|² and κ |f(x) - f(G(E(x)))|², each over how many numbers it adds up."""
        again, features = self.sample(self.encode(x)), self.discriminator.features
        seen = (features(x) - features(again)).square().mean(1)
        return (x - again).square().flatten(1).mean(1) + self.kappa * seen

    def encode(self, x: Tensor) -> Tensor:
        """The latents of samples, each number within ± 2."""
        return torch.tanh(self.encoder(x) / 2) * 2

    def made(self, batch: Batch) -> Tensor:
        """As many generated samples as the batch has real ones."""
        return self.sample(noise.normal(len(batch.x), self.latent))

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Generated samples; ``c`` is not looked at."""
        return torch.as_tensor(self.generator(z))

    def judge(self, x: Tensor, c: Tensor | None = None) -> Tensor | None:
        """The critic's scores."""
        return torch.as_tensor(self.discriminator(x))
