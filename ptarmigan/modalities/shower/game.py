"""A GAN of showers whose discriminator looks at standardised cells and at what physicists look at."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Terms
from ptarmigan.core.gan import GAN
from ptarmigan.core.losses import relativistic
from ptarmigan.data.samples import Samples
from ptarmigan.modalities.shower.features import ShowerFeatures
from ptarmigan.modalities.shower.space import ShowerSpace

FITTED = 2_000
"""Training showers by which cells and features are standardised."""
LEAST = 0.02
"""The smallest standard deviation by which a cell is divided."""


class ShowerView(nn.Module):
    """Encoded showers and their smooth high-level features, each number at mean 0 and deviation 1.

    One more is the response times √E: how much of its energy a shower leaves fluctuates by about 1/√E, so
    that without it only the lowest energies are seen to be too narrow or too wide.

    Args:
        samples: by which they are standardised.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, samples: Samples[ShowerSpace]) -> None:
        super().__init__()
        self.space = samples.space
        self.features = ShowerFeatures(self.space.layers, max(self.space.threshold, 1e-6), smooth=True)
        self.size = self.space.shape[0] + len(self.features.names) + 1
        self.register_buffer("mean", torch.zeros(self.size))
        self.register_buffer("scale", torch.ones(self.size))
        if n := min(FITTED, len(samples)):
            seen = self.seen(self.space.encode(samples.source.read(np.arange(n))).to(self.mean))
            self.mean.copy_(seen.mean(0))
            self.scale.copy_(seen.std(0).clamp(min=LEAST))

    def seen(self, x: Tensor) -> Tensor:
        """Encoded showers and their features, ``(n, size)``."""
        energy, share = self.space.energy(x[:, :1]), self.space.share(x[:, 1:])
        response = (share.sum(1, keepdim=True) - 1) * energy.sqrt()
        return torch.cat([x, self.features(energy[:, 0], share * energy), response], 1)

    def forward(self, x: Tensor) -> Tensor:
        """Standardised."""
        return ((self.seen(x) - self.mean) / self.scale).clamp(-20, 20)


class ShowerGAN(GAN):
    """A GAN whose generated showers have the incident energies of the real ones that they are compared with.

    Args:
        generator: ``(z, e) -> encoded showers``, with the encoded energies ``e``, ``(n, 1)``.
        discriminator: scores of what ``view`` shows.
        view: of encoded showers.
        moments: the weight of the squared distance of means and standard deviations of features over a batch.
        **how: see ``GAN``; the loss is relativistic.
    """

    generator_reads = True

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        view: ShowerView,
        *,
        moments: float,
        **how: Any,
    ) -> None:
        super().__init__(generator, discriminator, loss=relativistic, **how)
        self.view, self.moments = view, moments

    def generator_loss(self, batch: Batch) -> Terms:
        """The generator's loss of the scores, and the distance of the moments of features."""
        real, fake = self.augmented(batch.x), self.augmented(self.fake(batch))
        scores = self.loss.generator(self.discriminator(fake), self.discriminator(real))
        features = [x[:, self.view.space.shape[0] :] for x in (real, fake)]
        (mean, spread), (others, width) = [(x.mean(0), x.std(0)) for x in features]
        distance = ((others - mean).square() + (width - spread).square()).mean()
        return {"generator": scores, "moments": self.moments * distance}

    def fake(self, batch: Batch) -> Tensor:
        """Generated showers of the energies of the real ones."""
        return self.sample(noise.normal(len(batch.x), self.latent), batch.x[:, :1])

    def augmented(self, x: Tensor) -> Tensor:
        """What the discriminator looks at."""
        return torch.as_tensor(self.view(x))

    def discriminate(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        """The discriminator's scores of encoded showers."""
        return torch.as_tensor(self.discriminator(self.view(x)))
