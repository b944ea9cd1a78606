"""The game of EGBAD: Zenati et al. 2018, arXiv 1802.06222, for samples of any form."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Terms, Turn
from ptarmigan.core.losses import non_saturating as loss
from ptarmigan.nets.pairs import PairDiscriminator
from ptarmigan.tasks.detect.detector import Detector, Maker, pixels_apart


class BiGAN(Detector):
    """A generator ``z -> x`` and an encoder ``x -> z`` against a discriminator of pairs.

    Args:
        generator: makes samples of latents.
        encoder: finds the latents of samples.
        discriminator: scores pairs of both.
        weight: α, of the distance in the sample; 1 - α of that in the discriminator's features.
    """

    averaged = ("generator", "encoder", "discriminator")

    def __init__(
        self,
        generator: Maker,
        encoder: nn.Module,
        discriminator: PairDiscriminator,
        weight: float,
    ) -> None:
        super().__init__()
        self.generator, self.encoder, self.discriminator = generator, encoder, discriminator
        self.latent, self.weight = generator.latent, weight

    def turns(self) -> tuple[Turn, ...]:
        """The discriminator, then the generator and the encoder together."""
        return (
            Turn(("discriminator",), self.discriminator_loss),
            Turn(("generator", "encoder"), self.pair_loss),
        )

    def discriminator_loss(self, batch: Batch) -> Terms:
        """How badly encoded pairs are told from generated ones."""
        return {"discriminator": loss.discriminator(*self.scores(batch))}

    def pair_loss(self, batch: Batch) -> Terms:
        """How well each is told for what it is."""
        encoded, generated = self.scores(batch)
        return {"generator": loss.generator(generated, None), "encoder": loss.generator(-encoded, None)}

    def scores(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Of pairs made from samples, and of pairs made from latents."""
        z = noise.normal(len(batch.x), self.latent)
        encoded, generated = (batch.x, self.encoder(batch.x)), (self.sample(z), z)
        return self.discriminator(*encoded), self.discriminator(*generated)

    def abnormality(self, x: Tensor) -> Tensor:
        """α |x - G(E(x))| + (1 - α) |f(x, E(x)) - f(G(E(x)), E(x))|, f being the last hidden layer."""
        z = self.encoder(x)
        again = self.sample(z)
        features = self.discriminator.features
        seen = (features(x, z) - features(again, z)).abs().sum(1)
        return self.weight * (x - again).abs().flatten(1).sum(1) + (1 - self.weight) * seen

    def where(self, x: Tensor) -> Tensor | None:
        """How far every pixel of images is from what is made of their latents."""
        return pixels_apart(x, self.sample(self.encoder(x)))

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Generated samples; ``c`` is not looked at."""
        return torch.as_tensor(self.generator(z))
