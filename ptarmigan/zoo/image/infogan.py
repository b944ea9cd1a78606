"""InfoGAN: Chen et al. 2016, "InfoGAN: interpretable representation learning", arXiv 1606.03657.

    ptarmigan train image.infogan --data digits

Part of the latent is a code c, one category and a few numbers, and a network Q on the discriminator's
features must recover it from the image: the generator maximises a lower bound L_I of the mutual information
I(c; G(z, c)), so that the code becomes interpretable without labels:

    min_{G,Q} max_D V(D, G) − λ L_I(G, Q),    L_I = E[log Q(c | G(z, c))] + H(c)    (eq. 6)

with λ = 1. As in that equation the features are trained by the discriminator's loss alone; the networks are
DCGAN's.
Cost and score: after 2,028 steps, 30 s of one core, on digits:
Fréchet distance 22.7 (real samples: 2.52); benchmarks/results/zoo.json
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Terms, Turn
from ptarmigan.core.gan import TwoPlayerGame
from ptarmigan.core.losses import non_saturating
from ptarmigan.core.optim import adam
from ptarmigan.core.precision import at_least_float32
from ptarmigan.modalities.image.source import Images
from ptarmigan.nets.dcgan import DCGANDiscriminator, DCGANGenerator
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run


class InfoGAN(TwoPlayerGame):
    """A generator, a discriminator, and Q, the recogniser of the code on the discriminator's features.

    Latents are standard normal vectors: the argmax of the first ``categories`` numbers is a uniform category,
    and the others are mapped to uniform on [-1, 1]: first the ``continuous`` code, then noise.
    """

    discriminator: DCGANDiscriminator

    def __init__(
        self, generator: DCGANGenerator, discriminator: DCGANDiscriminator, categories: int, continuous: int
    ) -> None:
        super().__init__(generator, discriminator)
        self.categories, self.continuous = categories, continuous
        self.recogniser = nn.Sequential(
            nn.Linear(discriminator.feature_size, 128, bias=False),
            nn.BatchNorm1d(128),
            nn.LeakyReLU(0.1),
            nn.Linear(128, categories + continuous),
        )

    def turns(self) -> tuple[Turn, ...]:
        """The discriminator, then the generator and Q together."""
        return (
            Turn(("discriminator",), self.discriminator_loss),
            Turn(("generator", "recogniser"), self.generator_loss, reads=False),
        )

    def discriminator_loss(self, batch: Batch) -> Terms:
        """−E[log D(x)] − E[log(1 − D(G(z, c)))]."""
        real, fake = self.discriminator(batch.x), self.discriminator(self.fake(batch))
        return {"discriminator": non_saturating.discriminator(real, fake)}

    def generator_loss(self, batch: Batch) -> Terms:
        """−E[log D(G(z, c))] − L_I, up to constants.

        Q(c | x) is a softmax for the category, and a Gaussian of variance one for the continuous code.
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
        """The generator's input (z, c) for a normal ``z``."""
        category = F.one_hot(self.category(z), self.categories).to(z.dtype)
        return torch.cat([category, 2 * torch.special.ndtr(z[:, self.categories :]) - 1], 1)

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """G(z, c) of a normal ``z``; the class ``c`` is ignored."""
        return torch.as_tensor(self.generator(self.code(z)))


@configurable
def recipe(
    data: Images = Images(),
    *,
    categories: int = 10,
    continuous: int = 2,
    width: int = 64,
    latent: int = 74,
    generator_lr: float = 1e-3,
    discriminator_lr: float = 2e-4,
    training: Training = Training(batch=128),
) -> Run:
    """An InfoGAN.

    Args:
        categories: of the categorical code.
        continuous: how many numbers the continuous code has.
        latent: the size of z, in which the codes are.
        generator_lr: Adam's learning rate for the generator and Q.

    Raises:
        ValueError: there are fewer than two categories, or the latent does not hold the codes.
    """
    if categories < 2 or not 0 <= continuous <= latent - categories:
        raise ValueError(
            f"a --latent of {latent} cannot hold {categories} categories and {continuous} continuous codes: "
            "it must be at least their sum, with 2 categories or more"
        )
    samples = training.open(data)
    shape = samples.shape
    generator, discriminator = DCGANGenerator(latent, shape, width), DCGANDiscriminator(shape, width)
    game = InfoGAN(generator, discriminator, categories, continuous)
    optimizers = {
        "discriminator": adam(game.discriminator, discriminator_lr, (0.5, 0.999)),
        "generator": adam(game.generator, generator_lr, (0.5, 0.999)),
        "recogniser": adam(game.recogniser, generator_lr, (0.5, 0.999)),
    }
    return training.run(game, samples, optimizers)


small = dict(categories=3, continuous=1, width=4, latent=8, steps=4, batch=8)
