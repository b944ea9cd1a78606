"""InfoGAN: Chen et al. 2016, "InfoGAN: interpretable representation learning", arXiv 1606.03657.

    ptarmigan train image.infogan --data digits

Part of the latent is a code, one category and a few numbers, and a recogniser that reads the discriminator's
features must find the code in the image: without labels, the code comes to mean something. The discriminator
alone moves the features, as in the paper's equation 6; the networks are DCGAN's.
Cost and score: after 2,028 steps, 30 s of one core, on digits:
Fréchet distance 22.7 (real samples: 2.52); benchmarks/results/zoo.json
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Game, Terms, Turn
from ptarmigan.core.losses import non_saturating
from ptarmigan.core.optim import adam
from ptarmigan.core.precision import at_least_float32
from ptarmigan.modalities.image.source import Images
from ptarmigan.nets.dcgan import DCGANDiscriminator, DCGANGenerator
from ptarmigan.training.run import Run


class InfoGAN(Game):
    """A generator, a discriminator, and a recogniser of the code on the discriminator's features.

    Latents stay plain normal vectors: which of the first ``categories`` numbers is largest is an exactly
    uniform category, and the others are made uniform on [-1, 1]: first the ``continuous`` code, then what no
    one recognises.
    """

    def __init__(
        self, generator: DCGANGenerator, discriminator: DCGANDiscriminator, categories: int, continuous: int
    ) -> None:
        super().__init__()
        self.generator, self.discriminator = generator, discriminator
        self.latent, self.categories, self.continuous = generator.latent, categories, continuous
        self.recogniser = nn.Sequential(
            nn.Linear(discriminator.feature_size, 128, bias=False),
            nn.BatchNorm1d(128),
            nn.LeakyReLU(0.1),
            nn.Linear(128, categories + continuous),
        )

    def turns(self) -> tuple[Turn, ...]:
        """The discriminator, then the generator and the recogniser together."""
        return (
            Turn(("discriminator",), self.discriminator_loss),
            Turn(("generator", "recogniser"), self.generator_loss, reads=False),
        )

    def discriminator_loss(self, batch: Batch) -> Terms:
        """How badly it tells real from generated images."""
        fake = self.sample(noise.normal(len(batch.x), self.latent))
        return {"discriminator": non_saturating.discriminator(self.score(batch.x), self.score(fake))}

    def generator_loss(self, batch: Batch) -> Terms:
        """How badly generated images pass for real ones, and how little of the code is found in them.

        The second bounds the mutual information but for constants: cross-entropy for the category, a Gaussian
        of variance one for the continuous code.
        """
        z = noise.normal(len(batch.x), self.latent)
        features = self.discriminator.features(self.sample(z))
        found = at_least_float32(self.recogniser(features))
        continuous = self.code(z)[:, self.categories :][:, : self.continuous]
        return {
            "generator": non_saturating.generator(self.discriminator.head(features), None),
            "category": F.cross_entropy(found[:, : self.categories], self.category(z)),
            "continuous": 0.5 * (found[:, self.categories :] - continuous).square().sum(1).mean(),
        }

    def category(self, z: Tensor) -> Tensor:
        """The category in ``z``."""
        return z[:, : self.categories].argmax(1)

    def code(self, z: Tensor) -> Tensor:
        """What the generator is given for a normal ``z``."""
        category = F.one_hot(self.category(z), self.categories).to(z.dtype)
        return torch.cat([category, 2 * torch.special.ndtr(z[:, self.categories :]) - 1], 1)

    def score(self, x: Tensor) -> Tensor:
        """What the discriminator says of ``x``."""
        return torch.as_tensor(self.discriminator(x))

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Generated samples; ``c`` is not looked at."""
        return torch.as_tensor(self.generator(self.code(z)))

    def judge(self, x: Tensor, c: Tensor | None = None) -> Tensor | None:
        """The discriminator's scores."""
        return self.score(x)


def recipe(
    data: Images = Images(),
    *,
    categories: int = 10,
    continuous: int = 2,
    width: int = 64,
    latent: int = 74,
    generator_lr: float = 1e-3,
    discriminator_lr: float = 2e-4,
    half_life: float = 10_000.0,
    steps: int = 20_000,
    batch: int = 128,
    seed: int = 0,
) -> Run:
    """An InfoGAN.

    Args:
        data: the images.
        categories: of the categorical code.
        continuous: how many numbers the continuous code has.
        width: channels of the layer next to the image, in both networks.
        latent: the size of z, in which the codes are.
        generator_lr: Adam's learning rate for the generator and the recogniser.
        discriminator_lr: and for the discriminator.
        half_life: of the averaged weights, in images.
        steps: the length of the run.
        batch: images in a step.
        seed: names every random choice.

    Raises:
        ValueError: there are fewer than two categories, or the latent does not hold the codes.
    """
    if categories < 2 or not 0 <= continuous <= latent - categories:
        raise ValueError(
            f"a --latent of {latent} cannot hold {categories} categories and {continuous} continuous codes: "
            "it must be at least their sum, with 2 categories or more"
        )
    noise.at(seed, "weights")
    samples = data.open(batch=batch, seed=seed)
    shape = samples.space.shape
    generator, discriminator = DCGANGenerator(latent, shape, width), DCGANDiscriminator(shape, width)
    game = InfoGAN(generator, discriminator, categories, continuous)
    optimizers = {
        "discriminator": adam(game.discriminator, discriminator_lr, (0.5, 0.999)),
        "generator": adam(game.generator, generator_lr, (0.5, 0.999)),
        "recogniser": adam(game.recogniser, generator_lr, (0.5, 0.999)),
    }
    return Run(game, samples, optimizers, steps=steps, seed=seed, half_life=half_life)


small = dict(categories=3, continuous=1, width=4, latent=8, steps=4, batch=8)
