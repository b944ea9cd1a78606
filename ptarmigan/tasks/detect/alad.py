"""The game of ALAD: Zenati et al. 2018, arXiv 1812.02288, for samples of any form."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Terms, Turn
from ptarmigan.core.losses import non_saturating as loss
from ptarmigan.nets.mlp import PointDiscriminator
from ptarmigan.nets.pairs import PairDiscriminator
from ptarmigan.tasks.detect.detector import Critic, Detector, Maker, beside, pixels_apart


class ALAD(Detector):
    """A generator ``z -> x`` and an encoder ``x -> z`` against three discriminators of pairs.

    Args:
        generator: makes samples of latents.
        encoder: finds the latents of samples.
        discriminator: scores samples with latents.
        sample_discriminator: scores samples beside samples; what it sees says how abnormal one is.
        latent_discriminator: scores latents beside latents.
    """

    averaged = ("generator", "encoder", "sample_discriminator")

    def __init__(
        self,
        generator: Maker,
        encoder: nn.Module,
        discriminator: PairDiscriminator,
        sample_discriminator: Critic,
        latent_discriminator: PointDiscriminator,
    ) -> None:
        super().__init__()
        self.generator, self.encoder = generator, encoder
        self.discriminator = discriminator
        self.sample_discriminator, self.latent_discriminator = sample_discriminator, latent_discriminator
        self.latent = generator.latent

    def turns(self) -> tuple[Turn, ...]:
        """The discriminators together, then the generator and the encoder together."""
        discriminators = ("discriminator", "sample discriminator", "latent discriminator")
        return (
            Turn(discriminators, self.discriminators_loss),
            Turn(("generator", "encoder"), self.pair_loss),
        )

    def discriminators_loss(self, batch: Batch) -> Terms:
        """How badly the first pair of each kind is told from the second."""
        return {name: loss.discriminator(*scores) for name, scores in self.scores(batch).items()}

    def pair_loss(self, batch: Batch) -> Terms:
        """How well each pair is told for what it is."""
        scores = self.scores(batch)
        return {
            name: loss.generator(second, None) + loss.generator(-first, None)
            for name, (first, second) in scores.items()
        }

    def scores(self, batch: Batch) -> dict[str, tuple[Tensor, Tensor]]:
        """What each discriminator says of pairs of the first and of the second kind."""
        x, z = batch.x, noise.normal(len(batch.x), self.latent)
        encoded, made = self.encoder(x), self.sample(z)
        x_again, z_again = self.sample(encoded), self.encoder(made)
        return {
            "pairs": (self.discriminator(x, encoded), self.discriminator(made, z)),
            "samples": (
                self.sample_discriminator(beside(x, x)),
                self.sample_discriminator(beside(x, x_again)),
            ),
            "latents": (
                self.latent_discriminator(beside(z, z)),
                self.latent_discriminator(beside(z, z_again)),
            ),
        }

    def abnormality(self, x: Tensor) -> Tensor:
        """|f(x, x) - f(x, G(E(x)))|, f what the second discriminator sees last."""
        features = self.sample_discriminator.features
        again = self.sample(self.encoder(x))
        return (features(beside(x, x)) - features(beside(x, again))).abs().sum(1)

    def where(self, x: Tensor) -> Tensor | None:
        """How far every pixel of images is from what is made of their latents."""
        return pixels_apart(x, self.sample(self.encoder(x)))

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Generated samples; ``c`` is not looked at."""
        return torch.as_tensor(self.generator(z))
