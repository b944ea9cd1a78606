"""ACGAN: Odena et al. 2017, "Conditional image synthesis with auxiliary classifier GANs", arXiv 1610.09585.

    ptarmigan train image.acgan --data digits

The discriminator has an auxiliary classifier, of real and of generated images, and both players minimise its
cross-entropy: the generator is given the class c and must generate images that show it. With the
log-likelihoods

    L_S = E[log P(S = real | x)] + E[log P(S = fake | G(z, c))]
    L_C = E[log P(C = c | x)] + E[log P(C = c | G(z, c))]

the discriminator maximises L_S + L_C and the generator L_C − L_S (section 3), here its non-saturating form.
The networks are DCGAN's, with the paper's dropout; the classes enter the generator as an embedding beside
z.
Cost and score: after 3,406 steps, 30 s of one core, on digits:
Fréchet distance 52.6 (real samples: 2.52); benchmarks/results/zoo.json
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Terms
from ptarmigan.core.gan import TwoPlayerGame
from ptarmigan.core.losses import non_saturating
from ptarmigan.core.optim import adam
from ptarmigan.core.precision import at_least_float32
from ptarmigan.modalities.image.source import Images
from ptarmigan.nets.dcgan import DCGANDiscriminator, DCGANGenerator
from ptarmigan.nets.layers import Dropout, required
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run


class AuxiliaryClassifier(TwoPlayerGame):
    """A conditional generator, and a discriminator with a classifier on its features."""

    discriminator: DCGANDiscriminator

    def __init__(self, generator: DCGANGenerator, discriminator: DCGANDiscriminator, classes: int) -> None:
        super().__init__(generator, discriminator)
        self.classifier = nn.Linear(discriminator.feature_size, classes)

    def discriminator_loss(self, batch: Batch) -> Terms:
        """−L_S − L_C."""
        real, real_error = self.score(batch.x, batch.c)
        fake, fake_error = self.score(self.fake(batch), batch.c)
        adversarial = non_saturating.discriminator(real, fake)
        return {"discriminator": adversarial, "real_class": real_error, "fake_class": fake_error}

    def generator_loss(self, batch: Batch) -> Terms:
        """−E[log P(S = real | G(z, c))] − E[log P(C = c | G(z, c))]."""
        scores, error = self.score(self.fake(batch), batch.c)
        return {"generator": non_saturating.generator(scores, None), "class": error}

    def score(self, x: Tensor, c: Tensor | None) -> tuple[Tensor, Tensor]:
        """The discriminator's scores, and the classifier's cross-entropy."""
        features = self.discriminator.features(x)
        logits = at_least_float32(self.classifier(features))
        return self.discriminator.head(features), F.cross_entropy(logits, required(c))


@configurable
def recipe(
    data: Images = Images(),
    *,
    width: int = 64,
    dropout: float = 0.5,
    latent: int = 100,
    lr: float = 2e-4,
    training: Training = Training(batch=100),
) -> Run:
    """An ACGAN.

    Args:
        dropout: the probability, in every but the first layer of the discriminator.

    Raises:
        ValueError: the data has no classes.
    """
    samples = training.open(data)
    shape, classes = samples.shape, samples.require_classes()

    def norm(channels: int) -> nn.Module:
        return nn.Sequential(nn.BatchNorm2d(channels), Dropout(dropout))

    generator = DCGANGenerator(latent, shape, width, classes)
    game = AuxiliaryClassifier(generator, DCGANDiscriminator(shape, width, norm=norm), classes)
    classifying = nn.ModuleList([game.discriminator, game.classifier])
    optimizers = {
        "discriminator": adam(classifying, lr, (0.5, 0.999)),
        "generator": adam(game.generator, lr, (0.5, 0.999)),
    }
    return training.run(game, samples, optimizers)


small = dict(width=4, latent=8, steps=4, batch=8)
