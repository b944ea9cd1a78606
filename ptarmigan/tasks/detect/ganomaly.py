"""The game of GANomaly: Akcay et al. 2018, arXiv 1805.06725, for samples of any form."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Terms, Turn
from ptarmigan.core.losses import non_saturating as loss
from ptarmigan.tasks.detect.detector import Critic, Detector, Maker, pixels_apart


class GANomaly(Detector):
    """A generator ``z -> x`` between two encoders ``x -> z``, against a discriminator of samples.

    Args:
        generator: makes samples of latents.
        encoder: finds the latents of samples.
        second: finds the latents of what was made.
        discriminator: tells samples from what was made of them.
        again: weight of the distance from samples to what was made of them.
        latents: weight of the distance between the latents of both.
        weight: of the distance in the sample in the score; the rest is that of the latents.
    """

    averaged = ("generator", "encoder", "second")

    def __init__(
        self,
        generator: Maker,
        encoder: nn.Module,
        second: nn.Module,
        discriminator: Critic,
        again: float,
        latents: float,
        weight: float,
    ) -> None:
        super().__init__()
        self.generator, self.encoder, self.second = generator, encoder, second
        self.discriminator, self.again, self.latents = discriminator, again, latents
        self.latent, self.weight = generator.latent, weight

    def turns(self) -> tuple[Turn, ...]:
        """The autoencoder with the second encoder, then the discriminator, as published."""
        return Turn(("generator",), self.generator_loss), Turn(("discriminator",), self.discriminator_loss)

    def generator_loss(self, batch: Batch) -> Terms:
        """How far samples are from what was made of them: to the discriminator, as such and as latents."""
        x, features = batch.x, self.discriminator.features
        z = self.encode(x)
        made = self.sample(z)
        return {
            "features": (features(x) - features(made)).square().mean(),
            "reconstruction": self.again * F.l1_loss(made, x),
            "latents": self.latents * (z - self.encode_again(made)).square().mean(),
        }

    def discriminator_loss(self, batch: Batch) -> Terms:
        """How badly samples are told from what was made of them."""
        made = self.sample(self.encode(batch.x))
        return {"discriminator": loss.discriminator(self.discriminator(batch.x), self.discriminator(made))}

    def abnormality(self, x: Tensor) -> Tensor:
        """The weighted sum of |x - G(E(x))|² and |E(x) - E'(G(E(x)))|²."""
        z = self.encode(x)
        made = self.sample(z)
        lost, moved = (x - made).square().flatten(1).sum(1), (z - self.encode_again(made)).square().sum(1)
        return torch.as_tensor(self.weight * lost + (1 - self.weight) * moved)

    def where(self, x: Tensor) -> Tensor | None:
        """How far every pixel of images is from what is made of their latents."""
        return pixels_apart(x, self.sample(self.encode(x)))

    def encode(self, x: Tensor) -> Tensor:
        """The latents of samples."""
        return on_sphere(self.encoder(x))

    def encode_again(self, x: Tensor) -> Tensor:
        """The latents of what was made."""
        return on_sphere(self.second(x))

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Samples made of latents; ``c`` is not looked at."""
        return torch.as_tensor(self.generator(on_sphere(z)))

    def judge(self, x: Tensor, c: Tensor | None = None) -> Tensor | None:
        """The discriminator's scores."""
        return torch.as_tensor(self.discriminator(x))


def on_sphere(z: Tensor) -> Tensor:
    """Latents at the length that normal ones have."""
    return F.normalize(z, dim=1) * math.sqrt(z.shape[1])
