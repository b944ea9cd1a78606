"""The game of AnoGAN: Schlegl et al. 2017, arXiv 1703.05921, for samples of any form."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.optim import Adam

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Terms, Turn
from ptarmigan.core.losses import non_saturating as loss
from ptarmigan.core.penalties import R1, Judged
from ptarmigan.tasks.detect.detector import Critic, Detector, Maker, pixels_apart

SEARCH_RATE = 0.02
"""Adam's rate in a search."""


class AnoGAN(Detector):
    """A generator ``z -> x``, whose latents are searched, against a discriminator of samples.

    Args:
        generator: makes samples of latents.
        discriminator: scores samples.
        gamma: γ, of R1.
        weight: λ, of the distance in the discriminator's features; 1 - λ of that in the sample.
        search: steps of a search.
    """

    averaged = ("generator", "discriminator")
    remembered = 512  # as a search for each takes long

    def __init__(
        self,
        generator: Maker,
        discriminator: Critic,
        gamma: float,
        weight: float,
        search: int,
    ) -> None:
        super().__init__()
        self.generator, self.discriminator, self.penalty = generator, discriminator, R1(gamma)
        self.weight, self.search = weight, search
        self.latent = generator.latent

    def turns(self) -> tuple[Turn, ...]:
        """The discriminator, then the generator."""
        return (
            Turn(("discriminator",), self.discriminator_loss),
            Turn(("generator",), self.generator_loss, reads=False),
        )

    def discriminator_loss(self, batch: Batch) -> Terms:
        """How badly samples are told from what was made, and slopes at samples."""
        discriminator, fake = self.discriminator, self.made(batch)
        real_scores, fake_scores = discriminator(batch.x), discriminator(fake)
        judged = Judged(discriminator, batch.x, fake, real_scores, fake_scores, self.progress)
        return {
            "discriminator": loss.discriminator(real_scores, fake_scores),
            self.penalty.name: self.penalty(judged),
        }

    def generator_loss(self, batch: Batch) -> Terms:
        """How badly the discriminator thinks of what was made."""
        return {"generator": loss.generator(self.discriminator(self.made(batch)), None)}

    def abnormality(self, x: Tensor) -> Tensor:
        """The distance of each sample from what is made of the latent that is found for it."""
        return self.distance(x, self.sample(self.found(x)))

    def where(self, x: Tensor) -> Tensor | None:
        """How far every pixel of images is from what is made of the latents that are found for them."""
        return pixels_apart(x, self.sample(self.found(x)))

    @torch.enable_grad()
    def found(self, x: Tensor) -> Tensor:
        """For each sample the latent at which a search of its own ends."""
        z = noise.normal(1, self.latent).to(x).repeat(len(x), 1).requires_grad_()
        seeker = Adam([z], SEARCH_RATE)
        for _ in range(self.search):
            (z.grad,) = torch.autograd.grad(self.distance(x, self.sample(z)).sum(), z)
            seeker.step()
        return z.detach()

    def distance(self, x: Tensor, y: Tensor) -> Tensor:
        """(1 - λ) |x - y| + λ |f(x) - f(y)|."""
        features = self.discriminator.features
        seen = (features(x) - features(y)).abs().sum(1)
        return (1 - self.weight) * (x - y).abs().flatten(1).sum(1) + self.weight * seen

    def made(self, batch: Batch) -> Tensor:
        """As many generated samples as the batch has real ones."""
        return self.sample(noise.normal(len(batch.x), self.latent))

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Generated samples; ``c`` is not looked at."""
        return torch.as_tensor(self.generator(z))

    def judge(self, x: Tensor, c: Tensor | None = None) -> Tensor | None:
        """The discriminator's scores."""
        return torch.as_tensor(self.discriminator(x))
