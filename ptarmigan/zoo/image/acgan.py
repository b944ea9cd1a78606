"""ACGAN: Odena et al. 2017, "Conditional image synthesis with auxiliary classifier GANs", arXiv 1610.09585.

    ptarmigan train image.acgan --data digits

The discriminator also names the class, of real and of generated images, and both players go down the error of
those names: the generator is told the class and must make images that show it. The networks are DCGAN's, with
the paper's dropout; the classes enter the generator as a learned vector beside z.
Cost and score: after 3,406 steps, 30 s of one core, on digits:
Fréchet distance 52.6 (real samples: 2.52); benchmarks/results/zoo.json
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
from ptarmigan.nets.layers import Dropout, required
from ptarmigan.training.run import Run


class AuxiliaryClassifier(Game):
    """A generator of classes, and a discriminator with a classifier on its features."""

    def __init__(self, generator: DCGANGenerator, discriminator: DCGANDiscriminator, classes: int) -> None:
        super().__init__()
        self.generator, self.discriminator = generator, discriminator
        self.classifier = nn.Linear(discriminator.feature_size, classes)
        self.latent = generator.latent

    def turns(self) -> tuple[Turn, ...]:
        """The discriminator with its classifier, then the generator."""
        return (
            Turn(("discriminator",), self.discriminator_loss),
            Turn(("generator",), self.generator_loss, reads=False),
        )

    def discriminator_loss(self, batch: Batch) -> Terms:
        """How badly it tells real from generated images, and names the classes of either."""
        real, real_error = self.judged(batch.x, batch.c)
        fake, fake_error = self.judged(self.fake(batch), batch.c)
        adversarial = non_saturating.discriminator(real, fake)
        return {"discriminator": adversarial, "real_class": real_error, "fake_class": fake_error}

    def generator_loss(self, batch: Batch) -> Terms:
        """How badly generated images pass for real ones, and show their class."""
        scores, error = self.judged(self.fake(batch), batch.c)
        return {"generator": non_saturating.generator(scores, None), "class": error}

    def judged(self, x: Tensor, c: Tensor | None) -> tuple[Tensor, Tensor]:
        """Scores, and the cross-entropy of the classes."""
        features = self.discriminator.features(x)
        names = at_least_float32(self.classifier(features))
        return self.discriminator.head(features), F.cross_entropy(names, required(c))

    def fake(self, batch: Batch) -> Tensor:
        """As many generated samples as the batch has real ones, of the same classes."""
        return self.sample(noise.normal(len(batch.x), self.latent), batch.c)

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Generated samples."""
        return torch.as_tensor(self.generator(z, c))

    def judge(self, x: Tensor, c: Tensor | None = None) -> Tensor | None:
        """The discriminator's scores, which do not depend on the class."""
        return torch.as_tensor(self.discriminator(x))


def recipe(
    data: Images = Images(),
    *,
    width: int = 64,
    dropout: float = 0.5,
    latent: int = 100,
    lr: float = 2e-4,
    half_life: float = 10_000.0,
    steps: int = 20_000,
    batch: int = 100,
    seed: int = 0,
) -> Run:
    """An ACGAN.

    Args:
        data: the images, with classes.
        width: channels of the layer next to the image, in both networks.
        dropout: the probability, in every but the first layer of the discriminator.
        latent: the size of z.
        lr: Adam's learning rate.
        half_life: of the averaged weights, in images.
        steps: the length of the run.
        batch: images in a step.
        seed: names every random choice.

    Raises:
        ValueError: the data has no classes.
    """
    noise.at(seed, "weights")
    samples = data.open(batch=batch, seed=seed)
    shape, classes = samples.space.shape, samples.require_classes()

    def norm(channels: int) -> nn.Module:
        return nn.Sequential(nn.BatchNorm2d(channels), Dropout(dropout))

    generator = DCGANGenerator(latent, shape, width, classes)
    game = AuxiliaryClassifier(generator, DCGANDiscriminator(shape, width, norm=norm), classes)
    mine = [*game.discriminator.parameters(), *game.classifier.parameters()]
    optimizers = {
        "discriminator": adam(mine, lr, (0.5, 0.999)),
        "generator": adam(game.generator, lr, (0.5, 0.999)),
    }
    return Run(game, samples, optimizers, steps=steps, seed=seed, half_life=half_life)


small = dict(width=4, latent=8, steps=4, batch=8)
